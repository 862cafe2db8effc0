"""What the engine asks of a database, in one protocol for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from jobs.job import Claimed, Due, Ended, Lease
from jobs.postgresql import PostgresqlDriver
from jobs.sqlite import SqliteDriver
from models.database import Database
from models.vocabulary import WorkState


class Heart(Protocol):
    """Extends leases from a thread of its own, over a connection of its own. Not for the event loop."""

    def beat(self, owner: str, attempts: Mapping[str, int], lease_ms: int) -> Mapping[str, WorkState]:
        """Hold these jobs, by id and attempt, for `lease_ms` more. Answers those that are still held."""

    def close(self) -> None:
        """Let go of the connection."""


class Driver(Protocol):
    """Claims and records. All times are the database's. Each method is one durable transaction."""

    async def claim(
        self, owner: str, queue: str, operations: Sequence[str], limit: int, lease_ms: int
    ) -> Sequence[Claimed]:
        """Take up to `limit` jobs that are due and nobody holds, the most urgent first."""

    async def end(self, owner: str, batch: Sequence[Ended]) -> frozenset[str]:
        """Record how attempts ended, and let go of the jobs. Answers the ids of those that were still held.

        What a person has cancelled meanwhile stays cancelled.
        """

    async def report(self, lease: Lease, progress: float | None, tasks: str | None) -> None:
        """Write how far a job is. Raises LeaseLost or JobCancelled."""

    async def reap(self) -> int:
        """Free the jobs whose lease is over: queued again, or failed when all tries are used up. Answers how many."""

    async def next_due(self, queue: str, operations: Sequence[str], after: int) -> Due:
        """When the first of the jobs is due that were not yet at `after`, in ms since 1970 UTC."""

    def heart(self) -> Heart:
        """What extends leases; made and used in one thread."""

    async def close(self) -> None:
        """Let go of connections."""


def open_driver(database: Database) -> Driver:
    """The driver of a database."""
    return SqliteDriver(database) if database.is_sqlite else PostgresqlDriver(database)
