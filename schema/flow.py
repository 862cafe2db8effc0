"""Flows: the types, the inputs and the root fields of the noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.vocabulary import FlowCatchUp, FlowKeep, FlowOverlap, FlowStepRole, FlowTriggerKind, LookupMiss, WorkState
from resolvers.flows import change, check, edges, queries
from resolvers.flows import mutations as operations
from resolvers.page import BY_NAME_KEY
from resolvers.runs import edges as run_edges
from resolvers.runs import queries as run_queries
from schema.kit.context import Info
from schema.kit.field import column, derived, given, listing, reading, related, to_many, to_one
from schema.kit.ids import row_id
from schema.kit.mutation import mutation, mutation_by_id
from schema.kit.node import RowNode, node, view
from schema.kit.page import CountedPageOf, PageOf
from schema.kit.removal import deletion
from schema.kit.result import Result
from schema.kit.scalars import DateTime
from schema.principal import Principal
from schema.step import Step

if TYPE_CHECKING:
    from schema.integration import Integration
    from schema.run import Run, RunError
    from schema.token import Token

_OVERLAP = "What happens when a run is due while another is not done."
_CATCH_UP = "What happens to times of its schedule that passed while the hub was down."
_KEEP = "Which records its runs keep for people to look at."
_RATE = "More runs a minute pause it; 1 to 6,000."
_LOOPS = "Runs also for events that it led to itself."
_PROCEED = "A record that fails here goes on, with its error noted."
_RESPONSE = (
    "JMESPath over `data`, `status` and `record`; its object is merged into the record. Null leaves the record."
)
_MISS = "What becomes of a record for which a look-up finds nothing."
_EXACT = "At the very second, without the spread of flows that are due at one minute."


@view(tables.Flow, "What starts a flow.")
class FlowTrigger:
    kind: FlowTriggerKind = derived(lambda row: row.trigger, "Which of the following is set.")
    event_type: str | None = column("Event type, for EVENT.")
    filter: str | None = derived(lambda row: row.event_filter, "JMESPath over the event that must be true.")
    cron: str | None = column("Five-field cron, for SCHEDULE.")
    time_zone: str | None = column("IANA time zone of the schedule.")
    exact: bool = column(_EXACT)


@view(tables.FlowStep, "A step's place in a flow.")
class FlowStep:
    role: FlowStepRole = column("SOURCE feeds records in, PROCESSOR works on them.")
    step: Step | None = to_one(edges.STEP_BY_PLACE, "What is run; null when you may not see it.")
    proceed_on_failure: bool = column(_PROCEED)
    response_mapping: str | None = column(_RESPONSE)
    on_miss: LookupMiss = column(_MISS)


@strawberry.input(description="Conditions on the runs of a flow.")
class RunStateFilter:
    state: list[WorkState] | None = given("How far.")


@strawberry.input(description="Conditions on the errors of a run or a flow.")
class RunErrorFilter:
    resolved: bool | None = given("Whether they are resolved.")


@node(tables.Flow)
class Flow(RowNode):
    """What runs when triggered: exports, mapping, imports."""

    name: str = column("Name.")
    description: str = column("What it is for.")
    integration: Annotated[Integration, strawberry.lazy("schema.integration")] | None = to_one(
        edges.INTEGRATION_BY_FLOW, "Where it belongs; null stands alone."
    )
    enabled: bool = column("Runs when triggered.")
    trigger: FlowTrigger = derived(lambda row: row, "What starts it.")
    steps: list[FlowStep] = related(
        edges.PLACES_BY_FLOW, lambda row: row.id, "Its steps, sources first, in order.", most=check.MOST_STEPS
    )
    group_id: str | None = column("Group in its integration.")
    overlap: FlowOverlap = column(_OVERLAP)
    catch_up: FlowCatchUp = column(_CATCH_UP)
    keep: FlowKeep = column(_KEEP)
    runs_a_minute: int = column("More runs a minute pause it.")
    allows_loops: bool = column(_LOOPS)
    paused_at: DateTime | None = column("Since when its runs wait.")
    pause_reason: str | None = column("Why they wait.")
    run_as: Principal | None = to_one(
        edges.PRINCIPAL_BY_FLOW,
        "The user as whom it runs: who changed last what it does. Null: an app, or it is gone.",
    )
    run_as_token: Annotated[Token, strawberry.lazy("schema.token")] | None = to_one(
        edges.TOKEN_BY_FLOW, "The token of the app as which it runs; null when you may not see it, or it is gone."
    )
    next_run_at: DateTime | None = column("When the schedule fires next; null without one, or while disabled.")
    last_run_at: DateTime | None = column("Start of the last run.")
    runs: PageOf[Annotated[Run, strawberry.lazy("schema.run")]] = to_many(
        run_edges.RUNS_BY_FLOW, "Runs, newest first.", filter=(RunStateFilter, run_queries.RunStateFilter)
    )
    errors: PageOf[Annotated[RunError, strawberry.lazy("schema.run")]] = to_many(
        run_edges.ERRORS_BY_FLOW,
        "Errors of records, newest first.",
        filter=(RunErrorFilter, run_queries.RunErrorFilter),
    )
    open_error_count: int = column("Errors not yet resolved.")
    version: int = column("Grows with every change; for `expectedVersion`.")
    created_at: DateTime = column("When it was made.")
    updated_at: DateTime = column("Last change.")


@strawberry.input(description="Conditions on flows.")
class FlowFilter:
    search: str | None = given("Words in the name.")
    enabled: bool | None = given("Triggered or not.")
    trigger: list[FlowTriggerKind] | None = given("Triggers.")
    group_id: str | None = given("Group.")
    integration_id: list[strawberry.ID] | None = given("Where they belong.")


@strawberry.input(description="An event that starts a flow.")
class EventTriggerInput:
    type: str = strawberry.field(description="Declared name, or one of the hub's own.")
    filter: str | None = given(
        "JMESPath over `type`, `entityId` and `payload` that must be true. Tried on recent events before it is saved."
    )


@strawberry.input(description="A time that starts a flow.")
class ScheduleTriggerInput:
    cron: str = strawberry.field(description="Five-field cron.")
    time_zone: str = strawberry.field(default="UTC", description="IANA name.")
    exact: bool = strawberry.field(default=False, description=_EXACT)


@strawberry.input(one_of=True, description="What starts a flow; exactly one.")
class FlowTriggerInput:
    event: EventTriggerInput | None = given("An event.")
    schedule: ScheduleTriggerInput | None = given("A time.")
    manual: bool | None = given("Nothing by itself: true.")


@strawberry.input(description="A step's place in a flow.")
class FlowStepInput:
    step_id: strawberry.ID = strawberry.field(description="Which; each at most once in a flow.")
    role: FlowStepRole | None = given("Role; SOURCE for exports on top unless given.")
    proceed_on_failure: bool = strawberry.field(default=False, description=_PROCEED)
    response_mapping: str | None = given(_RESPONSE)
    on_miss: LookupMiss = strawberry.field(default=LookupMiss.KEEP, description=_MISS)


@strawberry.input(description="A new flow.")
class CreateFlowInput:
    integration_id: strawberry.ID | None = given("Where it belongs.")
    name: str = strawberry.field(description="Name.")
    description: str | None = given("What it is for.")
    trigger: FlowTriggerInput = strawberry.field(description="What starts it.")
    steps: list[FlowStepInput] = strawberry.field(description="Steps, in order; at most 100.")
    enabled: bool = strawberry.field(default=True, description="Triggered from now on.")
    group_id: str | None = given("Group.")
    overlap: FlowOverlap = strawberry.field(default=FlowOverlap.QUEUE_ONE, description=_OVERLAP)
    catch_up: FlowCatchUp = strawberry.field(default=FlowCatchUp.LATEST, description=_CATCH_UP)
    keep: FlowKeep = strawberry.field(default=FlowKeep.SAMPLE, description=_KEEP)
    runs_a_minute: int = strawberry.field(default=600, description=_RATE)
    allows_loops: bool = strawberry.field(default=False, description=_LOOPS)


@strawberry.input(description="New values of a flow; lists are replaced.")
class UpdateFlowInput:
    id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int | None = given("Refuse as Stale when it has moved on.")
    name: str | None = given("Name.")
    description: str | None = given("What it is for.")
    trigger: FlowTriggerInput | None = given("What starts it.")
    steps: list[FlowStepInput] | None = given("Steps, in order; at most 100.")
    enabled: bool | None = given("Triggered or not.")
    group_id: str | None = given("Group.")
    overlap: FlowOverlap | None = given(_OVERLAP)
    catch_up: FlowCatchUp | None = given(_CATCH_UP)
    keep: FlowKeep | None = given(_KEEP)
    runs_a_minute: int | None = given(_RATE)
    allows_loops: bool | None = given(_LOOPS)


@view(operations.FlowChange, "A flow as it is now.")
class FlowPayload:
    flow: Flow = column("The flow.")
    warnings: list[str] = column(
        "Doubts about its expressions, from recent events: names that these lack, inputs that a capability refuses."
    )


FlowResult = Result("FlowResult", FlowPayload, "A flow, or why not.")


async def _flow(root: Any, info: Info, id: strawberry.ID) -> Any:
    return await queries.read_flow(info.context.caller, row_id(id))


@strawberry.type
class Queries:
    """Root fields of this noun."""

    flows: CountedPageOf[Flow] = listing(
        queries.list_flows, "Flows, by name.", order=BY_NAME_KEY, filter=(FlowFilter, queries.FlowFilter)
    )
    flow: Flow | None = reading(queries.read_flow, _flow, "One flow.")


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    create_flow = mutation(
        operations.create_flow,
        FlowResult,
        "Make a flow, which runs as you.",
        input=CreateFlowInput,
        reads=change.CreateFlow,
    )
    update_flow = mutation(
        operations.update_flow,
        FlowResult,
        "Change a flow. It runs as you if you change what it does.",
        input=UpdateFlowInput,
        reads=change.UpdateFlow,
    )
    delete_flow = deletion(
        operations.delete_flow, Flow, "Remove a flow. Its unfinished runs are cancelled; all stay until purged."
    )
    take_over_flow = mutation_by_id(
        operations.take_over_flow, FlowResult, "Let a flow run as you, who must be allowed all that its steps do."
    )
