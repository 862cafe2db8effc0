"""The master keys that the database knows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from models.tables import MasterKey
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work


@operation(needs=OPERATOR, reads=True)
async def list_keys(work: Work) -> Sequence[MasterKey]:
    """List every key that was ever entered, oldest first."""
    return await work.all(select(MasterKey).order_by(col(MasterKey.version)))
