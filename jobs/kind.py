"""A kind of job: what runs when one is claimed, and what it is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from jobs.job import Claimed, Lease
from jobs.progress import Progress


@dataclass(frozen=True, kw_only=True)
class JobContext:
    """One attempt at a job. `progress` tells people how far it is; each word of it is a checkpoint.

    `job.id` is the same in all attempts: the key by which an effect is had once.
    """

    job: Claimed
    progress: Progress
    keep_when_done: bool = True

    @property
    def lease(self) -> Lease:
        """What writes of the job are fenced with."""
        return self.job.lease


@dataclass(frozen=True, kw_only=True)
class JobKind:
    """What runs for an operation's jobs. It raises Retry or GiveUp to say more than that it failed.

    Without `keep_when_done` a job that succeeded is removed. `first_retry_ms` and `longest_retry_ms` bound the
    waits between tries.
    """

    name: str
    run: Callable[[JobContext], Awaitable[None]]
    keep_when_done: bool = True
    first_retry_ms: int = 1_000
    longest_retry_ms: int = 600_000
