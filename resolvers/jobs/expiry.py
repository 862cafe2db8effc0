"""What ends by itself: idempotency keys, tokens, old jobs. Each run takes a bite and asks for the next."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlmodel import col

from models.tables import ConnectSession, Idempotency, Job, Token
from models.vocabulary import WorkState
from resolvers.background import Background
from resolvers.operation import OPERATOR, operation
from resolvers.uploads.mutations import expire_uploads
from resolvers.work import Work

_DAY_MS: Final = 24 * 3600 * 1000
_HOUR_MS: Final = 3600 * 1000
_TOKENS_STAY_MS: Final = 90 * _DAY_MS
_CONNECT_SESSIONS_STAY_MS: Final = _DAY_MS
_JOBS_STAY_MS: Final = 7 * _DAY_MS
_BITE: Final = 1000
_ENDED: Final = (WorkState.SUCCEEDED, WorkState.FAILED, WorkState.CANCELLED)


@operation(needs=OPERATOR)
async def expire_idempotency_keys(work: Work) -> int:
    """Forget keys whose time is over. Answers how many."""
    expired = select(col(Idempotency.expires_at)).where(col(Idempotency.expires_at) <= work.now())
    bite = expired.order_by(col(Idempotency.expires_at)).limit(_BITE).subquery()
    latest = (await work.session.execute(select(func.max(bite.c.expires_at)))).scalar_one()
    gone = 0 if latest is None else await _delete(work, Idempotency, col(Idempotency.expires_at) <= latest)
    return await _next(work, gone)


@operation(needs=OPERATOR)
async def remove_ended_tokens(work: Work) -> int:
    """Remove tokens that were revoked or expired 90 days ago. Answers how many."""
    limit = work.now() - _TOKENS_STAY_MS
    ended = or_(col(Token.revoked_at) <= limit, col(Token.expires_at) <= limit)
    return await _next(work, await _delete(work, Token, _some(Token, ended)))


@operation(needs=OPERATOR)
async def remove_connect_sessions(work: Work) -> int:
    """Remove connect sessions that ended, or would have, a day ago. Answers how many."""
    over = col(ConnectSession.expires_at) <= work.now() - _CONNECT_SESSIONS_STAY_MS
    return await _next(work, await _delete(work, ConnectSession, _some(ConnectSession, over)))


@operation(needs=OPERATOR)
async def remove_old_jobs(work: Work) -> int:
    """Remove jobs that ended 7 days ago. Answers how many."""
    old = and_(col(Job.state).in_(_ENDED), col(Job.finished_at) <= work.now() - _JOBS_STAY_MS)
    return await _next(work, await _delete(work, Job, _some(Job, old)))


def _some(model: Any, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return col(model.id).in_(select(col(model.id)).where(condition).limit(_BITE))


async def _delete(work: Work, model: Any, condition: ColumnElement[bool]) -> int:
    gone: Any = await work.session.execute(
        delete(model).where(condition), execution_options={"synchronize_session": False}
    )
    return int(gone.rowcount)


async def _next(work: Work, gone: int) -> int:
    await work.repeat_job(0 if gone >= _BITE else _HOUR_MS)
    return gone


#: Whatever else ends by itself joins here: an operation that takes a bite and calls `Work.repeat_job`.
BACKGROUND: Final = {
    "idempotency.expire": Background(
        run=lambda caller, _: expire_idempotency_keys(caller), recurs="Forget idempotency keys"
    ),
    "token.remove": Background(run=lambda caller, _: remove_ended_tokens(caller), recurs="Remove ended tokens"),
    "connect_session.remove": Background(
        run=lambda caller, _: remove_connect_sessions(caller), recurs="Remove old connect sessions"
    ),
    "upload.expire": Background(run=lambda caller, _: expire_uploads(caller), recurs="Remove unused uploads"),
    "job.remove": Background(run=lambda caller, _: remove_old_jobs(caller), recurs="Remove old jobs"),
}
