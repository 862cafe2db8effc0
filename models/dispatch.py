"""Dispatch: the durable record of one call of a capability; Idempotency: a key that makes a retry safe."""

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.row import (
    Owned,
    Row,
    Scope,
    feed_field,
    now_ms,
    partial_index,
    ref_field,
    secret_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import DispatchOutcome, HttpMethod, Permission, Source


class Dispatch(Row, Owned, table=True):
    """Intent before the call, outcome before the answer. `response` is kept with a key only, for 24 hours.

    `idempotency_key` of a run's dispatch is that of its record: the remote service gets it, the hub claims it not.
    """

    read_permission = Permission.DISPATCHES_READ
    scope = Scope.HISTORY

    __table_args__ = (
        Index(None, "organization_id", "id"),
        Index(None, "integration_id", "id"),
        Index(None, "capability_id", "id"),
        Index(None, "correlation_id"),
        partial_index("ix_dispatch_open", "created_at", where="outcome IS NULL"),
        partial_index("ix_dispatch_run_step", "cause_id", where="cause_kind = 'RUN_STEP'"),
    )

    integration_id: str | None = ref_field(default=None)
    installation_id: str | None = ref_field(default=None)
    capability_id: str | None = ref_field(default=None)
    capability_name: str | None = text_field(default=None)
    step_id: str | None = ref_field(default=None)
    connection_id: str | None = ref_field(default=None)
    principal_id: str | None = ref_field(default=None)
    token_id: str | None = ref_field(default=None)
    source: Source = word_field(Source)
    method: HttpMethod = word_field(HttpMethod)
    url: str = text_field(2048)
    outcome: DispatchOutcome | None = word_field(DispatchOutcome, default=None)
    external_status: int | None = Field(default=None)
    error: str | None = text_field(None, default=None)
    attempt_count: int = Field(default=0)
    request_digest: str = text_field(64)
    idempotency_key: str | None = text_field(120, default=None)
    response_bytes: int | None = Field(default=None)
    response: bytes | None = secret_field(default=None)
    cause_kind: str | None = text_field(24, default=None)
    cause_id: str | None = ref_field(default=None)
    correlation_id: str = ref_field()
    deadline_at: int = time_field()
    finished_at: int | None = time_field(default=None)
    feed: int | None = feed_field()


class Idempotency(Owned, SQLModel, table=True):
    """A repeated key with the same input returns the stored result; with another input it is refused."""

    __table_args__ = (Index(None, "expires_at"),)

    organization_id: str = ref_field("organization.id", primary_key=True)
    principal_or_token_id: str = ref_field(primary_key=True)
    operation: str = text_field(120, primary_key=True)
    key: str = text_field(120, primary_key=True)
    request_digest: str = text_field(64)
    result_id: str | None = ref_field(default=None)
    expires_at: int = time_field()
    created_at: int = time_field(default_factory=now_ms)
