"""The database operations of the engine, as one protocol for both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from jobs.allotting import Share
from jobs.job import Claimed, Due, Ended, Lease
from jobs.postgresql import PostgresqlDriver
from jobs.sqlite import SqliteDriver
from models.database import Database
from models.vocabulary import WorkState


class Heart(Protocol):
    """Extends leases from its own thread over its own connection. Never call it in the event loop."""

    def beat(self, owner: str, attempts: Mapping[str, int], lease_ms: int) -> Mapping[str, WorkState]:
        """Extend the leases of these jobs (id → attempt) by `lease_ms`. Answers the state of those still held."""

    def close(self) -> None:
        """Close the connection."""


class Driver(Protocol):
    """Claims jobs and records their ends. All times are the database's. Each method is one durable transaction."""

    async def claim(
        self,
        owner: str,
        queue: str,
        operations: Sequence[str],
        limit: int,
        lease_ms: int,
        share: Share | None = None,
    ) -> Sequence[Claimed]:
        """Claim up to `limit` due jobs that nobody holds, the most urgent first. `share`: the worker's own places."""

    async def end(self, owner: str, batch: Sequence[Ended]) -> frozenset[str]:
        """Record the end of attempts and release the jobs. Answers the ids of those that were still held.

        A job that a person has cancelled meanwhile stays cancelled.
        """

    async def report(self, lease: Lease, progress: float | None, tasks: str | None) -> None:
        """Record the progress of a job. Raises LeaseLost or JobCancelled."""

    async def reap(self) -> int:
        """Release jobs with an expired lease: QUEUED again, or FAILED without tries left. Answers their number."""

    async def open_stranded(self, after: str) -> tuple[int, str]:
        """Let the first job start of each lane that only has blocked ones, among the next 1,000 lanes after `after`.

        Answers the number of lanes that were stranded, and the lane after which to go on; "" is the start.
        """

    async def next_due(self, queue: str, operations: Sequence[str], after: int) -> Due:
        """The due time of the next job that becomes due after `after`, in ms since 1970 UTC."""

    def heart(self) -> Heart:
        """A new heart. Create and use it in the same thread."""

    async def close(self) -> None:
        """Close connections of the driver's own."""


def open_driver(database: Database) -> Driver:
    """The driver for SQLite or PostgreSQL, by the database's URL."""
    return SqliteDriver(database) if database.is_sqlite else PostgresqlDriver(database)
