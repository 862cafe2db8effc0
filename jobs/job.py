"""What a job is to whoever asks for one and to whoever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from models.row import new_id
from models.vocabulary import WorkState

#: The topic on the bus that wakes workers.
JOBS: Final = "jobs"
DEFAULT_QUEUE: Final = "default"


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """Work to be done after this transaction. No organization: the hub's own.

    Lower priorities run first. It is due at `run_at`, in ms since 1970 UTC, or `delay_ms` from now by the
    database's clock. Jobs of one `lane` run one at a time, in the order of their ids. While a job with the same
    `dedupe_key` is queued or running, no other is made; the key is the organization's own. A `secret` is an envelope
    bound to the job's own row (`id`) and its organization, without which there can be none.
    """

    operation: str
    caption: str
    organization_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    secret: bytes | None = field(default=None, repr=False)
    subject_kind: str | None = None
    subject_id: str | None = None
    queue: str = DEFAULT_QUEUE
    priority: int = 0
    run_at: int | None = None
    delay_ms: int = 0
    max_attempts: int = 5
    lane: str | None = None
    dedupe_key: str | None = None
    created_by: str | None = None
    cause_kind: str | None = None
    cause_id: str | None = None
    correlation_id: str | None = None
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write of a job: who holds it, in which attempt. Every write asks for both."""

    job_id: str
    owner: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job as its worker got it. Its id stays the same in all attempts: the key that makes effects idempotent."""

    id: str
    organization_id: str | None
    queue: str
    operation: str
    caption: str
    subject_kind: str | None
    subject_id: str | None
    payload: dict[str, Any]
    secret: bytes | None = field(repr=False)
    priority: int
    run_at: int
    attempt: int
    max_attempts: int
    lane: str | None
    created_by: str | None
    cause_kind: str | None
    cause_id: str | None
    correlation_id: str
    owner: str

    @property
    def lease(self) -> Lease:
        """The right to write of it."""
        return Lease(self.id, self.owner, self.attempt)


@dataclass(frozen=True, slots=True)
class Due:
    """When a job is due, None where there is none, and what the database's clock shows; in ms since 1970 UTC."""

    at: int | None
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How an attempt ended. QUEUED: again, `delay_ms` from now; `refund`: and it does not count as a try.

    `drop`: a job that succeeded is not kept.
    """

    lease: Lease
    state: WorkState
    error: str | None = None
    delay_ms: int = 0
    refund: bool = False
    drop: bool = False


class LeaseLost(Exception):
    """Another worker may have the job now: what this one does for it counts no more."""


class JobCancelled(Exception):
    """A person has cancelled the job."""


class Retry(Exception):
    """Raised by a job to be tried again, after `after_ms` where the other side said when."""

    def __init__(self, message: str, *, after_ms: int | None = None) -> None:
        super().__init__(message)
        self.after_ms = after_ms


class GiveUp(Exception):
    """Raised by a job that further tries cannot help."""
