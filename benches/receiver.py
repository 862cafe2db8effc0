"""A receiver of webhooks: writes a line about each request to a file. `python receiver.py PORT FILE`.

A line is JSON: the time of the machine's monotonic clock in seconds, path, `webhook-id`, event, entity, its sequence
among that entity's events. Answers 204 at once; paths with `slow` after a tenth of a second, paths with `silent`
never, paths with `mute` not while a file beside FILE with the ending `.mute` exists.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import uvloop

_GOOD = b"HTTP/1.1 204 No Content\r\n\r\n"
_HEAD_END = b"\r\n\r\n"
_SLOW_SECONDS = 0.1


class Receiver(asyncio.Protocol):
    """Reads requests with a Content-Length, one after the other."""

    def __init__(self, out, mute):
        self._out, self._mute, self._received = out, mute, b""

    def connection_made(self, transport):
        """Keep the connection."""
        self._transport = transport

    def data_received(self, data):
        """Note each complete request, and answer it."""
        self._received += data
        while _HEAD_END in self._received:
            head, _, rest = self._received.partition(_HEAD_END)
            headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            length = int(headers.get(b"content-length", 0))
            if len(rest) < length:
                return
            self._received = rest[length:]
            self._take(head.split(b" ", 2)[1].decode(), headers, rest[:length])

    def _take(self, path, headers, body):
        now, event = time.monotonic(), json.loads(body)
        message = headers.get(b"webhook-id", b"").decode()
        line = [now, path, message, event["id"], event["entityId"], event["entitySequence"]]
        self._out.write(json.dumps(line) + "\n")
        if "silent" in path or ("mute" in path and self._mute.exists()):
            return
        if "slow" in path:
            asyncio.get_running_loop().call_later(_SLOW_SECONDS, self._transport.write, _GOOD)
        else:
            self._transport.write(_GOOD)


async def _serve(port, file):
    mute = file.with_suffix(".mute")
    with file.open("a", buffering=1) as out:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Receiver(out, mute), "127.0.0.1", port, backlog=1000)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
