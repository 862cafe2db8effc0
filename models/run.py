"""Run: one execution of a flow; RunStep: a checkpoint of it; RunError: a record that failed in it."""

from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from models.row import (
    Changeable,
    Owned,
    Row,
    Scope,
    feed_field,
    json_field,
    partial_index,
    ref_field,
    secret_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import (
    FlowTriggerKind,
    Permission,
    RecordFault,
    RunErrorState,
    RunReason,
    StopReason,
    WorkState,
)


class Run(Changeable, Owned, table=True):
    """Outlives its flow: the ids of flow, event and job are plain. `content_digest`: of what it does; None at first.

    `origin_run_id`: the run that this one repeats; None if it is automatic. `key_run_id`: the run under whose keys it
    writes, if not under its own. `chain`: the flows that led to it, itself
    last; `due_at`: the time of its schedule. `payload`: the record that it was given, if no event has it. `cursor`:
    its next work, as `resolvers/runs` writes it; `records`: the records of the page at work. `stalls`: attempts since
    the last checkpoint. `active_ms`: the time for which it ran before this attempt. read = written + ignored + errors
    + waiting, of the records that are done.
    """

    read_permission = Permission.FLOWS_READ
    scope = Scope.HISTORY

    __table_args__ = (
        Index(None, "flow_id", "id"),
        partial_index("ix_run_event", "event_id", "id", where="event_id IS NOT NULL"),
        partial_index("uq_run_event_flow", "event_id", "flow_id", where="origin_run_id IS NULL", unique=True),
        partial_index(
            "uq_run_flow_due", "flow_id", "due_at", where="origin_run_id IS NULL AND due_at IS NOT NULL", unique=True
        ),
        partial_index("ix_run_unfinished", "flow_id", "state", where="finished_at IS NULL"),
        Index(None, "organization_id", "id"),
        Index(None, "integration_id", "id"),
        Index(None, "correlation_id"),
        partial_index("ix_run_origin", "origin_run_id", where="origin_run_id IS NOT NULL"),
    )

    integration_id: str | None = ref_field(default=None)
    flow_id: str = ref_field()
    flow_name: str = text_field()
    event_id: str | None = ref_field(default=None)
    job_id: str | None = ref_field(default=None)
    origin_run_id: str | None = ref_field(default=None)
    key_run_id: str | None = ref_field(default=None)
    content_digest: str | None = text_field(64, default=None)
    trigger: FlowTriggerKind = word_field(FlowTriggerKind)
    payload: bytes | None = secret_field(default=None)
    state: WorkState = word_field(WorkState, default=WorkState.QUEUED)
    reason: RunReason | None = word_field(RunReason, default=None)
    error: str | None = text_field(None, default=None)
    chain: list[str] = json_field(default_factory=list)
    depth: int = Field(default=0)
    due_at: int | None = time_field(default=None)
    missed_count: int = Field(default=0)
    cursor: dict[str, Any] | None = json_field(default=None)
    records: bytes | None = secret_field(default=None)
    stalls: int = Field(default=0)
    read_count: int = Field(default=0)
    written_count: int = Field(default=0)
    ignored_count: int = Field(default=0)
    error_count: int = Field(default=0)
    waiting_count: int = Field(default=0)
    created_by: str | None = ref_field(default=None)
    cause_kind: str | None = text_field(24, default=None)
    cause_id: str | None = ref_field(default=None)
    correlation_id: str = ref_field()
    started_at: int | None = time_field(default=None)
    active_ms: int = time_field(default=0)
    finished_at: int | None = time_field(default=None)
    feed: int | None = feed_field()


class RunStep(Row, Owned, table=True):
    """A step's work on one page of records: `position` in the flow and `page` from 0. A finished one is not repeated.

    `checkpoint`: what a source goes on from. `page_digest`: of the page as it was read. `samples`: the first records
    with what was sent and answered, secrets masked.
    """

    read_permission = Permission.FLOWS_READ
    scope = Scope.HISTORY

    __tablename__ = "run_step"
    __table_args__ = (Index("uq_run_step_place", "run_id", "position", "page", unique=True),)

    integration_id: str | None = ref_field(default=None)
    run_id: str = ref_field("run.id")
    position: int = Field()
    page: int = Field(default=0)
    step_id: str | None = ref_field(default=None)
    state: WorkState = word_field(WorkState, default=WorkState.RUNNING)
    checkpoint: dict[str, Any] | None = json_field(default=None)
    stop_reason: StopReason | None = word_field(StopReason, default=None)
    page_digest: str | None = text_field(64, default=None)
    note: str | None = text_field(None, default=None)
    samples: bytes | None = secret_field(default=None)
    input_count: int = Field(default=0)
    written_count: int = Field(default=0)
    ignored_count: int = Field(default=0)
    error_count: int = Field(default=0)
    waiting_count: int = Field(default=0)
    started_at: int | None = time_field(default=None)
    finished_at: int | None = time_field(default=None)


class RunError(Changeable, Owned, table=True):
    """A record that failed at a step. `group_digest`: of step, class and the shape of the message.

    `record`: as it came to the step, with its place in the flow; `record_count` of them, more than one for a batch of
    which nobody knows the ones that failed. `tries`: calls that failed. `next_try_at`: of a WAITING one, when it is
    tried again by itself; of a RETRYING one, when somebody asked for it. `resolved_by`: the user who resolved it;
    `resolved_by_run`: the run that wrote it.
    """

    read_permission = Permission.FLOWS_READ
    scope = Scope.HISTORY

    __tablename__ = "run_error"
    __table_args__ = (
        Index(None, "run_id", "id"),
        partial_index("ix_run_error_flow", "flow_id", "state", "id", where="state <> 'RESOLVED'"),
        partial_index("ix_run_error_group", "flow_id", "group_digest", "id", where="state <> 'RESOLVED'"),
        partial_index("ix_run_error_key", "flow_id", "step_id", "record_key", where="state <> 'RESOLVED'"),
        partial_index("ix_run_error_due", "next_try_at", where="next_try_at IS NOT NULL"),
        Index(None, "organization_id", "id"),
        Index(None, "integration_id", "id"),
    )

    integration_id: str | None = ref_field(default=None)
    run_id: str = ref_field("run.id")
    flow_id: str = ref_field()
    step_id: str | None = ref_field(default=None)
    dispatch_id: str | None = ref_field(default=None)
    position: int = Field()
    page: int = Field(default=0)
    state: RunErrorState = word_field(RunErrorState, default=RunErrorState.OPEN)
    fault: RecordFault = word_field(RecordFault)
    group_digest: str = text_field(64)
    record_key: str = text_field(64)
    message: str = text_field(None)
    record: bytes | None = secret_field(default=None)
    record_count: int = Field(default=1)
    tries: int = Field(default=1)
    next_try_at: int | None = time_field(default=None)
    assigned_to: str | None = ref_field(default=None)
    resolved_at: int | None = time_field(default=None)
    resolved_by: str | None = ref_field(default=None)
    resolved_by_run: str | None = ref_field(default=None)
