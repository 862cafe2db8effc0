"""How to call operations and root fields about flows and steps."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.tables import Flow
from models.vocabulary import Permission, StepDirection
from resolvers.flows.change import CreateFlow, FlowTrigger, UpdateFlow
from resolvers.flows.mutations import delete_flow
from resolvers.flows.queries import FlowFilter, StepFilter
from resolvers.flows.step_change import CreateStep, UpdateStep
from resolvers.page import SliceRequest
from schema.kit.ids import global_id
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign
from tests.harness.roles import Right

_PAGE = SliceRequest(size=100, count=True)
_REQUEST = {"method": "POST", "path": "/ok"}


def _flow(estate: Estate) -> str:
    return global_id("Flow", estate.things["flow"].id)


def _step(estate: Estate) -> str:
    return global_id("Step", estate.things["step"].id)


def _input(**members: Any) -> dict[str, Any]:
    return {"input": members}


def _new_step(estate: Estate) -> tuple[CreateStep]:
    facts = {"request": _REQUEST, "integration_id": estate.integration.id}
    return (CreateStep(name="New", direction=StepDirection.IMPORT, **facts),)


def _new_flow(estate: Estate) -> tuple[CreateFlow]:
    return (CreateFlow(name="New", integration_id=estate.integration.id, trigger=FlowTrigger(manual=True), steps=()),)


async def _without_flow(estate: Estate) -> None:
    await estate.run(delete_flow, estate.things["flow"].id)


async def _of_nobody(estate: Estate) -> None:
    """The user as whom the flow ran is gone."""
    await estate.hub.run(_set_of_nobody(estate))


async def _set_of_nobody(estate: Estate) -> None:
    changed = update(Flow).where(col(Flow.id) == estate.things["flow"].id).values(run_as_id=None)
    async with estate.hub.app.state.hub.database.write() as session:
        await session.execute(changed)


CALLS: dict[str, Call] = {
    "create_step": Call(given=_new_step, audits=("step.created",)),
    "update_step": Call(
        given=lambda e: (UpdateStep(id=e.things["step"].id, mapping="a"),),
        audits=("step.updated",),
        right=Right.CHANGING,
    ),
    "delete_step": Call(given=lambda e: (e.things["step"].id,), prepare=_without_flow, audits=("step.deleted",)),
    "create_flow": Call(given=_new_flow, audits=("flow.created",), right=Right.CHANGING),
    "update_flow": Call(
        given=lambda e: (UpdateFlow(id=e.things["flow"].id, description="New"),),
        audits=("flow.updated",),
        right=Right.CHANGING,
    ),
    "delete_flow": Call(given=lambda e: (e.things["flow"].id,), audits=("flow.deleted",), right=Right.CHANGING),
    "take_over_flow": Call(
        given=lambda e: (e.things["flow"].id,),
        prepare=_of_nobody,
        audits=("flow.taken_over",),
        right=Right.CHANGING,
    ),
    "list_flows": Call(given=lambda e: (FlowFilter(search=e.word), _PAGE), foreign=Foreign.EMPTY),
    "read_flow": Call(given=lambda e: (e.things["flow"].id,), foreign=Foreign.NONE),
    "list_steps": Call(given=lambda e: (StepFilter(search=e.word), _PAGE), foreign=Foreign.EMPTY),
    "read_step": Call(given=lambda e: (e.things["step"].id,), foreign=Foreign.NONE),
}

ROOTS: dict[str, Call] = {
    "flows": Call(given=lambda e: {"filter": {"search": e.word}}, foreign=Foreign.EMPTY, lacks=Permission.FLOWS_READ),
    "flow": Call(given=lambda e: {"id": _flow(e)}, foreign=Foreign.NONE, lacks=Permission.FLOWS_READ),
    "steps": Call(given=lambda e: {"filter": {"search": e.word}}, foreign=Foreign.EMPTY, lacks=Permission.FLOWS_READ),
    "step": Call(given=lambda e: {"id": _step(e)}, foreign=Foreign.NONE, lacks=Permission.FLOWS_READ),
    "createStep": Call(
        given=lambda e: _input(
            name="New",
            direction="IMPORT",
            request=_REQUEST,
            integrationId=global_id("Integration", e.integration.id),
        ),
        lacks=Permission.FLOWS_WRITE,
        right=Right.SEEING,
    ),
    "updateStep": Call(
        given=lambda e: _input(id=_step(e), mapping="a"), lacks=Permission.FLOWS_WRITE, right=Right.CHANGING
    ),
    "deleteStep": Call(
        given=lambda e: {"id": _step(e)}, lacks=Permission.FLOWS_WRITE, right=Right.SEEING, prepare=_without_flow
    ),
    "createFlow": Call(
        given=lambda e: _input(
            name="New",
            integrationId=global_id("Integration", e.integration.id),
            trigger={"manual": True},
            steps=[],
        ),
        lacks=Permission.FLOWS_WRITE,
        right=Right.CHANGING,
    ),
    "updateFlow": Call(
        given=lambda e: _input(id=_flow(e), description="New"), lacks=Permission.FLOWS_WRITE, right=Right.CHANGING
    ),
    "deleteFlow": Call(given=lambda e: {"id": _flow(e)}, lacks=Permission.FLOWS_WRITE, right=Right.CHANGING),
    "takeOverFlow": Call(given=lambda e: {"id": _flow(e)}, lacks=Permission.FLOWS_WRITE, right=Right.CHANGING),
}
