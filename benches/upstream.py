"""The remote service: answers every request at once with the same JSON, at little cost."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from case import ANSWER, SECRET

_HEAD_END = b"\r\n\r\n"
_GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER
_BAD = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
_CREDENTIAL = f"bearer {SECRET}".lower().encode()


class Remote(asyncio.Protocol):
    """Reads requests with a Content-Length, one after the other, and checks the credential."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        """Answer each complete request."""
        self._received += data
        while _HEAD_END in self._received:
            head, _, rest = self._received.partition(_HEAD_END)
            length = _length(head.lower())
            if len(rest) < length:
                return
            self._received = rest[length:]
            self._transport.write(_GOOD if _CREDENTIAL in head.lower() else _BAD)


def _length(head: bytes) -> int:
    _, _, rest = head.partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0] or 0)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Remote, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
