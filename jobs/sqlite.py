"""The job engine on SQLite: one connection in one thread, and another one for the heartbeat."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from jobs import statements
from jobs.allotting import Allotment, Limits, Lot, Share, gates_of
from jobs.claiming import Survey
from jobs.effects import statements_of
from jobs.job import Claimed, Due, Ended, JobCancelled, Lease, LeaseLost
from jobs.lanes import OPEN_SQLITE, openings
from models.database import Database
from models.statement import spelled
from models.vocabulary import WorkState
from models.writer import SqliteWriter

_LOTS: Final = spelled(statements.LOTS_SQLITE, sqlite=True)
_GATES: Final = spelled(statements.GATES, sqlite=True)
_NOW: Final = spelled(statements.NOW, sqlite=True)
_CLAIM: Final = spelled(statements.CLAIM_SQLITE, sqlite=True)
_END: Final = spelled(statements.END_SQLITE, sqlite=True)
_BEAT: Final = spelled(statements.BEAT_SQLITE, sqlite=True)
_REPORT: Final = spelled(statements.REPORT, sqlite=True)
_REAP: Final = spelled(statements.REAP, sqlite=True)
_HEADS: Final = spelled(statements.HEADS_SQLITE, sqlite=True)
_NEXT_DUE: Final = spelled(statements.NEXT_DUE, sqlite=True)
_EXPIRED: Final = spelled(statements.EXPIRED, sqlite=True)


class SqliteDriver:
    """Claims and records through one writing thread, one short transaction after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = SqliteWriter(database, "jobs")
        self._survey = Survey()

    async def claim(
        self,
        owner: str,
        queue: str,
        operations: Sequence[str],
        limit: int,
        lease_ms: int,
        share: Share | None = None,
    ) -> Sequence[Claimed]:
        taking = _Taking(self._writer, queue, _json(operations), (owner, lease_ms), share)
        rows = await self._survey.claim(queue, taking, limit)
        return sorted((statements.claimed(row, owner) for row in rows), key=statements.urgency)

    async def end(self, owner: str, batch: Sequence[Ended]) -> frozenset[str]:
        def write(connection: sqlite3.Connection) -> frozenset[str]:
            held = frozenset(ended.lease.job_id for ended in batch if _end(connection, owner, ended))
            for statement, parameters in statements_of(batch, held, sqlite=True):
                connection.executemany(statement, parameters)
            connection.executemany(OPEN_SQLITE, openings(ended.lease.lane for ended in batch))
            return held

        return await self._writer.write(write)

    async def report(self, lease: Lease, progress: float | None, tasks: str | None) -> None:
        mine = (lease.job_id, lease.attempt, lease.owner)

        def write(connection: sqlite3.Connection) -> None:
            if connection.execute(_REPORT, (progress, tasks, *mine)).fetchone() is None:
                held = connection.execute(statements.HELD, mine).fetchone()
                raise LeaseLost if held is None else JobCancelled

        await self._writer.write(write)

    async def reap(self) -> int:
        def reap(connection: sqlite3.Connection) -> int:
            expired = connection.execute(_EXPIRED).fetchall()
            freed = connection.execute(_REAP, (_json([row[0] for row in expired]),)).fetchall()
            connection.executemany(OPEN_SQLITE, openings(row[1] for row in expired))
            return len(freed)

        if await self._writer.read(lambda connection: connection.execute(_EXPIRED).fetchone()) is None:
            return 0
        return await self._writer.write(reap)

    async def open_stranded(self, after: str) -> tuple[int, str]:
        values = (after, statements.LANES_AT_ONCE, statements.LANES_AT_ONCE)
        rows = await self._writer.read(lambda connection: connection.execute(_HEADS, values).fetchall())
        lanes, after = statements.stranded(rows)
        if lanes:
            opened = openings(lane for lane, _ in lanes)
            await self._writer.write(lambda connection: connection.executemany(OPEN_SQLITE, opened))
        return len(lanes), after

    async def next_due(self, queue: str, operations: Sequence[str], after: int) -> Due:
        values = (queue, _json(operations), after, queue, after)
        return Due(*await self._writer.read(lambda connection: connection.execute(_NEXT_DUE, values).fetchone()))

    def heart(self) -> SqliteHeart:
        return SqliteHeart(self._database)

    async def close(self) -> None:
        await self._writer.close()


class _Taking:
    """The statements of one claim. The writing transaction excludes every other writer."""

    def __init__(
        self, writer: SqliteWriter, queue: str, known: str, lease: tuple[str, int], share: Share | None
    ) -> None:
        self._writer, self._queue, self._known, self._lease, self._share = writer, queue, known, lease, share

    async def look(self) -> list[Lot]:
        waiting = (self._queue, self._known)
        return await self._writer.read(lambda connection: statements.lots(connection.execute(_LOTS, waiting * 2)))

    async def limits(self, gates: Sequence[str]) -> Limits:
        return await self._writer.read(lambda connection: self._limits(connection, gates))

    async def take(self, lots: Sequence[Lot], places: int) -> tuple[Sequence[Any], list[Lot]]:
        return await self._writer.write(lambda connection: self._take(connection, lots, places))

    def _limits(self, connection: sqlite3.Connection, gates: Sequence[str]) -> Limits:
        in_flight = connection.execute(statements.IN_FLIGHT, (self._queue,))
        rows = connection.execute(_GATES, (_json(gates),)) if gates else ()
        return statements.limits(in_flight, rows, connection.execute(_NOW).fetchone()[0], self._share)

    def _take(self, connection: sqlite3.Connection, lots: Sequence[Lot], places: int) -> tuple[list[Any], list[Lot]]:
        allotment, rows = Allotment(lots, self._limits(connection, gates_of(lots)), places), []
        while given := allotment.round():
            taken: Counter[str] = Counter()
            for lot, count in given.items():
                values = (*self._lease, self._queue, self._known, lot, lot, count)
                claimed = connection.execute(_CLAIM, values).fetchall()
                rows += claimed
                taken[lot] = len(claimed)
            allotment.took(given, taken)
        connection.executemany(statements.START_AT, allotment.next_starts())
        return rows, allotment.left


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
    how = (ended.state.value, ended.error, ended.delay_ms, int(ended.refund), int(ended.leave_lane))
    return connection.execute(_END, (lease.job_id, lease.attempt, *how, owner)).rowcount > 0


def _json(values: Sequence[str]) -> str:
    return orjson.dumps(list(values)).decode()
