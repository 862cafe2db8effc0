"""Relations of planned changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import Flow, FlowStep, Step
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.loaders.edge import Relation
from resolvers.scope import visible

#: Flows shown of one capability.
MOST_FLOWS: Final = 100


async def _flows(session: AsyncSession, caller: Caller, keys: Sequence[str | None]) -> dict[str, list[Flow]]:
    """The caller's flows with a step that dispatches each of these capabilities, by name, at most 100 of each.

    The key of a capability that does not exist yet is None.
    """
    capability_ids = [key for key in keys if key is not None]
    statement = (
        select(Flow, col(Step.capability_id))
        .join(FlowStep, col(FlowStep.flow_id) == col(Flow.id))
        .join(Step, col(Step.id) == col(FlowStep.step_id))
        .where(col(Step.capability_id).in_(capability_ids), *visible(caller, Flow))
        .order_by(col(Flow.name_key), col(Flow.id))
    )
    found: dict[str, dict[str, Flow]] = {capability_id: {} for capability_id in capability_ids}
    for flow, capability_id in (await session.execute(statement)).all():
        found[str(capability_id)][flow.id] = flow
    return {capability_id: list(flows.values())[:MOST_FLOWS] for capability_id, flows in found.items()}


FLOWS_BY_CAPABILITY: Final = Relation(load=_flows, needs=Permission.FLOWS_READ)
