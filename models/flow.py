"""Flow: what runs when triggered; Step: an export or import; FlowStep: its place in a flow; content and state."""

from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.row import (
    UNAUDITED,
    Changeable,
    Owned,
    Row,
    Scope,
    binary_type,
    count_field,
    flag_field,
    json_field,
    key_type,
    partial_index,
    ref_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import (
    FlowCatchUp,
    FlowKeep,
    FlowOverlap,
    FlowStepRole,
    FlowTriggerKind,
    LookupMiss,
    NullMembers,
    Permission,
    StepDirection,
)


class Flow(Changeable, Owned, table=True):
    """`event_filter`: JMESPath over `type`, `entityId`, `payload` of an event. `cron`: five fields, in `time_zone`.

    `exact`: it starts at the very second, without the spread of flows that are due at one minute. `next_run_at`: when
    its schedule fires next, by the zone rules `zone_rules`. A flow runs as the user `run_as_id`, or as the app of the
    token `run_as_token_id`: who changed last what it does. `paused_at`: its runs wait, for `pause_reason`.
    `runs_a_minute`: beyond it the flow is paused. `allows_loops`: it runs also for events that it caused itself.
    `extra`: what a dialect keeps and shows, and no run understands.
    """

    read_permission = Permission.FLOWS_READ
    scope = Scope.HISTORY

    __table_args__ = (
        Index(None, "organization_id", "name_key", "id"),
        Index(None, "integration_id", "name_key", "id"),
        partial_index("ix_flow_event", "organization_id", "event_type", where="enabled AND event_type IS NOT NULL"),
        partial_index("ix_flow_due", "next_run_at", where="enabled AND next_run_at IS NOT NULL"),
        Index(None, "run_as_id"),
    )

    integration_id: str | None = ref_field("integration.id", default=None)
    name: str = text_field()
    name_key: str = Field(sa_type=key_type(), sa_column_kwargs=UNAUDITED)
    description: str = text_field(None, default="")
    enabled: bool = flag_field()
    group_id: str | None = text_field(24, default=None)
    trigger: FlowTriggerKind = word_field(FlowTriggerKind)
    event_type: str | None = Field(default=None, sa_type=binary_type())
    event_filter: str | None = text_field(None, default=None)
    cron: str | None = text_field(120, default=None)
    time_zone: str | None = text_field(64, default=None)
    exact: bool = flag_field()
    zone_rules: str | None = text_field(24, default=None, sa_column_kwargs=UNAUDITED)
    next_run_at: int | None = time_field(default=None, sa_column_kwargs=UNAUDITED)
    last_run_at: int | None = time_field(default=None, sa_column_kwargs=UNAUDITED)
    overlap: FlowOverlap = word_field(FlowOverlap, default=FlowOverlap.QUEUE_ONE)
    catch_up: FlowCatchUp = word_field(FlowCatchUp, default=FlowCatchUp.LATEST)
    keep: FlowKeep = word_field(FlowKeep, default=FlowKeep.SAMPLE)
    runs_a_minute: int = Field(default=600)
    allows_loops: bool = flag_field()
    paused_at: int | None = time_field(default=None)
    pause_reason: str | None = text_field(None, default=None)
    run_as_id: str | None = ref_field("principal.id", ondelete="SET NULL", default=None)
    run_as_token_id: str | None = ref_field("token.id", ondelete="SET NULL", default=None)
    open_error_count: int = count_field()
    extra: dict[str, Any] = json_field(default_factory=dict)
    version: int = Field(default=1)


class Step(Changeable, Owned, table=True):
    """An export or import. It dispatches a capability, or a `request` of its own through its integration.

    `request`: {method, path, query, headers, body}; `{name}` in the path is an input. `integration_id`: of the
    request or of the capability. These ids and the connection's may be of rows that are gone: a run that meets one
    is refused by name. `filter`, `mapping`, `record_key`: JMESPath over a record; for a source, `mapping` is over
    {payload, since}. `batch`: {input, results, id, ok}, for more than one record in a call. `pagination`: how an
    export goes on; `delta`: {lagMs}, an export of what has changed since.
    """

    read_permission = Permission.FLOWS_READ
    scope = Scope.HISTORY

    __table_args__ = (
        Index(None, "organization_id", "direction", "name_key", "id"),
        Index(None, "capability_id"),
        Index(None, "connection_id"),
        Index(None, "integration_id"),
    )

    integration_id: str | None = ref_field(default=None)
    name: str = text_field()
    name_key: str = Field(sa_type=key_type(), sa_column_kwargs=UNAUDITED)
    direction: StepDirection = word_field(StepDirection)
    capability_id: str | None = ref_field(default=None)
    request: dict[str, Any] | None = json_field(default=None)
    connection_id: str | None = ref_field(default=None)
    filter: str | None = text_field(None, default=None)
    mapping: str | None = text_field(None, default=None)
    nulls: NullMembers | None = word_field(NullMembers, default=None)
    record_key: str | None = text_field(None, default=None)
    pagination: dict[str, Any] | None = json_field(default=None)
    delta: dict[str, Any] | None = json_field(default=None)
    batch_size: int = Field(default=1)
    batch: dict[str, Any] | None = json_field(default=None)
    extra: dict[str, Any] = json_field(default_factory=dict)
    version: int = Field(default=1)


class FlowStep(Row, Owned, table=True):
    """A step's place in a flow. Places of one role are in the order of `position`, from 0.

    `response_mapping`: JMESPath over {data, status, record}; its object is merged into the record. `on_miss`: of a
    look-up that finds nothing. `proceed_on_failure`: a record that fails here goes on, with its error noted.
    """

    scope = Scope.ORGANIZATION

    __tablename__ = "flow_step"
    __table_args__ = (
        Index("uq_flow_step_position", "flow_id", "role", "position", unique=True),
        Index(None, "step_id"),
    )

    flow_id: str = ref_field("flow.id")
    step_id: str = ref_field("step.id", ondelete=None)
    role: FlowStepRole = word_field(FlowStepRole)
    position: int = Field(default=0)
    proceed_on_failure: bool = flag_field()
    response_mapping: str | None = text_field(None, default=None)
    on_miss: LookupMiss = word_field(LookupMiss, default=LookupMiss.KEEP)
    extra: dict[str, Any] = json_field(default_factory=dict)


class FlowContent(Owned, SQLModel, table=True):
    """All that a flow does, as one document, by its SHA-256: runs name the one that they began with.

    It holds the flow's steps in order with the declarations of their capabilities; connections are named by id and
    looked up when a step runs.
    """

    __tablename__ = "flow_content"

    organization_id: str = ref_field("organization.id", primary_key=True)
    digest: str = text_field(64, primary_key=True)
    content: dict[str, Any] = json_field()
    used_at: int = time_field()


class ExportState(Owned, SQLModel, table=True):
    """The time up to which a flow has what an export of changes gives, in ms since 1970 UTC."""

    __tablename__ = "export_state"

    organization_id: str = ref_field("organization.id")
    flow_id: str = ref_field("flow.id", primary_key=True)
    step_id: str = ref_field(primary_key=True)
    value: int = time_field()
