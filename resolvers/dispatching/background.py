"""Recurring work on dispatches: abandoned ones are settled, expired idempotency keys are removed."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlmodel import col

from models.row import feed_stamp
from models.tables import Dispatch, Idempotency
from models.vocabulary import DispatchOutcome
from resolvers.background import Background
from resolvers.expiry import BITE, remove_bite
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

GRACE_MS = 60_000
_EVERY_MS = 15_000
_SENTENCE = "The hub stopped between sending the call and recording its outcome."


@operation(needs=OPERATOR)
async def reap_dispatches(work: Work, orphaned_before: int = 0) -> int:
    """Mark unfinished dispatches as OUTCOME_UNKNOWN: long past their deadline, or older than `orphaned_before`.

    A process that is the only one passes the time of its start: no process will finish an older dispatch.
    Answers the number of marked dispatches.
    """
    now = work.now()
    abandoned = or_(
        col(Dispatch.deadline_at) + GRACE_MS < now,
        col(Dispatch.created_at) < orphaned_before,
    )
    marked: Any = await work.session.execute(
        update(Dispatch)
        .where(col(Dispatch.outcome).is_(None), abandoned)
        .values(outcome=DispatchOutcome.OUTCOME_UNKNOWN, error=_SENTENCE, finished_at=now, feed=feed_stamp())
        .execution_options(synchronize_session=False)
    )
    await work.repeat_job(_EVERY_MS)
    return int(marked.rowcount)


@operation(needs=OPERATOR)
async def expire_idempotency_keys(work: Work) -> int:
    """Remove expired idempotency keys. Answers how many."""
    expired = select(col(Idempotency.expires_at)).where(col(Idempotency.expires_at) <= work.now())
    bite = expired.order_by(col(Idempotency.expires_at)).limit(BITE).subquery()
    latest = (await work.session.execute(select(func.max(bite.c.expires_at)))).scalar_one() or 0
    return await remove_bite(work, Idempotency, col(Idempotency.expires_at) <= latest)


BACKGROUND: Final = {
    "dispatch.reap": Background(run=lambda caller, _: reap_dispatches(caller), recurs="Settle abandoned dispatches"),
    "idempotency.expire": Background(
        run=lambda caller, _: expire_idempotency_keys(caller), recurs="Forget idempotency keys"
    ),
}
