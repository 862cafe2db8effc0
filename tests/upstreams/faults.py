"""A server that misbehaves on demand, over a raw socket; it counts connections and keeps the requests."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qs, urlsplit

from tests.upstreams.canned import CANNED, OK, reply

_LINGER_RESET = struct.pack("ii", 1, 0)
_LONGEST_HEAD = 256 * 1024


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    method: str
    target: str
    raw: bytes

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    def header(self, name: str) -> list[str]:
        """All values of a header."""
        lines = self.raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        pairs = [line.partition(": ") for line in lines]
        return [value for key, _, value in pairs if key.lower() == name.lower()]

    def number(self, name: str, otherwise: int = 0) -> int:
        """A number from the query."""
        return int(parse_qs(urlsplit(self.target).query).get(name, [otherwise])[0])

    def text(self, name: str, otherwise: str = "") -> str:
        """Text from the query."""
        return parse_qs(urlsplit(self.target).query).get(name, [otherwise])[0]


class FaultServer:
    """Runs in a thread of its own. A context manager.

    `/echo` answers with the raw request, `/ok` with JSON, `/held` as `/ok` once `let_go` is set; see `CANNED` and
    `_FAULTS` for the rest. `answers` adds raw answers by path. `connections` counts accepted connections: a canary
    that must stay at 0. `drops_second`: each connection answers one request, and is closed as the next one comes
    over it, which is kept in `dropped`. `ignores_bodies`: each request ends with its head, whatever its length says.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.host, self.port = host, port
        self.connections = 0
        self.requests: list[Received] = []
        self.answers: dict[str, bytes] = {}
        self.seen: Counter[str] = Counter()
        self.let_go = threading.Event()
        self.drops_second = False
        self.ignores_bodies = False
        self.dropped: list[Received] = []
        self._tls = tls
        self._handlers: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._arrival = threading.Condition()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="faults", daemon=True)

    def __enter__(self) -> FaultServer:
        self._thread.start()
        assert self._ready.wait(10), "the fault server did not start"
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    @property
    def arrivals(self) -> tuple[int, int]:
        """How many connections and requests have come in so far."""
        return self.connections, len(self.requests)

    async def received(self, count: int) -> None:
        """Wait until so many requests have come in, at most a minute."""
        assert await asyncio.to_thread(self._wait, count), f"{len(self.requests)} requests instead of {count}"

    def _wait(self, count: int) -> bool:
        with self._arrival:
            return self._arrival.wait_for(lambda: len(self.requests) >= count, timeout=60)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accepted, self.host, self.port, ssl=self._tls, limit=_LONGEST_HEAD)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        for listening in server.sockets:
            self._loop.remove_reader(listening.fileno())
        arriving = asyncio.all_tasks() - {asyncio.current_task(), *self._handlers}
        if arriving:  # just accepted: a server that closes now would leak their sockets
            await asyncio.wait(arriving, timeout=1)
        server.close()
        for task in self._handlers:
            task.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        handler = self._loop.create_task(self._handle(reader, writer))
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer_one(reader, writer):
                if self.drops_second:
                    self.dropped.append(await _read(reader))
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass  # the caller left, which is what many tests want
        finally:
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        received = await _read(reader, ignores_body=self.ignores_bodies)
        with self._arrival:
            self.requests.append(received)
            self._arrival.notify_all()
        path = urlsplit(received.target).path
        self.seen[received.target] += 1
        canned = self.answers.get(path, CANNED.get(path))
        if canned is not None:
            writer.write(canned)
            await writer.drain()
            return self.drops_second
        return await _FAULTS.get(path, _echo)(self, received, writer)


Fault = Callable[[FaultServer, Received, asyncio.StreamWriter], Awaitable[bool]]


async def _read(reader: asyncio.StreamReader, *, ignores_body: bool = False) -> Received:
    head = await reader.readuntil(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    lines = head.decode("latin-1").lower().split("\r\n")
    length = (
        0
        if ignores_body
        else next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")), 0)
    )
    return Received(method, target, head + await reader.readexactly(length))


async def _echo(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    writer.write(reply(received.raw, "application/octet-stream"))
    await writer.drain()
    return True


async def _ok(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    writer.write(OK)
    return True


async def _held(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    await asyncio.to_thread(server.let_go.wait, 60)
    return await _ok(server, received, writer)


async def _silent(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    await asyncio.sleep(3600)
    return False


async def _slow_headers(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    return await _trickle(writer, b"a")


async def _drip(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    return await _trickle(writer, b"1\r\na\r\n")


async def _trickle(writer: asyncio.StreamWriter, piece: bytes) -> bool:
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.02)


async def _big(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    """`bytes` of zeros; `length=1` announces them."""
    left = received.number("bytes", 200_000_000)
    announced = f"Content-Length: {left}\r\n" if received.number("length") else ""
    writer.write(f"HTTP/1.1 200 OK\r\nConnection: close\r\n{announced}\r\n".encode())
    block = bytes(65536)
    while left > 0:
        writer.write(block[:left])
        await writer.drain()
        left -= len(block)
    return False


async def _bomb(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    """50 MB of zeros in 50 kB of gzip."""
    writer.write(reply(_bomb_bytes(), "application/json", "200 OK", "Content-Encoding: gzip"))
    await writer.drain()
    return True


@cache
def _bomb_bytes() -> bytes:
    return gzip.compress(bytes(50_000_000))


async def _reset(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    transport = writer.transport
    raw = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)
    transport.abort()
    return False


async def _flaky(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    """The first `times` calls of the same target fail with `status` and `retry_after`, or `how=reset`."""
    if server.seen[received.target] > received.number("times", 1):
        return await _ok(server, received, writer)
    if received.text("how") == "reset":
        return await _reset(server, received, writer)
    after = received.text("retry_after")
    extra = (f"Retry-After: {after}",) if after else ()
    writer.write(reply(b"{}", "application/json", f"{received.number('status', 503)} Not now", *extra))
    await writer.drain()
    return True


async def _deep(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    levels = received.number("levels", 100_000)
    writer.write(reply(b"[" * levels + b"]" * levels))
    await writer.drain()
    return True


async def _redirect(server: FaultServer, received: Received, writer: asyncio.StreamWriter) -> bool:
    to = received.text("to", "http://169.254.169.254/latest/meta-data/")
    writer.write(reply(b"", "text/plain", "302 Found", f"Location: {to}"))
    await writer.drain()
    return True


_FAULTS: dict[str, Fault] = {
    "/big": _big,
    "/bomb": _bomb,
    "/deep": _deep,
    "/drip": _drip,
    "/echo": _echo,
    "/flaky": _flaky,
    "/held": _held,
    "/ok": _ok,
    "/redirect": _redirect,
    "/reset": _reset,
    "/silent": _silent,
    "/slow-headers": _slow_headers,
}


def _main() -> None:
    """Serve until standard input ends; for measurements that want the server in another process."""
    import sys

    with FaultServer() as server:
        print(server.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _main()
