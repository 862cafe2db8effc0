"""A kind of job: the function that runs it, and the context that the function gets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from jobs.job import Claimed, Effect, Lease
from jobs.progress import Progress


@dataclass(frozen=True, kw_only=True)
class JobContext:
    """One attempt at a job. `progress` reports to people; each report is a checkpoint.

    `job.id` is the same in all attempts: the key with which an effect happens once. `effects` are written in the
    transaction that ends this attempt, however it ends.
    """

    job: Claimed
    progress: Progress
    keep_when_done: bool = True
    effects: list[Effect] = field(default_factory=list)

    @property
    def lease(self) -> Lease:
        """The lease that fences writes to the job."""
        return self.job.lease


@dataclass(frozen=True, kw_only=True)
class JobKind:
    """The function that runs an operation's jobs. It may raise Retry or GiveUp; any other error is a failed try.

    Without `keep_when_done` a succeeded job is removed. `first_retry_ms` and `longest_retry_ms` bound the waits
    between tries.
    """

    name: str
    run: Callable[[JobContext], Awaitable[None]]
    keep_when_done: bool = True
    first_retry_ms: int = 1_000
    longest_retry_ms: int = 600_000


def task_name(kind: str) -> str:
    """The name of every asyncio task that works on a job of this kind, so that logs and debuggers tell them apart."""
    return f"job {kind}"
