"""Occupancy: whether this process of the hub is the only one on its database."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import asyncpg

from models.database import Database
from models.reach import reaching

_LOCK: Final = 0x70617463_68626F78  # differs from the lock of migrations
_LOOK_SECONDS: Final = 5.0
_LEAVE_SECONDS: Final = 1.0


@asynccontextmanager
async def occupied(database: Database, *, look_seconds: float = _LOOK_SECONDS) -> AsyncIterator[bool]:
    """Count this process as one that dispatches. Yields True if no other one is counted at that moment.

    A dead process is not counted: the system releases its file lock, PostgreSQL its session's lock. On PostgreSQL
    the session is checked every `look_seconds`.
    """
    holding = _occupied_file(database) if database.is_sqlite else _occupied_session(database, look_seconds)
    async with holding as alone:
        yield alone


@asynccontextmanager
async def _occupied_file(database: Database) -> AsyncIterator[bool]:
    # Blocks the event loop, which is harmless: nothing else runs yet at the start.
    with Path(f"{database.url.database}.lock").open("ab") as file:  # noqa: ASYNC230
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except BlockingIOError:
            alone = False
        fcntl.flock(file, fcntl.LOCK_SH)
        yield alone


@asynccontextmanager
async def _occupied_session(database: Database, look_seconds: float) -> AsyncIterator[bool]:
    seat = _Seat(database, look_seconds)
    with reaching():
        alone = await seat.take()
    keeping = asyncio.create_task(seat.keep())
    try:
        yield alone
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        await seat.leave()


class _Seat:
    """A session outside of the pool that holds the lock. A lost session is replaced."""

    def __init__(self, database: Database, look_seconds: float) -> None:
        self._database = database
        self._look_seconds = look_seconds
        self._session: Any = None

    async def take(self) -> bool:
        """Take the lock. Answers whether no other process had it at that moment."""
        session = self._session = await self._database.connect_alone(seconds=self._database.pace.database_connection)
        alone: bool = await session.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK)
        await session.execute("SELECT pg_advisory_lock_shared($1)", _LOCK)
        if alone:
            await session.execute("SELECT pg_advisory_unlock($1)", _LOCK)
        return alone

    async def keep(self) -> None:
        """Keep the lock until cancelled, also after an outage: a process that starts then is not alone."""
        while True:
            await asyncio.sleep(self._look_seconds)
            try:
                await self._look()
            except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
                self._session.terminate()

    async def leave(self) -> None:
        """Close the session, which releases the lock."""
        with suppress(OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
            await self._session.close(timeout=_LEAVE_SECONDS)

    async def _look(self) -> None:
        if self._session.is_closed():
            await self.take()
        else:
            await self._session.execute("SELECT 1")
