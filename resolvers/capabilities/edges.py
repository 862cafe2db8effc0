"""Edges from capabilities and event types, and the availability of capabilities."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import Capability, Definition, Dispatch, EventType, Installation, Integration
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.loaders.edge import Edge, Relation
from resolvers.page import NEWEST_FIRST
from resolvers.pick import picks
from resolvers.readiness import Availability, availability


async def _availabilities(
    session: AsyncSession, caller: Caller, capability_ids: Sequence[str]
) -> dict[str, Availability]:
    installed = and_(
        col(Installation.integration_id) == col(Integration.id),
        col(Installation.organization_id) == caller.organization_id,
    )
    rows = (
        await session.execute(
            select(Capability, Integration, Installation, Definition)
            .join(Integration, col(Integration.id) == col(Capability.integration_id))
            .outerjoin(Installation, installed)
            .outerjoin(Definition, col(Definition.id) == col(Integration.definition_id))
            .where(col(Capability.id).in_(capability_ids))
        )
    ).all()
    found = await picks(session, caller, list({row[1].id: row[1] for row in rows}.values()))
    return {
        capability.id: availability(capability, integration, installation, definition, found[integration.id])
        for capability, integration, installation, definition in rows
    }


INTEGRATION_BY_CAPABILITY = Edge(source=Capability, target=Integration, local="integration_id")
DISPATCHES_BY_CAPABILITY = Edge(
    source=Capability, target=Dispatch, remote="capability_id", order=NEWEST_FIRST, needs=Permission.DISPATCHES_READ
)
INTEGRATION_BY_EVENT_TYPE = Edge(source=EventType, target=Integration, local="integration_id")
AVAILABILITY_BY_CAPABILITY = Relation(load=_availabilities)
