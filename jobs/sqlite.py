"""The job engine on SQLite: one connection in one thread, and another one for the heartbeat."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from jobs import statements
from jobs.job import Claimed, Due, Ended, JobCancelled, Lease, LeaseLost
from models.database import Database
from models.statement import spelled
from models.vocabulary import WorkState
from models.writer import SqliteWriter

_PEEK: Final = spelled(statements.PEEK, sqlite=True)
_CLAIM: Final = spelled(statements.CLAIM_SQLITE, sqlite=True)
_END: Final = spelled(statements.END_SQLITE, sqlite=True)
_BEAT: Final = spelled(statements.BEAT_SQLITE, sqlite=True)
_REPORT: Final = spelled(statements.REPORT, sqlite=True)
_REAP: Final = spelled(statements.REAP, sqlite=True)
_NEXT_DUE: Final = spelled(statements.NEXT_DUE, sqlite=True)
_EXPIRED: Final = spelled(statements.ANY_EXPIRED, sqlite=True)


class SqliteDriver:
    """Claims and records through one writing thread, one short transaction after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = SqliteWriter(database, "jobs")

    async def claim(
        self, owner: str, queue: str, operations: Sequence[str], limit: int, lease_ms: int
    ) -> Sequence[Claimed]:
        free = (queue, orjson.dumps(list(operations)).decode())
        # Read first: most wake-ups are about other rows, and writers wait for each other.
        if await self._writer.read(lambda connection: connection.execute(_PEEK, free).fetchone()) is None:
            return ()
        taken = (owner, lease_ms, *free, limit)
        rows = await self._writer.write(lambda connection: connection.execute(_CLAIM, taken).fetchall())
        return sorted((statements.claimed(row, owner) for row in rows), key=statements.urgency)

    async def end(self, owner: str, batch: Sequence[Ended]) -> frozenset[str]:
        def write(connection: sqlite3.Connection) -> frozenset[str]:
            return frozenset(ended.lease.job_id for ended in batch if _end(connection, owner, ended))

        return await self._writer.write(write)

    async def report(self, lease: Lease, progress: float | None, tasks: str | None) -> None:
        mine = (lease.job_id, lease.attempt, lease.owner)

        def write(connection: sqlite3.Connection) -> None:
            if connection.execute(_REPORT, (progress, tasks, *mine)).fetchone() is None:
                held = connection.execute(statements.HELD, mine).fetchone()
                raise LeaseLost if held is None else JobCancelled

        await self._writer.write(write)

    async def reap(self) -> int:
        if await self._writer.read(lambda connection: connection.execute(_EXPIRED).fetchone()) is None:
            return 0
        return len(await self._writer.write(lambda connection: connection.execute(_REAP).fetchall()))

    async def next_due(self, queue: str, operations: Sequence[str], after: int) -> Due:
        values = (queue, orjson.dumps(list(operations)).decode(), after)
        return Due(*await self._writer.read(lambda connection: connection.execute(_NEXT_DUE, values).fetchone()))

    def heart(self) -> SqliteHeart:
        return SqliteHeart(self._database)

    async def close(self) -> None:
        await self._writer.close()


class SqliteHeart:
    """Extends leases over its own connection, which waits for other writers like another process."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connect_sqlite()

    def beat(self, owner: str, attempts: Mapping[str, int], lease_ms: int) -> Mapping[str, WorkState]:
        connection, held = self._connection, {}
        connection.execute("BEGIN IMMEDIATE")
        try:
            for job_id, attempt in attempts.items():
                row = connection.execute(_BEAT, (lease_ms, job_id, attempt, owner)).fetchone()
                if row is not None:
                    held[row[0]] = WorkState(row[1])
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return held

    def close(self) -> None:
        self._connection.close()


def _end(connection: sqlite3.Connection, owner: str, ended: Ended) -> bool:
    lease = ended.lease
    if ended.drop and connection.execute(statements.DROP_SQLITE, (lease.job_id, lease.attempt, owner)).rowcount:
        return True
    how = (ended.state.value, ended.error, ended.delay_ms, int(ended.refund))
    return connection.execute(_END, (lease.job_id, lease.attempt, *how, owner)).rowcount > 0
