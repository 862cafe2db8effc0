"""Recurring work on uploads: unused ones are removed."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import delete
from sqlmodel import col

from models.tables import Asset
from resolvers.background import Background
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

_INTERVAL_MS: Final = 600_000


@operation(needs=OPERATOR)
async def expire_uploads(work: Work) -> int:
    """Remove expired uploads that were never used. Answers how many."""
    removed: Any = await work.session.execute(delete(Asset).where(col(Asset.expires_at) <= work.now()))
    await work.repeat_job(_INTERVAL_MS)
    return int(removed.rowcount)


BACKGROUND: Final = {
    "upload.expire": Background(run=lambda caller, _: expire_uploads(caller), recurs="Remove unused uploads"),
}
