"""Edges from users, teams and tokens, and rows of any table by id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from models.tables import Capability, Installation, Integration, Principal, TeamMember, Token
from resolvers.caller import Caller
from resolvers.loaders.edge import Edge, Link, Relation
from resolvers.page import BY_NAME_KEY
from resolvers.people.viewer import NODES
from resolvers.scope import visible


async def _allowed_capabilities(
    session: AsyncSession, caller: Caller, keys: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], list[Capability]]:
    wanted = {capability_id for key in keys for capability_id in key}
    chosen = select(Capability).where(col(Capability.id).in_(wanted), *visible(caller, Capability))
    found = {row.id: row for row in (await session.execute(chosen)).scalars()}
    return {key: [found[one] for one in key if one in found] for key in keys}


async def _rows(
    session: AsyncSession, caller: Caller, keys: Sequence[tuple[type[SQLModel] | None, str]]
) -> dict[tuple[type[SQLModel] | None, str], Any]:
    """Rows of the tables that are reached by id, those that the caller may read at all; None is no table."""
    wanted: dict[type[SQLModel], list[str]] = defaultdict(list)
    for model, row_id in keys:
        if model is not None and model in NODES and ((needs := NODES[model]) is None or caller.may(needs)):
            wanted[model].append(row_id)
    found: dict[tuple[type[SQLModel] | None, str], Any] = {}
    for model, ids in wanted.items():
        key: Any = model.id  # type: ignore[attr-defined]
        rows = (await session.execute(select(model).where(key.in_(ids), *visible(caller, model)))).scalars()
        found |= {(model, row.id): row for row in rows}  # type: ignore[attr-defined]
    return found


TEAMS_BY_PRINCIPAL = Edge(
    source=Principal,
    target=Principal,
    link=Link(table=TeamMember, source="user_id", target="team_id"),
    order=BY_NAME_KEY,
)
MEMBERS_BY_PRINCIPAL = Edge(
    source=Principal,
    target=Principal,
    link=Link(table=TeamMember, source="team_id", target="user_id"),
    order=BY_NAME_KEY,
)
PRINCIPAL_BY_TOKEN = Edge(source=Token, target=Principal, local="principal_id")
INTEGRATION_BY_TOKEN = Edge(source=Token, target=Integration, local="integration_id")
INSTALLATION_BY_TOKEN = Edge(source=Token, target=Installation, local="installation_id")
ALLOWED_CAPABILITIES_BY_TOKEN = Relation(load=_allowed_capabilities)
ROW_BY_TABLE = Relation(load=_rows)
