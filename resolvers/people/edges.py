"""Edges from users, teams and tokens, and rows of any table by id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeGuard

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.row import Row
from models.tables import Capability, Installation, Integration, Principal, TeamMember, Token
from resolvers.caller import Caller
from resolvers.loaders.edge import Edge, Link, Relation
from resolvers.page import BY_NAME_KEY
from resolvers.scope import visible


async def _allowed_capabilities(
    session: AsyncSession, caller: Caller, keys: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], list[Capability]]:
    wanted = {capability_id for key in keys for capability_id in key}
    chosen = select(Capability).where(col(Capability.id).in_(wanted), *visible(caller, Capability))
    found = {row.id: row for row in (await session.execute(chosen)).scalars()}
    return {key: [found[one] for one in key if one in found] for key in keys}


async def _rows(
    session: AsyncSession, caller: Caller, keys: Sequence[tuple[type[Row] | None, str]]
) -> dict[tuple[type[Row] | None, str], Row]:
    """Rows by table and id, of the tables that the caller may read. A key with None as its table has no row."""
    wanted: dict[type[Row], list[str]] = defaultdict(list)
    for model, row_id in keys:
        if _is_readable(model, caller):
            wanted[model].append(row_id)
    found: dict[tuple[type[Row] | None, str], Row] = {}
    for model, ids in wanted.items():
        chosen = select(model).where(col(model.id).in_(ids), *visible(caller, model))
        found |= {(model, row.id): row for row in (await session.execute(chosen)).scalars()}
    return found


def _is_readable(model: type[Row] | None, caller: Caller) -> TypeGuard[type[Row]]:
    if model is None or not hasattr(model, "read_permission"):
        return False
    return model.read_permission is None or caller.may(model.read_permission)


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
MAKER_BY_TOKEN = Edge(source=Token, target=Principal, local="created_by")
INTEGRATION_BY_TOKEN = Edge(source=Token, target=Integration, local="integration_id")
INSTALLATION_BY_TOKEN = Edge(source=Token, target=Installation, local="installation_id")
ALLOWED_CAPABILITIES_BY_TOKEN = Relation(load=_allowed_capabilities)
ROW_BY_TABLE = Relation(load=_rows)
