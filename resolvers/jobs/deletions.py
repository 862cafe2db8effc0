"""Deletions whose job ended before its work was done: they are taken up again, at growing distances.

An integration that is being deleted keeps secrets that nobody sees, and a revocation keeps tokens that still work. So
each has an unfinished job, or gets one here.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select
from sqlmodel import col

from models.tables import Integration, Job
from models.vocabulary import IntegrationState, WorkState
from resolvers.caller import Caller
from resolvers.expiry import DAY_MS
from resolvers.integrations.deletion import FINISH, ask_to_finish
from resolvers.jobs.mutations import start_again
from resolvers.oauth.revocation import REVOKE
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

_EVERY_MS: Final = 300_000
_LONGEST_PAUSE_MS: Final = DAY_MS // 4
#: A vendor that does not answer for so long will not revoke the tokens of a removed connection.
_REVOKED_WITHIN_MS: Final = 7 * DAY_MS
_BITE: Final = 100
_ENDED: Final = (WorkState.FAILED, WorkState.CANCELLED)


@operation(needs=OPERATOR)
async def take_up_deletions(work: Work) -> int:
    """Start ended jobs of unfinished deletions again, and enqueue one for each deletion without a job.

    A job that has ended rests for as long as it was tried, for five minutes at least and six hours at most. A
    revocation that gave up stays ended: no further try would help. Answers how many jobs were started.
    """
    jobs = await work.all(_rested(work).order_by(col(Job.id)).limit(_BITE).with_for_update())
    for job in jobs:
        await start_again(_in(work, job.organization_id), job)
    stranded = await work.all(_stranded().order_by(col(Integration.id)).limit(_BITE).with_for_update())
    for integration in stranded:
        await ask_to_finish(_in(work, integration.organization_id), integration)
    await work.repeat_job(0 if _BITE in (len(jobs), len(stranded)) else _EVERY_MS)
    return len(jobs) + len(stranded)


def finishes_a_deletion() -> ColumnElement[bool]:
    """Whether a job is that of an integration whose deletion has not ended: it has the client that revokes tokens."""
    unfinished = exists().where(
        col(Integration.id) == col(Job.subject_id), col(Integration.state) == IntegrationState.DELETING
    )
    return and_(col(Job.operation) == FINISH, unfinished)


def _rested(work: Work) -> Select[Job]:
    """The ended jobs that are due again."""
    ended = func.coalesce(col(Job.finished_at), col(Job.updated_at))
    gave_up = and_(col(Job.state) == WorkState.FAILED, col(Job.attempt) < col(Job.max_attempts))
    in_time = col(Job.created_at) > work.now() - _REVOKED_WITHIN_MS
    return select(Job).where(
        col(Job.state).in_(_ENDED),
        or_(finishes_a_deletion(), and_(col(Job.operation) == REVOKE, in_time, not_(gave_up))),
        ended <= work.now() - _EVERY_MS,
        or_(ended * 2 - col(Job.created_at) <= work.now(), ended <= work.now() - _LONGEST_PAUSE_MS),
    )


def _stranded() -> Select[Integration]:
    """Integrations whose deletion has no job any more: it ended so long ago that it was removed."""
    of_it = and_(col(Job.subject_id) == col(Integration.id), col(Job.operation) == FINISH)
    job = exists().where(of_it, col(Job.state) != WorkState.SUCCEEDED)
    return select(Integration).where(col(Integration.state) == IntegrationState.DELETING, not_(job))


def _in(work: Work, organization_id: str | None) -> Work:
    """The same transaction, as the hub in an organization."""
    return work.as_caller(Caller.of_hub(work.hub, organization_id or ""))
