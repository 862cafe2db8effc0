"""Recurring work on connect sessions: old ones are removed."""

from __future__ import annotations

from typing import Final

from sqlmodel import col

from models.tables import ConnectSession
from resolvers.background import Background
from resolvers.expiry import DAY_MS, remove_some
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work


@operation(needs=OPERATOR)
async def remove_connect_sessions(work: Work) -> int:
    """Remove connect sessions that expired at least a day ago, however they ended. Answers how many."""
    return await remove_some(work, ConnectSession, col(ConnectSession.expires_at) <= work.now() - DAY_MS)


BACKGROUND: Final = {
    "connect_session.remove": Background(
        run=lambda caller, _: remove_connect_sessions(caller), recurs="Remove old connect sessions"
    ),
}
