"""Recurring work on tokens: ended ones are removed."""

from __future__ import annotations

from typing import Final

from sqlalchemy import or_
from sqlmodel import col

from models.tables import Token
from resolvers.background import Background
from resolvers.expiry import DAY_MS, remove_some
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

_STAY_MS: Final = 90 * DAY_MS


@operation(needs=OPERATOR)
async def remove_ended_tokens(work: Work) -> int:
    """Remove tokens that were revoked or expired 90 days ago. Answers how many."""
    limit = work.now() - _STAY_MS
    return await remove_some(work, Token, or_(col(Token.revoked_at) <= limit, col(Token.expires_at) <= limit))


BACKGROUND: Final = {
    "token.remove": Background(run=lambda caller, _: remove_ended_tokens(caller), recurs="Remove ended tokens"),
}
