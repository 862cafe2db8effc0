"""SQLite without SQLAlchemy: one connection in one thread, one hop for a transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from models.database import Database
from models.reach import committing

T = TypeVar("T")
Use = Callable[[sqlite3.Connection], T]


class SqliteWriter:
    """Writes transactions in turn with the other writers of the process."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._connection: sqlite3.Connection | None = None

    async def write(self, use: Use[T]) -> T:
        """The result of `use` in a transaction: durable when this returns, rolled back when it raises."""
        async with self._database.turn():
            with self._database.reaching():
                return await self._run(lambda: self._in_transaction(use))

    async def read(self, use: Use[T]) -> T:
        """The result of `use`, without delaying writers."""
        with self._database.reaching():
            return await self._run(lambda: use(self._opened()))

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await self._run(self._close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        # Shielded: a cancelled caller must not end its turn while the thread still writes.
        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    def _in_transaction(self, use: Use[T]) -> T:
        connection = self._opened()
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = use(connection)
            with committing():
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk or a failed fsync may have ended the transaction already
                connection.execute("ROLLBACK")
            raise
        return result

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._database.connect_sqlite()
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
