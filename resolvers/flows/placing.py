"""The places of steps in a flow: roles by default, and the rows that replace the former ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, select
from sqlmodel import col

from models.tables import Flow, FlowStep, Step
from models.vocabulary import FlowStepRole, StepDirection
from resolvers.changes import changed
from resolvers.flows.change import PlacedStep
from resolvers.work import Work

_SOURCE, _PROCESSOR = FlowStepRole.SOURCE, FlowStepRole.PROCESSOR
_FACTS: Final = ("step_id", "role", "position", "proceed_on_failure", "response_mapping", "on_miss")


def places_of(flow: Flow, placed: Sequence[PlacedStep], steps: dict[str, Step]) -> list[FlowStep]:
    """The rows of these places, not yet added: sources first, each role in the given order."""
    roles = roles_of(placed, steps)
    counts = {_SOURCE: 0, _PROCESSOR: 0}
    rows = []
    for role, one in sorted(zip(roles, placed, strict=True), key=lambda pair: pair[0] is _PROCESSOR):
        rows.append(
            FlowStep(
                organization_id=flow.organization_id,
                flow_id=flow.id,
                step_id=one.step_id,
                role=role,
                position=counts[role],
                proceed_on_failure=one.proceed_on_failure,
                response_mapping=one.response_mapping,
                on_miss=one.on_miss,
            )
        )
        counts[role] += 1
    return rows


def roles_of(placed: Sequence[PlacedStep], steps: dict[str, Step]) -> list[FlowStepRole]:
    """The role of each place: as given, else SOURCE for the exports on top, before any processor."""
    roles: list[FlowStepRole] = []
    for one in placed:
        exports = one.step_id in steps and steps[one.step_id].direction is StepDirection.EXPORT
        roles.append(one.role or (_SOURCE if exports and _PROCESSOR not in roles else _PROCESSOR))
    return roles


async def current_places(work: Work, flow: Flow) -> list[FlowStep]:
    """The places of a flow in order: sources, then processors."""
    own = (col(FlowStep.flow_id) == flow.id, col(FlowStep.organization_id) == flow.organization_id)
    rows = await work.all(select(FlowStep).where(*own).order_by(col(FlowStep.position)))
    return sorted(rows, key=lambda row: row.role is _PROCESSOR)


async def replace_places(work: Work, flow: Flow, new: Sequence[FlowStep]) -> list[dict[str, Any]]:
    """Replace the places of a flow, unless they are equal. Answers the change for the audit, if any."""
    before, after = ([_facts(row) for row in rows] for rows in (await current_places(work, flow), new))
    if before == after:
        return []
    own = (col(FlowStep.flow_id) == flow.id, col(FlowStep.organization_id) == flow.organization_id)
    await work.session.execute(delete(FlowStep).where(*own), execution_options={"synchronize_session": False})
    work.session.add_all(new)
    return changed("steps", before, after)


async def steps_of(work: Work, ids: Sequence[str]) -> dict[str, Step]:
    """The steps with these ids that exist for the caller, by id."""
    if not ids:
        return {}
    return {row.id: row for row in await work.all(work.mine(Step).where(col(Step.id).in_(ids)))}


def _facts(row: FlowStep) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _FACTS}
