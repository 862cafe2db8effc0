"""Jobs: cancel and retry."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from jobs.job import JOBS
from jobs.lanes import lock_lane_of, open_lanes, to_the_end
from models.errors import Conflict, NotFound
from models.job import database_now
from models.row import feed_stamp
from models.tables import Job
from models.vocabulary import Permission, WorkState
from resolvers.emission.runs import RUN_FLOW
from resolvers.integrations.deletion import FINISH
from resolvers.integrations.verification import VERIFY
from resolvers.oauth.revocation import REVOKE
from resolvers.operation import operation
from resolvers.webhooks.catching_up import CATCH_UP
from resolvers.work import Work

_UNFINISHED: Final = (WorkState.QUEUED, WorkState.RUNNING)
_VERIFY_AGAIN: Final = "A verification that has ended is not started again; verify its integration again."
_CANCEL_RUN: Final = "This job works on a run of a flow; cancel the run with cancelRun."
_TWIN: Final = "The same work was asked for again meanwhile, and that job has not ended; wait for it."
#: Jobs that finish a deletion. Stopped half-way, they would leave secrets that nobody can see or remove any more.
_OF_DELETIONS: Final = (FINISH, REVOKE)
_STARTABLE: Final = (WorkState.FAILED, WorkState.CANCELLED)


@operation(needs=Permission.JOBS_WRITE, refuses=(NotFound, Conflict))
async def cancel_job(work: Work, id: str) -> Job:
    """Cancel a job: a queued one at once, a running one at its next checkpoint. A second time changes nothing.

    A job that finishes a deletion is not cancelled; a run of a flow is cancelled itself.
    """
    await lock_lane_of(work.session, id)
    job = await work.lock(Job, id, path=("id",))
    if job.state is WorkState.CANCELLED:
        return job
    if job.state not in _UNFINISHED:
        raise Conflict("The job has ended already.", existing=job, path=("id",))
    if job.operation in _OF_DELETIONS:
        raise Conflict(
            "This job removes secrets of something that is deleted already, so it cannot be cancelled;"
            " wait until it ends, and retry it if it fails.",
            existing=job,
            path=("id",),
        )
    if job.operation == CATCH_UP:
        sentence = "This job brings older events to a webhook, which gets no others before; disable the webhook."
        raise Conflict(sentence, existing=job, path=("id",))
    if job.operation == RUN_FLOW:
        raise Conflict(_CANCEL_RUN, existing=job, path=("id",))
    return await stop_job(work, job)


async def stop_job(work: Work, job: Job) -> Job:
    """Cancel an unfinished job, whose lane is locked, and then its row. One that has ended stays as it is."""
    if job.state not in _UNFINISHED:
        return job
    job.state = WorkState.CANCELLED
    job.finished_at = work.now()
    job.tasks = [_stopped(task) for task in job.tasks] if job.tasks else job.tasks
    changed = await _changed(work, job, "job.cancelled")
    await open_lanes(work.session, [job.lane])
    return changed


@operation(needs=Permission.JOBS_WRITE, refuses=(NotFound, Conflict))
async def retry_job(work: Work, id: str) -> Job:
    """Start a failed or cancelled job again, with at least one more attempt. An unfinished job stays unchanged.

    A verification is refused: its end is a state of its integration, which only a new one may leave.
    """
    await lock_lane_of(work.session, id)
    job = await work.lock(Job, id, path=("id",))
    if job.state in _UNFINISHED:
        return job
    if job.state not in _STARTABLE:
        raise Conflict("The job has succeeded, so it cannot be retried.", existing=job, path=("id",))
    if job.operation == VERIFY:
        raise Conflict(_VERIFY_AGAIN, existing=job, path=("id",))
    if job.operation == RUN_FLOW:
        raise Conflict("This job worked on a run of a flow, which has ended.", existing=job, path=("id",))
    await _require_no_twin(work, job)
    return await start_again(work, job)


async def start_again(work: Work, job: Job) -> Job:
    """Queue a job that has failed or was cancelled, with at least one more attempt, at the end of its lane.

    The lane is locked, and then the job.
    """
    await to_the_end(work.session, job)
    job.state = WorkState.QUEUED
    job.max_attempts = max(job.max_attempts, job.attempt + 1)
    job.finished_at = job.error = job.progress = job.tasks = job.failure_told_at = None
    return await _changed(work, job, "job.retried", run_at=database_now())


async def _require_no_twin(work: Work, job: Job) -> None:
    """Raise Conflict while another job with the same dedupe key is under way."""
    if job.dedupe_key is None:
        return
    same = (col(Job.dedupe_key) == job.dedupe_key, col(Job.state).in_(_UNFINISHED))
    twin = await work.first(select(Job).where(*same))
    if twin is not None:
        raise Conflict(_TWIN, existing=await work.find(Job, twin.id), path=("id",))


def _stopped(task: dict[str, Any]) -> dict[str, Any]:
    """The task as cancelled if it was running: the job reports no more, so it would seem to run for ever."""
    return task | {"state": WorkState.CANCELLED} if task["state"] == WorkState.RUNNING else task


async def _changed(work: Work, job: Job, action: str, **stamps: Any) -> Job:
    work.audit(job, action)
    for column, expression in {"feed": feed_stamp(), **stamps}.items():
        setattr(job, column, expression)  # computed by the database at the flush
    await work.flush()
    await work.session.refresh(job)
    work.wake(JOBS)
    return job
