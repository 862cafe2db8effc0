"""A TCP proxy in front of PostgreSQL, which can refuse, stop answering, or cut connections."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import URL

_PIECE = 65_536
_PATIENCE_SECONDS = 60.0
_RESET = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Line:
    """One connection of a client's, and the database's end of it once there is one."""

    client: asyncio.StreamWriter
    database: asyncio.StreamWriter | None = None
    dead: bool = False
    cut_at: bytes | None = None
    cut: bool = False


class DatabaseProxy:
    """Listens on loopback for as long as the block lasts; `url` leads through it to the same database."""

    def __init__(self, url: URL) -> None:
        self._target = url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        # Keeps the port while nobody listens, so that nobody else gets it.
        self._place = _bound(0)
        self._port = self._place.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self._silent = False
        self._marker: bytes | None = None
        self._cut_at = b""

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *error: object) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()
        self._place.close()

    @property
    def url(self) -> str:
        """Of the database, by way of this."""
        plain = URL.create("postgresql", self._target.username, None, "127.0.0.1", self._port, self._target.database)
        return plain.render_as_string(hide_password=False)

    def silence(self) -> None:
        """From now on accept and carry nothing. The connections of before carry nothing ever again."""
        self._run(self._silence())

    def refuse(self) -> None:
        """From now on nobody listens, and every connection is reset."""
        self._run(self._close())

    def reset(self) -> None:
        """Reset every connection; new ones are carried."""
        self._run(self._reset_all())

    def answer(self) -> None:
        """Carry what is connected from now on."""
        self._run(self._open())

    def cut_at(self, statement: bytes, *, after: bytes) -> None:
        """Once: on the connection that carries `after`, reset in place of the answer to the next such statement."""
        self._marker, self._cut_at = after, statement

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    async def _open(self) -> None:
        self._silent = False
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, sock=_bound(self._port))

    async def _silence(self) -> None:
        self._silent = True
        for line in self._lines:
            line.dead = True

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset_all()

    async def _reset_all(self) -> None:
        for line in list(self._lines):
            _reset(line)
        await asyncio.sleep(0)

    async def _end(self) -> None:
        await self._close()
        carrying = asyncio.all_tasks() - {asyncio.current_task()}
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = _Line(client=writer, dead=self._silent)
        self._lines.add(line)
        try:
            if line.dead:
                await self._swallow(reader)
                return
            there, line.database = await self._connect()
            await asyncio.gather(self._ask(line, reader), self._answer(line, there))
        except (OSError, asyncio.CancelledError):
            pass  # the client left, this has reset it, or this ends
        finally:
            _reset(line)
            self._lines.discard(line)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        directory = self._target.query.get("host")
        if directory:
            return await asyncio.open_unix_connection(f"{directory}/.s.PGSQL.{self._target.port or 5432}")
        return await asyncio.open_connection(self._target.host, self._target.port or 5432)

    async def _swallow(self, reader: asyncio.StreamReader) -> None:
        while await reader.read(_PIECE):
            pass

    async def _ask(self, line: _Line, reader: asyncio.StreamReader) -> None:
        assert line.database is not None
        while piece := await reader.read(_PIECE):
            if line.dead:
                continue
            if self._marker is not None and self._marker in piece:
                self._marker, line.cut_at = None, self._cut_at
            line.cut = line.cut_at is not None and line.cut_at in piece
            line.database.write(piece)
        _reset(line)

    async def _answer(self, line: _Line, reader: asyncio.StreamReader) -> None:
        while piece := await reader.read(_PIECE):
            if line.cut:
                break
            if not line.dead:
                line.client.write(piece)
        _reset(line)


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made


def _reset(line: _Line) -> None:
    """RST to the client, as a machine that went away leaves it."""
    raw = line.client.get_extra_info("socket")
    if raw is not None and not line.client.transport.is_closing():
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    line.client.transport.abort()
    if line.database is not None:
        line.database.transport.abort()
