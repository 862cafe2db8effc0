"""A job as its requester and as its worker see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.queues import DEFAULT_QUEUE
from models.row import new_id
from models.vocabulary import WorkState

#: The topic on the bus that wakes workers.
JOBS: Final = "jobs"


@dataclass(frozen=True, kw_only=True)
class PlannedTask:
    """A task that a job will report under this caption; `steps` are captions with descriptions."""

    caption: str
    steps: Sequence[tuple[str, str]] = ()

    def told(self) -> dict[str, Any]:
        """The task as it is recorded while the job waits."""
        steps = [
            {"caption": caption, "description": description, "startedAt": None, "finishedAt": None}
            for caption, description in self.steps
        ]
        return {"caption": self.caption, "state": WorkState.QUEUED, "steps": steps, "error": None}


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """A job to enqueue in a transaction. Without an organization it is a job of the hub's own.

    Lower priorities run first. It is due at `run_at`, in ms since 1970 UTC, or `delay_ms` from now by the
    database's clock. Jobs of one `lane` run one at a time, in the order in which they were committed; they all name
    the same gate. `gate`: id of the Gate that the job waits for; all jobs of a gate are of one queue. Organizations
    share the workers of a queue fairly, and within an organization its gates do. While a job with the same
    `dedupe_key` is queued or running, no second one is made; keys are separate for each organization. `secret` is an
    envelope bound to the job's row (`id`) and its organization; a job of the hub's own cannot have one. `tasks` are
    shown until the job reports progress of them.

    People see a job where its subject is or was: `integration_id` is that place, `principal_id` the user of a subject
    that is a user's own. A job with neither is seen by administrators only.
    """

    operation: str
    caption: str
    organization_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    secret: bytes | None = field(default=None, repr=False)
    subject_kind: str | None = None
    subject_id: str | None = None
    integration_id: str | None = None
    principal_id: str | None = None
    queue: str = DEFAULT_QUEUE
    priority: int = 0
    run_at: int | None = None
    delay_ms: int = 0
    max_attempts: int = 5
    lane: str | None = None
    gate: str = ""
    dedupe_key: str | None = None
    created_by: str | None = None
    cause_kind: str | None = None
    cause_id: str | None = None
    correlation_id: str | None = None
    tasks: Sequence[PlannedTask] = ()
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write to a job: its holder and attempt. Every write checks both. `lane`, `gate`: the job's."""

    job_id: str
    owner: str
    attempt: int
    lane: str | None = None
    gate: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job as its worker claimed it. Its id is the same in all attempts: the key for idempotent effects."""

    id: str
    organization_id: str | None
    queue: str
    operation: str
    caption: str
    subject_kind: str | None
    subject_id: str | None
    payload: dict[str, Any]
    tasks: list[dict[str, Any]] | None
    secret: bytes | None = field(repr=False)
    priority: int
    run_at: int
    attempt: int
    max_attempts: int
    lane: str | None
    gate: str
    created_by: str | None
    cause_kind: str | None
    cause_id: str | None
    correlation_id: str
    owner: str

    @property
    def lease(self) -> Lease:
        """The lease with which this attempt writes to the job."""
        return Lease(self.id, self.owner, self.attempt, self.lane, self.gate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A statement of the driver with its parameters, in the form of `models.statement`: `?`, NOW, FEED.

    It is executed in the transaction that ends the attempt, and only if the attempt still holds its job. Effects of
    one transaction are executed in the order of `order`, so that two workers lock rows in the same order: give it the
    table and the row's id.
    """

    order: str
    sql: str
    parameters: tuple[Any, ...]

    def __post_init__(self) -> None:
        """Refuse a wrong number of parameters. PostgreSQL's driver calls that a fault of the connection."""
        if self.sql.count("?") != len(self.parameters):
            raise ValueError(
                f"The statement of an effect takes {self.sql.count('?')} parameters and got {len(self.parameters)}:"
                f" {self.sql}"
            )


@dataclass(frozen=True, slots=True)
class Due:
    """The time at which a job is due, or None, and the database's clock; in ms since 1970 UTC."""

    at: int | None
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The end of an attempt. QUEUED: to be tried again `delay_ms` from now; `refund`: this try does not count.

    `drop`: remove the job if it succeeded. `leave_lane`: it is in no lane from now on. `effects`: written in the same
    transaction, if the attempt still held the job.
    """

    lease: Lease
    state: WorkState
    error: str | None = None
    delay_ms: int = 0
    refund: bool = False
    drop: bool = False
    leave_lane: bool = False
    effects: tuple[Effect, ...] = ()


class LeaseLost(Exception):
    """Another worker may hold the job now: further writes of this attempt are refused."""


class JobCancelled(Exception):
    """A person has cancelled the job."""


class Retry(Exception):
    """Raised by a job to be tried again, after `after_ms` if the other side named a time.

    `refund`: this try does not count. `leave_lane`: the job leaves its lane, so that the next of the lane starts.
    """

    def __init__(
        self, message: str, *, after_ms: int | None = None, refund: bool = False, leave_lane: bool = False
    ) -> None:
        super().__init__(message)
        self.after_ms, self.refund, self.leave_lane = after_ms, refund, leave_lane


class GiveUp(Exception):
    """Raised by a job to fail without further tries."""
