"""A server in the test's own loop whose behaviour the test writes down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Scripted:
    """`connections`: how many were accepted; `open`: how many of them are."""

    def __init__(self, talk: Talk) -> None:
        self.connections = self.open = 0
        self.url = ""
        self._talk = talk
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: the test's behaviour, then wait until the other side closes."""
        self._tasks.add(asyncio.current_task())
        self.connections += 1
        self.open += 1
        try:
            await self._talk(reader, writer)
            while await reader.read(65536):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side left, or the test is over
        finally:
            self.open -= 1
            writer.transport.abort()

    async def is_left(self) -> bool:
        """Whether the other side has closed every connection."""
        return self.open == 0

    async def stop(self) -> None:
        """End the connections that are left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)


@asynccontextmanager
async def scripted(talk: Talk, host: str = "127.0.0.1") -> AsyncIterator[Scripted]:
    """A server that does `talk` on each connection, and keeps it open until the other side closes it."""
    running = Scripted(talk)
    server = await asyncio.start_server(running.accept, host, 0)
    running.url = f"http://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield running
    finally:
        server.close()
        await running.stop()


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """The head of a request, and nothing of its body."""
    return await reader.readuntil(b"\r\n\r\n")
