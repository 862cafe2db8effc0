"""A TCP proxy before a database, which can stop answering, refuse, or cut what it carries."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any, Self

from sqlalchemy import URL

from tests.harness.server import free_port

_PIECE = 65_536


class DatabaseProxy:
    """Listens on loopback for as long as the block lasts; `url` leads through it to the same database."""

    def __init__(self, url: URL) -> None:
        self._target = url
        self._port = free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._silent = False
        self._cut_before: bytes | None = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.connections = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *error: object) -> None:
        self._run(self._close())
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """Of the database, by way of this."""
        plain = URL.create("postgresql", self._target.username, None, "127.0.0.1", self._port, self._target.database)
        return plain.render_as_string(hide_password=False)

    def silence(self) -> None:
        """From now on accept and carry nothing, on old connections too."""
        self._silent = True

    def refuse(self) -> None:
        """From now on nobody listens, and every connection is reset."""
        self._run(self._close())

    def cut_before(self, piece: bytes) -> None:
        """Once, when a client sends something that holds this: pass it on, and reset before the answer comes."""
        self._cut_before = piece

    def answer(self) -> None:
        """Be as at the start. What was held back meanwhile is lost, and its connections reset."""
        self._silent = False
        self._run(self._close())
        self._run(self._open())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            _reset(writer)
        await asyncio.sleep(0)

    async def _end(self) -> None:
        carrying = asyncio.all_tasks() - {asyncio.current_task()}
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        if self._silent:
            return
        there, back = await self._connect()
        self._writers.add(back)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(
                self._pump(reader, back, writer, cuts=True), self._pump(there, writer, back, cuts=False)
            )

    async def _cut(self, client: asyncio.StreamWriter) -> None:
        self._cut_before, self._silent = None, True
        await asyncio.sleep(0.3)  # the database does it, and its answer finds nobody
        _reset(client)
        self._silent = False

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        directory = self._target.query.get("host")
        if directory:
            return await asyncio.open_unix_connection(f"{directory}/.s.PGSQL.{self._target.port or 5432}")
        return await asyncio.open_connection(self._target.host, self._target.port or 5432)

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, other: asyncio.StreamWriter, *, cuts: bool
    ) -> None:
        try:
            while piece := await source.read(_PIECE):
                if self._silent:
                    continue
                target.write(piece)
                if cuts and self._cut_before and self._cut_before in piece:
                    await self._cut(other)
        except OSError:
            pass
        finally:
            _reset(target)


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST, as a machine that went away leaves it."""
    sock = writer.get_extra_info("socket")
    transport: Any = writer.transport
    if sock is not None and not transport.is_closing() and sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
