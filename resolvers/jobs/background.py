"""Recurring work on jobs: old ones are removed, those of unfinished deletions start again."""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_, not_
from sqlmodel import col

from models.tables import Job
from models.vocabulary import WorkState
from resolvers.background import Background
from resolvers.expiry import DAY_MS, remove_some
from resolvers.jobs.deletions import finishes_a_deletion, take_up_deletions
from resolvers.jobs.failures import announce_failed_jobs
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

#: Ended jobs stay so long, in ms.
STAY_MS: Final = 7 * DAY_MS
_ENDED: Final = (WorkState.SUCCEEDED, WorkState.FAILED, WorkState.CANCELLED)


@operation(needs=OPERATOR)
async def remove_old_jobs(work: Work) -> int:
    """Remove jobs that ended 7 days ago, except those of unfinished deletions. Answers how many."""
    ended = and_(col(Job.state).in_(_ENDED), col(Job.finished_at) <= work.now() - STAY_MS)
    old = and_(ended, not_(finishes_a_deletion()))
    return await remove_some(work, Job, old)


BACKGROUND: Final = {
    "job.announce_failures": Background(
        run=lambda caller, _: announce_failed_jobs(caller), recurs="Announce failed jobs"
    ),
    "job.remove": Background(run=lambda caller, _: remove_old_jobs(caller), recurs="Remove old jobs"),
    "job.take_up_deletions": Background(
        run=lambda caller, _: take_up_deletions(caller), recurs="Take up unfinished deletions"
    ),
}
