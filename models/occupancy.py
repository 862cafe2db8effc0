"""Whether this process is the only one of the hub on its database, held for as long as it lives."""

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

_LOCK: Final = 0x70617463_68626F78  # beside the lock of migrations
_LOOK_SECONDS: Final = 5.0
_LEAVE_SECONDS: Final = 1.0


@asynccontextmanager
async def occupied(database: Database, *, look_seconds: float = _LOOK_SECONDS) -> AsyncIterator[bool]:
    """Be counted as a process that dispatches. Yields True when no other one was counted at that moment.

    A dead process counts no more: the system ends a file's lock and PostgreSQL a session's with it. On PostgreSQL it
    is looked every `look_seconds` whether the session is still there.
    """
    holding = _occupied_file(database) if database.is_sqlite else _occupied_session(database, look_seconds)
    async with holding as alone:
        yield alone


@asynccontextmanager
async def _occupied_file(database: Database) -> AsyncIterator[bool]:
    # Opened once, at the start: nothing else runs yet that it could hold up.
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
    """A session beside the pool that counts for as long as it lasts, and is taken again when it was lost."""

    def __init__(self, database: Database, look_seconds: float) -> None:
        self._database = database
        self._look_seconds = look_seconds
        self._session: Any = None

    async def take(self) -> bool:
        """Whether no other was taken at that moment."""
        session = self._session = await self._database.connect_alone(seconds=self._database.pace.database_connection)
        alone: bool = await session.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK)
        await session.execute("SELECT pg_advisory_lock_shared($1)", _LOCK)
        if alone:
            await session.execute("SELECT pg_advisory_unlock($1)", _LOCK)
        return alone

    async def keep(self) -> None:
        """Until cancelled: who starts after the database was away must not take itself for alone."""
        while True:
            await asyncio.sleep(self._look_seconds)
            try:
                await self._look()
            except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
                self._session.terminate()

    async def leave(self) -> None:
        """Count no more."""
        with suppress(OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
            await self._session.close(timeout=_LEAVE_SECONDS)

    async def _look(self) -> None:
        if self._session.is_closed():
            await self.take()
        else:
            await self._session.execute("SELECT 1")
