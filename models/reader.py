"""One SELECT on the driver itself: a round trip on PostgreSQL, a hop to a thread on SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Protocol

Records = Sequence[Sequence[Any]]


class Reader(Protocol):
    """Reads committed rows."""

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        """All records of a SELECT. Raises Unavailable."""

    async def close(self) -> None:
        """Close connections of the reader's own."""


class PostgresqlReader:
    """Borrows connections of SQLAlchemy's pool."""

    def __init__(self, driver: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        self._driver = driver

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        async with self._driver() as driver:
            records: Records = await driver.fetch(sql, *parameters)
        return records

    async def close(self) -> None:
        """Nothing to close: SQLAlchemy closes its pool."""


class SqliteReader:
    """One connection in one thread, so that no read waits for a writer's disk."""

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], reaching: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """`reaching` surrounds each use of the connection (`Database.reaching`)."""
        self._connect, self._reaching = connect, reaching
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")
        self._connection: sqlite3.Connection | None = None

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._fetch, sql, parameters)

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        with self._reaching():
            if self._connection is None:
                self._connection = self._connect()
            return self._connection.execute(sql, parameters).fetchall()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
