"""Edges from installations and from their places."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import Event, Installation, InstallationPlace, Integration, Organization, Place
from models.vocabulary import InstallationStatus, Permission
from resolvers.caller import Caller
from resolvers.loaders.edge import Edge, Relation, public
from resolvers.page import NEWEST_FIRST


async def _statuses(session: AsyncSession, caller: Caller, keys: Sequence[str]) -> dict[str, InstallationStatus]:
    """The status of installations, for places of them that the caller sees."""
    found = select(col(Installation.id), col(Installation.status)).where(col(Installation.id).in_(keys))
    return {row[0]: row[1] for row in await session.execute(found)}


INTEGRATION_BY_INSTALLATION = Edge(source=Installation, target=Integration, local="integration_id")
ORGANIZATION_BY_INSTALLATION = Edge(source=Installation, target=Organization, local="organization_id", rows=public)
EVENTS_BY_INSTALLATION = Edge(
    source=Installation, target=Event, remote="installation_id", order=NEWEST_FIRST, needs=Permission.EVENTS_READ
)
PLACES_BY_INSTALLATION = Edge(
    source=Installation, target=InstallationPlace, remote="installation_id", order=NEWEST_FIRST
)
INSTALLATION_BY_PLACE = Edge(source=InstallationPlace, target=Installation, local="installation_id")
#: A publisher sees the spaces and sites of others on which its app is enabled, from there only.
PLACE_BY_INSTALLATION_PLACE = Edge(source=InstallationPlace, target=Place, local="place_id", rows=public)
INSTALLATIONS_BY_PLACE = Edge(
    source=Place,
    target=InstallationPlace,
    remote="place_id",
    order=NEWEST_FIRST,
    needs=Permission.INSTALLATIONS_READ,
)
STATUS_BY_INSTALLATION = Relation(load=_statuses)
