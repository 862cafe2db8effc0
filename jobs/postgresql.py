"""The job engine on PostgreSQL: asyncpg statements over connections of SQLAlchemy's pool."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from jobs import statements
from jobs.allotting import Allotment, Limits, Lot, Share, gates_of
from jobs.claiming import Survey
from jobs.effects import statements_of
from jobs.job import Claimed, Due, Ended, JobCancelled, Lease, LeaseLost
from jobs.lanes import LOCK, OPEN_POSTGRESQL, lock_keys, openings, queue_key
from models.database import Database
from models.statement import spelled
from models.vocabulary import WorkState

_LOTS: Final = spelled(statements.LOTS_POSTGRESQL, sqlite=False)
_IN_FLIGHT: Final = spelled(statements.IN_FLIGHT, sqlite=False)
_GATES: Final = spelled(statements.GATES, sqlite=False)
_NOW: Final = spelled(statements.NOW, sqlite=False)
_START_AT: Final = spelled(statements.START_AT, sqlite=False)
_CLAIM: Final = spelled(statements.CLAIM_POSTGRESQL, sqlite=False)
_DROP: Final = spelled(statements.DROP_POSTGRESQL, sqlite=False)
_END: Final = spelled(statements.END_POSTGRESQL, sqlite=False)
_BEAT: Final = spelled(statements.BEAT_POSTGRESQL, sqlite=False)
_REPORT: Final = spelled(statements.REPORT, sqlite=False)
_HELD: Final = spelled(statements.HELD, sqlite=False)
_REAP: Final = spelled(statements.REAP, sqlite=False)
_EXPIRED: Final = spelled(statements.EXPIRED, sqlite=False)
_HEADS: Final = spelled(statements.HEADS_POSTGRESQL, sqlite=False)
_NEXT_DUE: Final = spelled(statements.NEXT_DUE, sqlite=False)
_TRIES: Final = 5
#: A process that stops in the middle of a transaction loses its locks after so long: others wait for them.
_LONGEST_PAUSE_MS: Final = 3_000
#: Against another transaction: two workers at one lane, a deadlock.
_LOST: Final = (asyncpg.UniqueViolationError, asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


class PostgresqlDriver:
    """Claims and records through asyncpg connections of SQLAlchemy's pool."""

    def __init__(self, database: Database) -> None:
        self._database = database
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
        async with self._database.driver() as driver:
            taking = _Taking(driver, queue, list(operations), (owner, lease_ms), share)
            rows = await self._survey.claim(queue, taking, limit)
        return sorted((statements.claimed(row, owner) for row in rows), key=statements.urgency)

    async def end(self, owner: str, batch: Sequence[Ended]) -> frozenset[str]:
        async with self._database.driver() as driver, driver.transaction():
            await _hold(driver, [(ended.lease.lane, ended.lease.gate) for ended in batch])
            held = await _end(driver, owner, batch)
            for statement, parameters in statements_of(batch, held, sqlite=False):
                await driver.executemany(statement, parameters)
            await _open(driver, [ended.lease.lane for ended in batch])
        return held

    async def report(self, lease: Lease, progress: float | None, tasks: str | None) -> None:
        mine = (lease.job_id, lease.attempt, lease.owner)
        async with self._database.driver() as driver:
            if await driver.fetchval(_REPORT, progress, tasks, *mine) is None:
                raise LeaseLost if await driver.fetchval(_HELD, *mine) is None else JobCancelled

    async def reap(self) -> int:
        async with self._database.driver() as driver, driver.transaction():
            await driver.execute("SET LOCAL enable_seqscan TO off")  # chosen for times of which it has no statistics
            expired = await _fetch(driver, _EXPIRED)
            if not expired:
                return 0
            await _hold(driver, [(row[1], row[2]) for row in expired])
            freed = await _fetch(driver, _REAP, [row[0] for row in expired])
            await _open(driver, [row[1] for row in expired])
        return len(freed)

    async def open_stranded(self, after: str) -> tuple[int, str]:
        several = statements.LANES_AT_ONCE
        async with self._database.driver() as driver:
            lanes, after = statements.stranded(await _fetch(driver, _HEADS, after, several, several))
            if lanes:
                async with driver.transaction():
                    await _hold(driver, lanes)
                    await _open(driver, [lane for lane, _ in lanes])
        return len(lanes), after

    async def next_due(self, queue: str, operations: Sequence[str], after: int) -> Due:
        async with self._database.driver() as driver:
            (row,) = await _fetch(driver, _NEXT_DUE, queue, list(operations), after, queue, after)
        return Due(*row)

    def heart(self) -> PostgresqlHeart:
        return PostgresqlHeart(self._database)

    async def close(self) -> None:
        """Nothing to close: SQLAlchemy closes its pool."""


class _Taking:
    """The statements of one claim, on a connection of the driver's."""

    def __init__(
        self, driver: Any, queue: str, known: list[str], lease: tuple[str, int], share: Share | None
    ) -> None:
        self._driver, self._queue, self._known, self._lease, self._share = driver, queue, known, lease, share

    async def look(self) -> list[Lot]:
        waiting = (self._queue, self._known)
        return statements.lots(await _fetch(self._driver, _LOTS, *waiting, *waiting))

    async def limits(self, gates: Sequence[str]) -> Limits:
        in_flight = await _fetch(self._driver, _IN_FLIGHT, self._queue)
        rows = await self._driver.fetch(_GATES, gates) if gates else ()
        return statements.limits(in_flight, rows, await self._driver.fetchval(_NOW) if gates else 0, self._share)

    async def take(self, lots: Sequence[Lot], places: int) -> tuple[Sequence[Any], list[Lot]]:
        for _ in range(_TRIES - 1):
            try:
                return await self._take(lots, places)
            except _LOST:
                continue
        return await self._take(lots, places)

    async def _take(self, lots: Sequence[Lot], places: int) -> tuple[Sequence[Any], list[Lot]]:
        """It does not wait for the disk: if a crash of the database undoes a claim, the effect is a lost lease.

        All other writes of the engine wait for the disk.
        """
        rows: list[Any] = []
        async with self._driver.transaction():
            await self._driver.execute(
                f"SET LOCAL synchronous_commit TO off; SET LOCAL idle_in_transaction_session_timeout TO"
                f" {_LONGEST_PAUSE_MS}; SELECT pg_advisory_xact_lock({queue_key(self._queue)})"
            )
            allotment = Allotment(lots, await self.limits(gates_of(lots)), places)
            while given := allotment.round():
                values = (list(given), list(given.values()), self._queue, self._known, *self._lease)
                claimed = await _fetch(self._driver, _CLAIM, *values)
                rows += claimed
                allotment.took(given, Counter(row[-1] for row in claimed))
            if starts := allotment.next_starts():
                await self._driver.executemany(_START_AT, starts)
        return rows, allotment.left


class PostgresqlHeart:
    """One asyncpg connection, in an event loop of the heart's own thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._runner = asyncio.Runner()
        self._connection: Any = None

    def beat(self, owner: str, attempts: Mapping[str, int], lease_ms: int) -> Mapping[str, WorkState]:
        return self._runner.run(self._beat(owner, attempts, lease_ms))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._runner.close()

    async def _beat(self, owner: str, attempts: Mapping[str, int], lease_ms: int) -> Mapping[str, WorkState]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._database.connect_alone(seconds=lease_ms / 3000)
        try:
            rows = await self._connection.fetch(_BEAT, lease_ms, list(attempts), list(attempts.values()), owner)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._connection.terminate()  # the connection may be broken: the next beat opens a new one
            raise
        return {row[0]: WorkState(row[1]) for row in rows}


async def _end(driver: Any, owner: str, batch: Sequence[Ended]) -> frozenset[str]:
    dropped = [ended for ended in batch if ended.drop]
    gone: set[str] = set()
    if dropped:
        rows = await _fetch(driver, _DROP, *_ids(dropped), owner)
        gone = {row[0] for row in rows}
    kept = [ended for ended in batch if ended.lease.job_id not in gone]
    if kept:
        rows = await _fetch(driver, _END, *_columns(kept), owner)
        gone |= {row[0] for row in rows}
    return frozenset(gone)


async def _hold(driver: Any, members: Sequence[tuple[str | None, str]]) -> None:
    """Hold the lanes among (lane, gate) until the transaction ends."""
    if keys := lock_keys(members):
        await driver.execute(f"SET LOCAL idle_in_transaction_session_timeout TO {_LONGEST_PAUSE_MS}")
        await driver.fetch(LOCK, keys)


async def _open(driver: Any, lanes: Sequence[str | None]) -> None:
    """Let the next job of each lane start."""
    if parameters := openings(lanes):
        await (await driver.prepare(OPEN_POSTGRESQL, name="")).executemany(parameters)


async def _fetch(driver: Any, statement: str, *values: Any) -> Sequence[Any]:
    """The rows of a statement that is planned for the table as it is now.

    The driver keeps statements, and PostgreSQL keeps their plans. A plan that was made while few jobs waited reads
    the whole table when 100,000 wait, until the next ANALYZE. The unnamed statement is not kept.
    """
    return list(await (await driver.prepare(statement, name="")).fetch(*values))


def _ids(batch: Sequence[Ended]) -> tuple[list[str], list[int]]:
    return [ended.lease.job_id for ended in batch], [ended.lease.attempt for ended in batch]


def _columns(batch: Sequence[Ended]) -> tuple[list[Any], ...]:
    return (
        *_ids(batch),
        [ended.state.value for ended in batch],
        [ended.error for ended in batch],
        [ended.delay_ms for ended in batch],
        [int(ended.refund) for ended in batch],
        [int(ended.leave_lane) for ended in batch],
    )
