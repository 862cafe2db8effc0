"""Failed records: their groups, the list of them, and the fields that resolve, mend and give them away."""

from __future__ import annotations

from typing import Any

import strawberry

from models.vocabulary import RecordFault, RunDefinition, RunErrorState, RunFrom
from resolvers.page import NEWEST_FIRST
from resolvers.runs import editing, groups, repeating, resolving
from schema.job import Job
from schema.kit.context import Info
from schema.kit.field import column, given, listing, reading
from schema.kit.ids import row_id
from schema.kit.mutation import asked, mutation
from schema.kit.node import view
from schema.kit.page import PageOf
from schema.kit.result import Result
from schema.kit.scalars import JSON, DateTime
from schema.run import RunError, RunResult

_SELECTED = "Of one flow: give at least one of runId, flowId and errorIds; all that is given must hold."


@strawberry.input(description="A run to repeat.")
class RetryRunInput:
    run_id: strawberry.ID = strawberry.field(description="Which; it has ended.")
    begin: RunFrom = strawberry.field(default=RunFrom.START, description="Its beginning.")
    definition: RunDefinition = strawberry.field(
        default=RunDefinition.AS_RAN,
        description="Of the work from there on. CURRENT is refused if finished steps differ from it.",
    )


@view(groups.RunErrorGroup, "Unresolved errors of one step, class and shape of message.")
class RunErrorGroup:
    digest: str = column("Names the group in filters and orders.")
    fault: RecordFault = column("Their class.")
    message: str = column("The message of the newest one.")
    count: int = column("Errors.")
    record_count: int = column("Records: an error of a batch stands for all of it.")
    first_at: DateTime = column("When the first one was.")
    last_at: DateTime = column("When the newest one was.")
    example: RunError = column("The newest one.")


@strawberry.input(description="Conditions on failed records.")
class RunErrorsFilter:
    flow_id: list[strawberry.ID] | None = given("Of these flows.")
    run_id: list[strawberry.ID] | None = given("Of these runs.")
    step_id: list[strawberry.ID] | None = given("At these steps.")
    fault: list[RecordFault] | None = given("Of these classes.")
    state: list[RunErrorState] | None = given("How they stand.")
    group: str | None = given("Of the group with this digest.")
    since: DateTime | None = given("From.")


@strawberry.input(description=f"Failed records to resolve. {_SELECTED}")
class ResolveRunErrorsInput:
    run_id: strawberry.ID | None = given("Of this run.")
    flow_id: strawberry.ID | None = given("Of this flow.")
    error_ids: list[strawberry.ID] | None = given("These, at most 1000.")
    group: str | None = given("Of the group with this digest.")
    retry: bool = strawberry.field(default=True, description="Try again instead of only marking.")
    definition: RunDefinition = strawberry.field(
        default=RunDefinition.AS_RAN, description="The definition by which they are tried again."
    )


@strawberry.input(description="A mended record, tried again in place of one that failed.")
class UpdateRunErrorInput:
    id: strawberry.ID = strawberry.field(description="Which error.")
    record: JSON = strawberry.field(
        description="The record. Members that are as they were shown keep what was masked in them."
    )
    definition: RunDefinition = strawberry.field(
        default=RunDefinition.AS_RAN, description="The definition by which it is tried again."
    )


@strawberry.input(description=f"Failed records to give away. {_SELECTED}")
class AssignRunErrorsInput:
    run_id: strawberry.ID | None = given("Of this run.")
    flow_id: strawberry.ID | None = given("Of this flow.")
    error_ids: list[strawberry.ID] | None = given("These, at most 1000.")
    group: str | None = given("Of the group with this digest.")
    assigned_to: strawberry.ID | None = given("A user or team; null: nobody.")


@view(resolving.ResolvedErrors, "The errors that an order has changed.")
class RunErrorsPayload:
    count: int = column("How many it has changed. Those that are being tried again already are left out.")
    job: Job | None = column("The job that tries them again, which can be cancelled; null if nothing is tried.")


RunErrorsResult = Result("RunErrorsResult", RunErrorsPayload, "The errors that were changed, or why not.")


async def _error(root: Any, info: Info, id: strawberry.ID) -> Any:
    return await groups.read_run_error(info.context.caller, row_id(id))


async def _groups(
    root: Any, info: Info, flow_id: strawberry.ID, run_id: strawberry.ID | None = None
) -> list[RunErrorGroup]:
    run = None if run_id is None else row_id(run_id)
    return await asked(info, groups.list_run_error_groups, row_id(flow_id), run)  # type: ignore[no-any-return]


@strawberry.type
class Queries:
    """Root fields of this noun."""

    run_errors: PageOf[RunError] = listing(
        groups.list_run_errors,
        "Failed records of all flows, newest first.",
        order=NEWEST_FIRST,
        filter=(RunErrorsFilter, groups.RunErrorFilter),
    )
    run_error: RunError | None = reading(groups.read_run_error, _error, "One failed record.")
    run_error_groups: list[RunErrorGroup] = reading(
        groups.list_run_error_groups,
        _groups,
        "The unresolved errors of a flow, or of one of its runs, by their cause; the 100 greatest groups.",
        metadata={"cost": 100, "rows": 100},
    )


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    retry_run = mutation(
        repeating.retry_run,
        RunResult,
        "Repeat a run: by another run that names it, or, of FAILED_RECORDS, in the run itself.",
        input=RetryRunInput,
        reads=repeating.RetryRun,
    )
    resolve_run_errors = mutation(
        resolving.resolve_run_errors,
        RunErrorsResult,
        "Try failed records again, each at its step, or mark them as resolved.",
        input=ResolveRunErrorsInput,
        reads=resolving.ResolveRunErrors,
    )
    update_run_error = mutation(
        editing.update_run_error,
        RunErrorsResult,
        "Mend a failed record and try it again.",
        input=UpdateRunErrorInput,
        reads=editing.UpdateRunError,
    )
    assign_run_errors = mutation(
        editing.assign_run_errors,
        RunErrorsResult,
        "Give failed records to a user or team, or to nobody.",
        input=AssignRunErrorsInput,
        reads=editing.AssignRunErrors,
    )
