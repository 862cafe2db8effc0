"""Edges of flows and steps."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import Capability, Connection, Flow, FlowStep, Integration, Principal, Step, Token
from models.vocabulary import FlowStepRole, Permission
from resolvers.caller import Caller
from resolvers.loaders.edge import Edge, Link, Relation
from resolvers.page import BY_NAME_KEY
from resolvers.scope import visible

_READ: Permission = Permission.FLOWS_READ


async def _places(session: AsyncSession, caller: Caller, keys: Sequence[str]) -> dict[str, list[FlowStep]]:
    """The places of each flow in order: sources, then processors."""
    own = select(FlowStep).where(col(FlowStep.flow_id).in_(keys), *visible(caller, FlowStep))
    rows = (await session.execute(own.order_by(col(FlowStep.position)))).scalars().all()
    found: dict[str, list[FlowStep]] = {key: [] for key in keys}
    for row in sorted(rows, key=lambda row: row.role is FlowStepRole.PROCESSOR):
        found[row.flow_id].append(row)
    return found


PLACES_BY_FLOW = Relation(load=_places)
INTEGRATION_BY_FLOW = Edge(source=Flow, target=Integration, local="integration_id")
PRINCIPAL_BY_FLOW = Edge(source=Flow, target=Principal, local="run_as_id")
TOKEN_BY_FLOW = Edge(source=Flow, target=Token, local="run_as_token_id")
STEP_BY_PLACE = Edge(source=FlowStep, target=Step, local="step_id", needs=_READ)
FLOWS_BY_STEP = Edge(
    source=Step,
    target=Flow,
    link=Link(table=FlowStep, source="step_id", target="flow_id"),
    order=BY_NAME_KEY,
    needs=_READ,
)
INTEGRATION_BY_STEP = Edge(source=Step, target=Integration, local="integration_id")
CAPABILITY_BY_STEP = Edge(source=Step, target=Capability, local="capability_id")
CONNECTION_BY_STEP = Edge(source=Step, target=Connection, local="connection_id", needs=Permission.CONNECTIONS_READ)
FLOWS_BY_INTEGRATION = Edge(source=Integration, target=Flow, remote="integration_id", order=BY_NAME_KEY, needs=_READ)
STEPS_BY_INTEGRATION = Edge(source=Integration, target=Step, remote="integration_id", order=BY_NAME_KEY, needs=_READ)
