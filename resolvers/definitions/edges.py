"""Batch relations of definitions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import Definition, Integration
from resolvers.caller import Caller
from resolvers.definitions.fields import supports_multiple
from resolvers.loaders.edge import Relation

DefinitionKey = tuple[str, bool, bool]


def usable_key(row: Definition) -> DefinitionKey:
    """The key of a definition for `usable`."""
    return (row.id, row.deprecated, supports_multiple(row))


async def usable(session: AsyncSession, caller: Caller, keys: Sequence[DefinitionKey]) -> dict[DefinitionKey, bool]:
    """Whether a new integration is allowed, by (id, deprecated, supports several)."""
    single = [key[0] for key in keys if not key[2]]
    used = select(col(Integration.definition_id)).where(
        col(Integration.definition_id).in_(single),
        col(Integration.organization_id) == caller.organization_id,
        col(Integration.removed_at).is_(None),
    )
    taken = set((await session.execute(used)).scalars()) if single else set()
    return {key: not key[1] and key[0] not in taken for key in keys}


USABLE_BY_DEFINITION = Relation(load=usable)
