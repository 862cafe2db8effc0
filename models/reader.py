"""One SELECT on the driver itself: a round trip on PostgreSQL, a hop to a thread on SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from models.errors import Unavailable

Records = Sequence[Sequence[Any]]
_AWAY = "The database cannot be reached now; try again."
_POSTGRESQL_IS_AWAY = (
    *(OSError, SQLAlchemyError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError),
    *(asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError),
)


class Reader(Protocol):
    """Reads what is committed."""

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        """All records of a SELECT. Raises Unavailable."""

    async def close(self) -> None:
        """Let go of what it holds."""


class PostgresqlReader:
    """Borrows the engine's connections."""

    def __init__(self, driver: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        self._driver = driver

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        """See `Reader.fetch`."""
        try:
            async with self._driver() as driver:
                records: Records = await driver.fetch(sql, *parameters)
        except _POSTGRESQL_IS_AWAY as cause:
            raise Unavailable(_AWAY) from cause
        return records

    async def close(self) -> None:
        """The pool is the engine's to close."""


class SqliteReader:
    """One connection in one thread, so that no read waits for a writer's disk."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")
        self._connection: sqlite3.Connection | None = None

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        """See `Reader.fetch`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._fetch, sql, parameters)

    async def close(self) -> None:
        """Let go of the connection and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        try:
            if self._connection is None:
                self._connection = self._connect()
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.OperationalError as cause:
            raise Unavailable(_AWAY) from cause

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
