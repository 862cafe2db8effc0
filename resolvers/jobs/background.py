"""Recurring work on jobs: old ones are removed."""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_
from sqlmodel import col

from models.tables import Job
from models.vocabulary import WorkState
from resolvers.background import Background
from resolvers.expiry import DAY_MS, remove_some
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

_STAY_MS: Final = 7 * DAY_MS
_ENDED: Final = (WorkState.SUCCEEDED, WorkState.FAILED, WorkState.CANCELLED)


@operation(needs=OPERATOR)
async def remove_old_jobs(work: Work) -> int:
    """Remove jobs that ended 7 days ago. Answers how many."""
    old = and_(col(Job.state).in_(_ENDED), col(Job.finished_at) <= work.now() - _STAY_MS)
    return await remove_some(work, Job, old)


BACKGROUND: Final = {
    "job.remove": Background(run=lambda caller, _: remove_old_jobs(caller), recurs="Remove old jobs"),
}
