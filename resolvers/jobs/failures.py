"""Failed jobs are announced: a job without tries left writes only its own row, so a recurring job tells of it.

Nothing is lost when a process stops between the two: the mark on the row and the event are one transaction.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import select, text, update
from sqlmodel import col

from jobs.queues import FLOWS
from models.job import UNTOLD
from models.tables import Job
from models.vocabulary import HubEvent, WorkState
from resolvers.announcing import own_work
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

_BITE: Final = 100
_EVERY_MS: Final = 15_000


@operation(needs=OPERATOR)
async def announce_failed_jobs(work: Work) -> int:
    """Announce up to 100 jobs that have failed, each once for each time that it ends so. Answers how many it found.

    Jobs of deliveries tell nothing: their events would need deliveries. Those of runs leave it to the run. The hub's
    own jobs have no organization. The next run is due at once after 100 jobs, else in 15 seconds.
    """
    untold = select(col(Job.id)).where(text(UNTOLD)).order_by(col(Job.id)).limit(_BITE)
    marked = (
        update(Job)
        .where(col(Job.id).in_(untold), col(Job.state) == WorkState.FAILED)
        .values(failure_told_at=work.now())
        .returning(col(Job.id))
        .execution_options(synchronize_session=False)
    )
    ids = sorted((await work.session.execute(marked)).scalars())
    jobs = await work.all(select(Job).where(col(Job.id).in_(ids)).order_by(col(Job.organization_id), col(Job.id)))
    for job in jobs:
        if job.queue != FLOWS:  # the run of such a job tells of its own end
            _announce(work, job)
    await work.repeat_job(0 if len(jobs) >= _BITE else _EVERY_MS)
    return len(jobs)


def _announce(work: Work, job: Job) -> None:
    """The error and the caption are left out: they may tell of a subject that a reader of the event does not see."""
    payload = {
        "jobId": job.id,
        "operation": job.operation,
        "subjectKind": job.subject_kind,
        "subjectId": job.subject_id,
        "attempts": job.attempt,
    }
    # A job about a user's own is seen by that user only, whatever its place.
    place = job.integration_id if job.principal_id is None else None
    own_work(work, job.organization_id or "").announce(HubEvent.JOB_FAILED, job.id, payload, integration_id=place)
