"""The plain service's tables and statements, directly on aiosqlite or asyncpg. Each statement commits."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiosqlite
import asyncpg

_TABLES = (
    "CREATE TABLE token (text TEXT PRIMARY KEY, organization_id TEXT, permissions TEXT, revoked_at BIGINT)",
    "CREATE TABLE credential (id TEXT PRIMARY KEY, organization_id TEXT, handler TEXT, base_url TEXT, secret TEXT)",
    "CREATE INDEX credential_handler ON credential (organization_id, handler)",
    """CREATE TABLE dispatch (id TEXT PRIMARY KEY, created_at BIGINT, organization_id TEXT, handler TEXT, action TEXT,
     credential_id TEXT, method TEXT, url TEXT, outcome TEXT, external_status INTEGER, finished_at BIGINT)""",
    "CREATE INDEX dispatch_organization ON dispatch (organization_id, id)",
)
_POOL = 10


class SqliteStore:
    """One connection in a thread, as durable as the hub's: WAL, synchronous=FULL."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def one(self, sql: str, *values: Any) -> Any:
        """The first row or None, in one hop to the thread."""
        return next(iter(await self._connection.execute_fetchall(sql, values)), None)

    async def write(self, sql: str, *values: Any) -> None:
        """One statement, durable when it returns."""
        await self._connection.execute(sql, values)


class PostgresqlStore:
    """A pool of as many connections as the hub's."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def one(self, sql: str, *values: Any) -> Any:
        """The first row or None."""
        return await self._pool.fetchrow(_numbered(sql), *values)

    async def write(self, sql: str, *values: Any) -> None:
        """One statement, durable when it returns."""
        await self._pool.execute(_numbered(sql), *values)


@asynccontextmanager
async def open_store(database: str) -> AsyncIterator[SqliteStore | PostgresqlStore]:
    """A store with its tables made."""
    if database.startswith("sqlite:///"):
        async with aiosqlite.connect(database.removeprefix("sqlite:///"), isolation_level=None) as connection:
            await connection.execute("PRAGMA journal_mode=WAL")
            await connection.execute("PRAGMA synchronous=FULL")
            yield await _with_tables(SqliteStore(connection))
    else:
        async with asyncpg.create_pool(database, min_size=_POOL, max_size=_POOL) as pool:
            yield await _with_tables(PostgresqlStore(pool))


async def _with_tables(store: Any) -> Any:
    for statement in _TABLES:
        await store.write(statement)
    return store


_known: dict[str, str] = {}


def _numbered(sql: str) -> str:
    if sql not in _known:
        numbers = itertools.count(1)
        _known[sql] = re.sub(r"\?", lambda _: f"${next(numbers)}", sql)
    return _known[sql]
