"""Whether this process is the only one of the hub on its database, held for as long as it lives."""

from __future__ import annotations

import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from models.database import Database

_LOCK: Final = 0x70617463_68626F78  # beside the lock of migrations


@asynccontextmanager
async def occupied(database: Database) -> AsyncIterator[bool]:
    """Be counted as a process that dispatches. Yields True when no other one was counted at that moment.

    A dead process counts no more: the system ends a file's lock and PostgreSQL a session's with it.
    """
    holding = _occupied_file(database) if database.is_sqlite else _occupied_session(database)
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
async def _occupied_session(database: Database) -> AsyncIterator[bool]:
    async with database.driver() as driver:
        alone: Any = await driver.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK)
        await driver.execute("SELECT pg_advisory_lock_shared($1)", _LOCK)
        if alone:
            await driver.execute("SELECT pg_advisory_unlock($1)", _LOCK)
        try:
            yield bool(alone)
        finally:
            await driver.execute("SELECT pg_advisory_unlock_shared($1)", _LOCK)
