"""Edges from connect sessions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import Connection, ConnectSession, Integration, Principal
from resolvers.caller import Caller
from resolvers.loaders.edge import Edge, Relation
from resolvers.scope import visible


async def _offered(
    session: AsyncSession, caller: Caller, keys: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], list[Integration]]:
    wanted = {integration_id for key in keys for integration_id in key}
    offered = select(Integration).where(col(Integration.id).in_(wanted), *visible(caller, Integration))
    found = {row.id: row for row in (await session.execute(offered)).scalars()}
    return {key: [found[one] for one in key if one in found] for key in keys}


PRINCIPAL_BY_CONNECT_SESSION = Edge(source=ConnectSession, target=Principal, local="principal_id")
CONNECTION_BY_CONNECT_SESSION = Edge(source=ConnectSession, target=Connection, local="connection_id")
INTEGRATIONS_BY_CONNECT_SESSION = Relation(load=_offered)
