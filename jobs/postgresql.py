"""The job engine on PostgreSQL: asyncpg statements over connections of SQLAlchemy's pool."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from jobs import statements
from jobs.job import Claimed, Due, Ended, JobCancelled, Lease, LeaseLost
from models.database import Database
from models.statement import spelled
from models.vocabulary import WorkState

_CLAIM: Final = spelled(statements.CLAIM_POSTGRESQL, sqlite=False)
_DROP: Final = spelled(statements.DROP_POSTGRESQL, sqlite=False)
_END: Final = spelled(statements.END_POSTGRESQL, sqlite=False)
_BEAT: Final = spelled(statements.BEAT_POSTGRESQL, sqlite=False)
_REPORT: Final = spelled(statements.REPORT, sqlite=False)
_HELD: Final = spelled(statements.HELD, sqlite=False)
_REAP: Final = spelled(statements.REAP, sqlite=False)
_NEXT_DUE: Final = spelled(statements.NEXT_DUE, sqlite=False)
_TRIES: Final = 5


class PostgresqlDriver:
    """Claims and records through asyncpg connections of SQLAlchemy's pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, owner: str, queue: str, operations: Sequence[str], limit: int, lease_ms: int
    ) -> Sequence[Claimed]:
        async with self._database.driver() as driver:
            rows = await _with_patience(driver, _CLAIM, queue, list(operations), limit, owner, lease_ms)
        return sorted((statements.claimed(row, owner) for row in rows), key=statements.urgency)

    async def end(self, owner: str, batch: Sequence[Ended]) -> frozenset[str]:
        dropped = [ended for ended in batch if ended.drop]
        gone: set[str] = set()
        async with self._database.driver() as driver, driver.transaction():
            if dropped:
                rows = await driver.fetch(_DROP, *_ids(dropped), owner)
                gone = {row[0] for row in rows}
            kept = [ended for ended in batch if ended.lease.job_id not in gone]
            if kept:
                rows = await driver.fetch(_END, *_columns(kept), owner)
                gone |= {row[0] for row in rows}
        return frozenset(gone)

    async def report(self, lease: Lease, progress: float | None, tasks: str | None) -> None:
        mine = (lease.job_id, lease.attempt, lease.owner)
        async with self._database.driver() as driver:
            if await driver.fetchval(_REPORT, progress, tasks, *mine) is None:
                raise LeaseLost if await driver.fetchval(_HELD, *mine) is None else JobCancelled

    async def reap(self) -> int:
        async with self._database.driver() as driver:
            return len(await driver.fetch(_REAP))

    async def next_due(self, queue: str, operations: Sequence[str], after: int) -> Due:
        async with self._database.driver() as driver:
            return Due(*await driver.fetchrow(_NEXT_DUE, queue, list(operations), after))

    def heart(self) -> PostgresqlHeart:
        return PostgresqlHeart(self._database)

    async def close(self) -> None:
        """Nothing to close: SQLAlchemy closes its pool."""


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


async def _with_patience(driver: Any, statement: str, *values: Any) -> Sequence[Any]:
    """Repeat a statement that lost against another transaction: two workers at one lane, a deadlock."""
    for _ in range(_TRIES - 1):
        try:
            return await driver.fetch(statement, *values)  # type: ignore[no-any-return]
        except (asyncpg.UniqueViolationError, asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            continue
    return await driver.fetch(statement, *values)  # type: ignore[no-any-return]


def _ids(batch: Sequence[Ended]) -> tuple[list[str], list[int]]:
    return [ended.lease.job_id for ended in batch], [ended.lease.attempt for ended in batch]


def _columns(batch: Sequence[Ended]) -> tuple[list[Any], ...]:
    return (
        *_ids(batch),
        [ended.state.value for ended in batch],
        [ended.error for ended in batch],
        [ended.delay_ms for ended in batch],
        [int(ended.refund) for ended in batch],
    )
