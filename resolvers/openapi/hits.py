"""The flows that a change of a capability hits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.tables import Flow, FlowStep, Step
from models.vocabulary import Permission
from resolvers.scope import visible
from resolvers.work import Work

#: Flows shown of one capability.
MOST_FLOWS: Final = 100


@dataclass(frozen=True, kw_only=True)
class HitFlow:
    """A flow with a step that dispatches a capability."""

    id: str
    name: str


async def flows_hit(work: Work, capability_ids: Collection[str]) -> Mapping[str, list[HitFlow]]:
    """The caller's flows with a step that dispatches each of these capabilities, by name, at most 100 of each.

    None for a caller without FLOWS_READ.
    """
    if not capability_ids or not work.caller.may(Permission.FLOWS_READ):
        return {}
    statement = (
        select(col(Flow.id), col(Flow.name), col(Step.capability_id))
        .join(FlowStep, col(FlowStep.flow_id) == col(Flow.id))
        .join(Step, col(Step.id) == col(FlowStep.step_id))
        .where(col(Step.capability_id).in_(capability_ids), *visible(work.caller, Flow))
        .order_by(col(Flow.name_key), col(Flow.id))
    )
    found: dict[str, dict[str, HitFlow]] = defaultdict(dict)
    for flow_id, name, capability_id in await work.session.execute(statement):
        found[str(capability_id)][flow_id] = HitFlow(id=flow_id, name=name)
    return {capability_id: list(flows.values())[:MOST_FLOWS] for capability_id, flows in found.items()}
