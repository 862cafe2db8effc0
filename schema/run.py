"""Runs of flows: the types, the inputs and the root fields of the noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.errors import NotReady, TooMany
from models.vocabulary import FlowTriggerKind, RecordFault, RunErrorState, RunReason, StopReason, WorkState
from resolvers.page import NEWEST_FIRST
from resolvers.runs import edges, fields, holding, queries, resuming, starting
from schema.dispatch import Dispatch
from schema.flow import Flow, FlowResult, RunErrorFilter
from schema.job import Job
from schema.kit.context import Info
from schema.kit.field import column, derived, given, listing, reading, related, to_many, to_one, viewed
from schema.kit.ids import row_id
from schema.kit.mutation import mutation, mutation_by_id
from schema.kit.node import RowNode, node, view
from schema.kit.page import PageOf
from schema.kit.result import Result, row_result
from schema.kit.scalars import JSON, DateTime
from schema.step import Step

if TYPE_CHECKING:
    from schema.event import Event


@node(tables.RunStep)
class RunStep(RowNode):
    """A checkpoint of a run: a step's work on one page. A finished one is never repeated."""

    run: Annotated[Run, strawberry.lazy("schema.run")] = to_one(edges.RUN_BY_STEP, "Of which run.")
    position: int = column("Position in the flow, from 0.")
    page: int = column("Page of the export, from 0.")
    step: Step | None = to_one(edges.STEP_BY_RUN_STEP, "The step; null when it is gone.")
    state: WorkState = column("How far.")
    stop_reason: StopReason | None = column("Why the export has no further page; null if it has one.")
    note: str | None = column("A remark, such as that the page changed between two tries.")
    samples: list[JSON] = viewed(
        fields.samples_of,
        "The first records with what was sent and answered, as the flow keeps them, secrets masked.",
    )
    input_count: int = column("Records in.")
    written_count: int = column("Records written, or read by an export.")
    ignored_count: int = column("Records that a filter or a look-up left out.")
    error_count: int = column("Records that failed.")
    waiting_count: int = column("Records that wait to be tried again.")
    started_at: DateTime | None = column("When it began.")
    finished_at: DateTime | None = column("When it ended.")


@node(tables.RunError)
class RunError(RowNode):
    """A record that failed in a run."""

    run: Annotated[Run, strawberry.lazy("schema.run")] = to_one(edges.RUN_BY_ERROR, "The run.")
    position: int = column("Position of the step in the flow, from 0.")
    page: int = column("Page of the export, from 0.")
    step: Step | None = to_one(edges.STEP_BY_ERROR, "The step; null when it is gone.")
    state: RunErrorState = column("Whether a person must look at it.")
    fault: RecordFault = column("Its class.")
    message: str = column("What went wrong.")
    record: JSON | None = viewed(
        fields.record_of, "The record as it came to the step, secrets masked; null when it is not kept any more."
    )
    dispatch: Dispatch | None = to_one(edges.DISPATCH_BY_ERROR, "The call that failed.")
    record_count: int = column("Records: more than one for a batch of which nobody knows the ones that failed.")
    group: str = derived(lambda row: row.group_digest, "Digest of its group in `runErrorGroups`.")
    tries: int = column("Calls that failed.")
    next_try_at: DateTime | None = column("When it is tried again by itself.")
    created_at: DateTime = column("When.")
    resolved_at: DateTime | None = column("When it was resolved or retried.")
    resolved_by_run: Annotated[Run, strawberry.lazy("schema.run")] | None = to_one(
        edges.RESOLVER_BY_ERROR, "The run that wrote the record: its own, or a later one."
    )


@node(tables.Run)
class Run(RowNode):
    """One execution of a flow."""

    flow: Annotated[Flow, strawberry.lazy("schema.flow")] | None = to_one(
        edges.FLOW_BY_RUN, "The flow; null when it is gone."
    )
    flow_name: str = column("Name of the flow when it started.")
    trigger: FlowTriggerKind = column("What started it.")
    state: WorkState = column("How far. SUSPENDED: it goes on by itself once it can. SKIPPED: it did nothing.")
    reason: RunReason | None = column("Why it is SUSPENDED, SKIPPED, FAILED or CANCELLED, in a word.")
    state_reason: str | None = derived(lambda row: row.error, "The same in a sentence.")
    error: str | None = derived(
        lambda row: row.error if row.state is WorkState.FAILED else None, "Why it failed, in a sentence."
    )
    event: Annotated[Event, strawberry.lazy("schema.event")] | None = to_one(
        edges.EVENT_BY_RUN, "The event that started it; null when you may not see it or it is gone."
    )
    job: Job | None = to_one(edges.JOB_BY_RUN, "The job that carries it; null when it did nothing or is long done.")
    origin: Annotated[Run, strawberry.lazy("schema.run")] | None = to_one(
        edges.ORIGIN_BY_RUN, "The run that it repeats."
    )
    steps: list[RunStep] = related(
        edges.STEPS_BY_RUN,
        lambda row: row.id,
        "Checkpoints by page and position; the last 100.",
        most=edges.MOST_STEPS,
    )
    errors: PageOf[RunError] = to_many(
        edges.ERRORS_BY_RUN, "Records that failed, newest first.", filter=(RunErrorFilter, queries.RunErrorFilter)
    )
    content_digest: str | None = column("SHA-256 of all that it does, as the flow was when it began.")
    chain: list[str] = column("Ids of the flows that led to it, itself last.")
    due_at: DateTime | None = column("The time of its schedule.")
    missed_count: int = column("Earlier times of its schedule that passed while the hub was down.")
    read_count: int = column("Records read: written, ignored, failed and waiting ones.")
    written_count: int = column("Records written.")
    ignored_count: int = column("Records that a filter or a look-up left out.")
    error_count: int = column("Records that failed.")
    waiting_count: int = column("Records that wait to be tried again.")
    created_at: DateTime = column("When it was queued.")
    started_at: DateTime | None = column("When it began.")
    finished_at: DateTime | None = column("When it ended.")


@strawberry.input(description="Conditions on runs.")
class RunFilter:
    flow_id: list[strawberry.ID] | None = given("Of these flows.")
    state: list[WorkState] | None = given("How far.")
    reason: list[RunReason] | None = given("Why they stand there.")
    since: DateTime | None = given("Queued from.")
    until: DateTime | None = given("Queued to, exclusive.")


@strawberry.input(description="A flow to run.")
class RunFlowInput:
    flow_id: strawberry.ID = strawberry.field(description="Which.")
    payload: JSON | None = given("Given to the first steps as inputs, at most 256 kB. An empty object when absent.")
    idempotency_key: str | None = given("Makes a retry safe for 24 hours.")


@strawberry.input(description="A paused flow to resume.")
class ResumeFlowInput:
    flow_id: strawberry.ID = strawberry.field(description="Which.")
    waiting: resuming.Waiting = strawberry.field(
        default=resuming.Waiting.RUN, description="What becomes of the runs that waited."
    )
    dry_run: bool = strawberry.field(default=False, description="Only count.")


@view(resuming.Resumed, "A flow that was resumed.")
class ResumeFlowPayload:
    flow: Flow = column("The flow.")
    waiting: int = column("Runs that waited, counted up to 10,000.")
    more: bool = column("There are more than were counted.")
    dropped: int = column("Those that were recorded as skipped.")


ResumeFlowResult = Result("ResumeFlowResult", ResumeFlowPayload, "A resumed flow, or why not.")
RunResult = row_result("run", Run, besides=(NotReady, TooMany))


async def _run(root: Any, info: Info, id: strawberry.ID) -> Any:
    return await queries.read_run(info.context.caller, row_id(id))


@strawberry.type
class Queries:
    """Root fields of this noun."""

    runs: PageOf[Run] = listing(
        queries.list_runs, "Runs of flows, newest first.", order=NEWEST_FIRST, filter=(RunFilter, queries.RunFilter)
    )
    run: Run | None = reading(queries.read_run, _run, "One run.")


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    run_flow = mutation(
        starting.run_flow,
        RunResult,
        "Run a flow now, also a disabled one. It waits for its earlier runs.",
        input=RunFlowInput,
        reads=starting.RunFlow,
    )
    pause_flow = mutation_by_id(
        resuming.pause_flow, FlowResult, "Let the runs of a flow wait, one under way after its page."
    )
    resume_flow = mutation(
        resuming.resume_flow,
        ResumeFlowResult,
        "Let the runs of a paused flow go on, with or without those that waited.",
        input=ResumeFlowInput,
        reads=resuming.ResumeFlow,
    )
    cancel_run = mutation_by_id(holding.cancel_run, RunResult, "Stop a run: a running one within seconds.")
