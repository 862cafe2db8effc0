"""Envelopes in the database, on the driver itself: read by the version of their key, replaced if unchanged."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from models.database import Database
from models.reach import reaching
from models.secret import BOUND, version_mark
from models.statement import spelled
from models.writer import SqliteWriter
from resolvers.rotation.columns import SecretColumn

BATCH: Final = 500
_MOST_BYTES: Final = 4 * 1024 * 1024  # of envelopes in memory: a stored response may be large
_BEYOND: Final = b"\xff" * 5  # sorts after the mark of every version
_VERSION: Final = 'coalesce(substr("{column}", 2, 4), "{column}")'  # SQLite: an empty value's is NULL
_FORMAT: Final = 'substr("{column}", 1, 1)'
_SECONDS: Final = 600.0  # for a statement that reads a table of any size
_COUNT: Final = 'SELECT {mark}, count(*) FROM "{table}" WHERE "{column}" IS NOT NULL GROUP BY 1'
_SIZES: Final = (
    'SELECT "{key}", length("{column}") FROM "{table}"'
    ' WHERE "{key}" > ? AND {mark} < ? ORDER BY "{key}" LIMIT {batch}'
)
_ENVELOPES: Final = (
    'SELECT "{key}", organization_id, "{column}", {origins} FROM "{table}"'
    ' WHERE "{key}" > ? AND "{key}" <= ? AND {mark} < ? ORDER BY "{key}"'
)
_REPLACE_SQLITE: Final = 'UPDATE "{table}" SET "{column}" = ? WHERE "{key}" = ? AND "{column}" = ?'
# A row that another transaction is changing is left to the next sweep: without waiting there is no deadlock.
_REPLACE_POSTGRESQL: Final = """
WITH given AS (SELECT * FROM unnest($1::char(24)[], $2::bytea[], $3::bytea[]) AS given (id, old, new)),
 free AS (SELECT given.id, given.new FROM "{table}" t JOIN given ON t."{key}" = given.id AND t."{column}" = given.old
  FOR NO KEY UPDATE OF t SKIP LOCKED)
UPDATE "{table}" t SET "{column}" = free.new FROM free WHERE t."{key}" = free.id RETURNING 1"""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """The envelope of one row, as it was read."""

    row_id: str
    organization_id: str
    sealed: bytes
    origins: str | None = None


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """The old and the new envelope of one row."""

    row_id: str
    old: bytes
    new: bytes


class Driver(Protocol):
    """One of the two databases."""

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """Fetch all records of a SELECT, even if it takes minutes."""

    async def replace(self, column: SecretColumn, batch: Sequence[Replacement]) -> int:
        """Replace durably, only rows that still have the old envelope. Answers how many were replaced."""


class SecretRows:
    """Access to envelopes. A version is that of the key which sealed them."""

    def __init__(self, driver: Driver, *, sqlite: bool) -> None:
        self._driver = driver
        self._sqlite = sqlite

    async def count(self, column: SecretColumn) -> Mapping[int, int]:
        """The number of envelopes by version. Values that are no envelope count as version 0."""
        counts: dict[int, int] = {}
        for mark, count in await self._driver.fetch(self._spelled(_COUNT, column, _VERSION), []):
            version = int.from_bytes(mark, "big")
            counts[version] = counts.get(version, 0) + count
        return counts

    async def walk(self, column: SecretColumn, *, below: int | None) -> AsyncIterator[Sequence[Envelope]]:
        """Read the envelopes of versions below this one, or of all, by row, in batches that fit into memory."""
        mark = _BEYOND if below is None else version_mark(below)
        async for batch in self._walk(column, _VERSION, mark):
            yield batch

    async def walk_unbound(self, column: SecretColumn) -> AsyncIterator[Sequence[Envelope]]:
        """Read the envelopes that do not authenticate their origins yet, as `walk` does."""
        async for batch in self._walk(column, _FORMAT, BOUND):
            yield batch

    async def _walk(self, column: SecretColumn, mark: str, below: bytes) -> AsyncIterator[Sequence[Envelope]]:
        after, sizes_of, envelopes_of = "", *(self._spelled(sql, column, mark) for sql in (_SIZES, _ENVELOPES))
        while sizes := await self._driver.fetch(sizes_of, [after, below]):
            last = _fitting(sizes)
            yield [_envelope(row) for row in await self._driver.fetch(envelopes_of, [after, last, below])]
            after = last

    async def replace(self, column: SecretColumn, batch: Sequence[Replacement]) -> int:
        """Replace durably, only rows that still have the old envelope. Answers how many were replaced."""
        return await self._driver.replace(column, batch) if batch else 0

    def _spelled(self, sql: str, column: SecretColumn, mark: str) -> str:
        return spelled(_of(sql, column, mark), sqlite=self._sqlite)


@asynccontextmanager
async def secret_rows(database: Database) -> AsyncIterator[SecretRows]:
    """Open separate connections to the database, closed afterwards. Raises Unavailable."""
    if database.is_sqlite:
        writer = SqliteWriter(database, "rotation")
        try:
            yield SecretRows(_Sqlite(writer), sqlite=True)
        finally:
            await writer.close()
        return
    with reaching():
        connection = await database.connect_alone(seconds=_SECONDS)
    try:
        yield SecretRows(_Postgresql(connection), sqlite=False)
    finally:
        await connection.close()


class _Sqlite:
    def __init__(self, writer: SqliteWriter) -> None:
        self._writer = writer

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        return await self._writer.read(lambda connection: connection.execute(sql, parameters).fetchall())

    async def replace(self, column: SecretColumn, batch: Sequence[Replacement]) -> int:
        sql, rows = _of(_REPLACE_SQLITE, column), [(one.new, one.row_id, one.old) for one in batch]
        return await self._writer.write(lambda connection: _executed(connection, sql, rows))


class _Postgresql:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        with reaching():
            found: Sequence[Sequence[Any]] = await self._connection.fetch(sql, *parameters)
        return found

    async def replace(self, column: SecretColumn, batch: Sequence[Replacement]) -> int:
        lists = [one.row_id for one in batch], [one.old for one in batch], [one.new for one in batch]
        return len(await self.fetch(_of(_REPLACE_POSTGRESQL, column), lists))


def _envelope(row: Sequence[Any]) -> Envelope:
    return Envelope(row_id=row[0], organization_id=row[1], sealed=bytes(row[2]), origins=row[3])


def _executed(connection: sqlite3.Connection, sql: str, rows: Sequence[tuple[bytes, str, bytes]]) -> int:
    return connection.executemany(sql, rows).rowcount


def _of(sql: str, column: SecretColumn, mark: str = "") -> str:
    return sql.format(
        table=column.table,
        key=column.key,
        column=column.column,
        origins="NULL" if column.origins is None else f'"{column.origins}"',
        mark=mark.format(column=column.column),
        batch=BATCH,
    )


def _fitting(sizes: Sequence[Sequence[Any]]) -> str:
    """The key of the last row that fits into memory; at least the first row."""
    room = _MOST_BYTES - sizes[0][1]
    last: str = sizes[0][0]
    for key, size in sizes[1:]:
        room -= size
        if room < 0:
            break
        last = key
    return last
