"""Job: durable background work, written in the transaction of the change that asks for it."""

from typing import Any

from sqlalchemy import BigInteger, Float, Index
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Field

from models.row import (
    UNAUDITED,
    Changeable,
    feed_field,
    flag_field,
    json_field,
    key_type,
    new_id,
    partial_index,
    ref_field,
    secret_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import Permission, WorkState

#: No two unfinished jobs have the same dedupe key.
DEDUPED = "dedupe_key IS NOT NULL AND state IN ('QUEUED', 'RUNNING')"
#: Jobs that something caused, without the deliveries' own: a trace shows the deliveries themselves.
CAUSED = "cause_kind IS NOT NULL AND operation <> 'webhook.deliver'"
#: The member of a job's payload that names the token of the app that asked for it.
CREATED_BY_TOKEN = "createdByToken"
_READY = "state = 'QUEUED' AND NOT blocked"
#: Failed jobs of organizations that nobody was told of. The failures of deliveries are told by their webhooks.
UNTOLD = "state = 'FAILED' AND failure_told_at IS NULL AND organization_id IS NOT NULL AND queue <> 'deliveries'"
#: Jobs of deliveries that ended without a record of the delivery's end; such a job is removed otherwise.
UNDELIVERED = "operation = 'webhook.deliver' AND state IN ('FAILED', 'CANCELLED') AND lease_owner IS NULL"
# Claims lack the last condition: without statistics PostgreSQL would take this index for them, and sort.
_DUE = f"{_READY} AND run_at > 0"
# Not only RUNNING: a job cancelled while it ran is held until its worker releases it.
_HELD = "lease_owner IS NOT NULL"
#: The members of lanes. Statements repeat it word by word, so that both databases use the index.
IN_LANE = "lane IS NOT NULL AND (state = 'QUEUED' OR lease_owner IS NOT NULL)"


class Job(Changeable, table=True):
    """One piece of work and its progress. Without an organization it is the hub's own, such as cleaning up.

    Of a `lane` one job is held at a time, in the order of `position`, which is that of their commits; all but the
    first are `blocked`. `gate`: the Gate that it waits for, or empty. `lot`: organization, gate and priority, the
    jobs that are alike for fairness (`jobs/allotting.py`). `lease_owner` holds the job in its `attempt` until
    `lease_until` by the database's clock; every write checks owner and attempt. `secret`: the sealed part of
    the payload, erased when the job succeeds. `integration_id`: the place of the subject when the job was enqueued;
    `principal_id`: the user, if the subject was that user's own. They say who sees the job, also without its subject.
    """

    read_permission = Permission.JOBS_READ

    __table_args__ = (
        partial_index("ix_job_ready", "queue", "lot", "run_at", "id", where=_READY),
        partial_index("ix_job_due", "queue", "run_at", where=_DUE),
        partial_index("ix_job_held", "queue", "organization_id", "gate", where=_HELD),
        partial_index("ix_job_lease", "lease_until", where=_HELD),
        partial_index("ix_job_lane", "lane", "position", where=IN_LANE),
        partial_index("uq_job_lane_held", "lane", where=f"{_HELD} AND lane IS NOT NULL", unique=True),
        partial_index("uq_job_dedupe_key", "dedupe_key", where=DEDUPED, unique=True),
        partial_index("ix_job_untold", "id", where=UNTOLD),
        partial_index("ix_job_undelivered", "id", where=UNDELIVERED),
        Index(None, "organization_id", "id"),
        Index(None, "subject_id", "id"),
        partial_index("ix_job_caused", "correlation_id", "id", where=CAUSED),
    )

    organization_id: str | None = ref_field("organization.id", default=None)
    queue: str = text_field(120)
    operation: str = text_field(120)
    caption: str = text_field()
    subject_kind: str | None = text_field(24, default=None)
    subject_id: str | None = ref_field(default=None)
    integration_id: str | None = ref_field(default=None)
    principal_id: str | None = ref_field(default=None)
    payload: dict[str, Any] = json_field(default_factory=dict)
    secret: bytes | None = secret_field(default=None)
    state: WorkState = word_field(WorkState, default=WorkState.QUEUED)
    priority: int = Field(default=0)
    run_at: int = time_field()
    attempt: int = Field(default=0)
    max_attempts: int = Field()
    lease_owner: str | None = text_field(120, default=None)
    lease_until: int | None = time_field(default=None)
    lane: str | None = text_field(120, default=None)
    position: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    blocked: bool = flag_field()
    gate: str = text_field(24, default="", sa_column_kwargs={"server_default": ""})
    lot: str = Field(default="", sa_type=key_type(), sa_column_kwargs={"server_default": ""})
    dedupe_key: str | None = text_field(default=None)
    progress: float | None = Field(default=None, sa_type=Float)
    tasks: list[dict[str, Any]] | None = json_field(default=None)
    error: str | None = text_field(None, default=None)
    created_by: str | None = ref_field(default=None)
    cause_kind: str | None = text_field(24, default=None)
    cause_id: str | None = ref_field(default=None)
    correlation_id: str = ref_field(default_factory=new_id)
    started_at: int | None = time_field(default=None)
    finished_at: int | None = time_field(default=None)
    failure_told_at: int | None = time_field(default=None, sa_column_kwargs=UNAUDITED)
    feed: int | None = feed_field()

    @property
    def created_by_token(self) -> str | None:
        """The token of the app that asked for it in nobody's name; None if a user or the hub did."""
        return self.payload.get(CREATED_BY_TOKEN)


class database_now(FunctionElement[int]):  # noqa: N801  named as SQL functions are
    """Milliseconds since 1970 UTC by the clock of the database, which all processes share."""

    type = BigInteger()
    inherit_cache = True


#: The same as text, for statements without SQLAlchemy. STABLE, so that an index can be searched with it.
NOW_POSTGRESQL = "(extract(epoch FROM statement_timestamp()) * 1000)::bigint"
NOW_SQLITE = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(database_now, "postgresql")
def _now_postgresql(element: database_now, compiler: SQLCompiler, **options: Any) -> str:
    return NOW_POSTGRESQL


@compiles(database_now, "sqlite")
def _now_sqlite(element: database_now, compiler: SQLCompiler, **options: Any) -> str:
    return NOW_SQLITE
