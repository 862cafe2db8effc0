"""Jobs: background work, its progress, and fields to cancel and retry it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.vocabulary import WorkState
from resolvers.integrations import verification
from resolvers.jobs import edges, queries
from resolvers.jobs import mutations as operations
from resolvers.page import NEWEST_FIRST
from resolvers.people import edges as people_edges
from schema.kit.context import Info
from schema.kit.field import column, derived, given, listing, reading, related, to_one
from schema.kit.ids import row_id
from schema.kit.mutation import mutation_by_id
from schema.kit.node import Node, RowNode, node, view
from schema.kit.page import PageOf
from schema.kit.result import row_result
from schema.kit.scalars import DateTime

if TYPE_CHECKING:
    from schema.principal import Principal


@view(dict, "The smallest part of a job.")
class JobStep:
    caption: str = derived(lambda step: step["caption"], "A line for people.")
    description: str = derived(lambda step: step["description"], "What it does.")
    started_at: DateTime | None = derived(lambda step: step["startedAt"], "When it began.")
    finished_at: DateTime | None = derived(lambda step: step["finishedAt"], "When it ended.")


@view(dict, "A part of a job.")
class JobTask:
    caption: str = derived(lambda task: task["caption"], "A line for people.")
    state: WorkState = derived(lambda task: WorkState(task["state"]), "How far.")
    steps: list[JobStep] = derived(lambda task: task["steps"], "Its steps.")
    error: str | None = derived(lambda task: task["error"], "Why it failed.")


def _subject(row: Any) -> Any:
    return (getattr(tables, row.subject_kind or "", None), row.subject_id)


@node(tables.Job)
class Job(RowNode):
    """Durable background work."""

    operation: str = column("What work, such as `integration.verify`.")
    caption: str = column("A line for people.")
    state: WorkState = column("How far.")
    progress: float | None = column("Share done, 0 to 1; null when unknown.")
    tasks: list[JobTask] = derived(lambda row: row.tasks or [], "Its tasks.")
    subject: Node | None = related(people_edges.ROW_BY_TABLE, _subject, "What it is about.")
    run_at: DateTime = column("Not before.")
    attempt: int = column("Tries so far.")
    max_attempts: int = column("Tries allowed.")
    error: str | None = column("Why the last try failed.")
    created_by: Annotated[Principal, strawberry.lazy("schema.organization")] | None = to_one(
        edges.CREATOR_BY_JOB, "Who asked for it."
    )
    created_at: DateTime = column("When it was queued.")
    started_at: DateTime | None = column("When the last try began.")
    finished_at: DateTime | None = column("When it ended.")


@strawberry.input(description="Conditions on jobs.")
class JobFilter:
    state: list[WorkState] | None = given("How far.")
    operation: list[str] | None = given("Operations, `*` at the end allowed.")
    subject_id: strawberry.ID | None = given("About what.")


JobResult = row_result("job", Job)


async def _job(root: Any, info: Info, id: strawberry.ID) -> Any:
    return await queries.read_job(info.context.caller, row_id(id))


@strawberry.type
class Queries:
    """Root fields of this noun."""

    jobs: PageOf[Job] = listing(
        queries.list_jobs, "Jobs, newest first.", order=NEWEST_FIRST, filter=(JobFilter, queries.JobFilter)
    )
    job: Job | None = reading(queries.read_job, _job, "One job.")


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    cancel_job = mutation_by_id(operations.cancel_job, JobResult, "Stop a job at its next checkpoint.")
    retry_job = mutation_by_id(operations.retry_job, JobResult, "Start a failed or cancelled job again.")
    verify_integration = mutation_by_id(verification.verify_integration, JobResult, "Check the credentials by a job.")
