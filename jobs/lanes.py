"""Lanes: the jobs of one run one at a time, in the order of their commits. All but the first are `blocked`.

A transaction that adds a job to a lane, or takes one out of it, holds the lane's lock first (SQLite has one writer).
The lock is one for each gate, or for each lane without a gate, so that an event for many receivers takes few. It is
taken before a row of the lane is locked, and several are taken in one order.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from jobs import statements
from models.job import Job
from models.statement import spelled

LOCK: Final = spelled(statements.LOCK, sqlite=False)
OPEN_POSTGRESQL: Final = spelled(statements.OPEN, sqlite=False)
OPEN_SQLITE: Final = spelled(statements.OPEN, sqlite=True)


def lock_keys(members: Iterable[tuple[str | None, str]]) -> list[int]:
    """The advisory locks of the lanes among (lane, gate), in the order in which every transaction takes them."""
    return sorted({_key(f"gate {gate}" if gate else f"lane {lane}") for lane, gate in members if lane is not None})


def queue_key(queue: str) -> int:
    """The advisory lock of a queue: claims of it are made one after the other."""
    return _key(f"queue {queue}")


def openings(lanes: Iterable[str | None]) -> list[tuple[str, str]]:
    """Parameters of OPEN for each lane."""
    return [(lane, lane) for lane in sorted({lane for lane in lanes if lane is not None})]


async def lock_lanes(connection: AsyncConnection, members: Iterable[tuple[str | None, str]]) -> None:
    """Hold the lanes among (lane, gate) until the transaction ends."""
    keys = lock_keys(members)
    if keys and connection.dialect.name == "postgresql":
        await connection.exec_driver_sql(LOCK, (keys,))


async def lock_lane_of(session: AsyncSession, job_id: str) -> None:
    """Hold the lane of a job, if it has one. Call it before the job's row is locked."""
    connection = await session.connection()
    rows: Any = (await connection.exec_driver_sql(_spelled(connection, statements.LANE_OF), (job_id,))).all()
    await lock_lanes(connection, [(lane, gate) for lane, gate in rows])


async def open_lanes(session: AsyncSession, lanes: Iterable[str | None]) -> None:
    """Let the next job of each lane start, after jobs have left it. The lanes are locked, the changes flushed."""
    if parameters := openings(lanes):
        connection = await session.connection()
        sqlite = connection.dialect.name == "sqlite"
        await connection.exec_driver_sql(OPEN_SQLITE if sqlite else OPEN_POSTGRESQL, parameters)


async def to_the_end(session: AsyncSession, job: Job) -> None:
    """Give a job that starts again the last place of its lane. The lane is locked."""
    if job.lane is not None:
        connection = await session.connection()
        last: Any = (
            await connection.exec_driver_sql(_spelled(connection, statements.LAST_OF_LANE), (job.lane, job.id))
        ).scalar()
        job.position, job.blocked = (last or 0) + 1, last is not None


def _spelled(connection: AsyncConnection, sql: str) -> str:
    return spelled(sql, sqlite=connection.dialect.name == "sqlite")


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8, person=b"jobs").digest(), signed=True)
