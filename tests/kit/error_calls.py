"""How to call operations and root fields about failed records."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.row import new_id
from models.tables import Run
from models.vocabulary import Permission, RunDefinition, RunErrorState
from resolvers.caller import Caller
from resolvers.page import SliceRequest
from resolvers.runs.editing import AssignRunErrors, UpdateRunError
from resolvers.runs.groups import RunErrorFilter
from resolvers.runs.repeating import RetryRun
from resolvers.runs.resolving import ResolveRunErrors
from resolvers.runs.retaking import Order
from resolvers.runs.retried import TriedBite
from schema.kit.ids import global_id
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign

_PAGE = SliceRequest(size=100, count=True)


def _order(estate: Estate) -> Order:
    return Order(flow_id=estate.ran.flow.id, state=RunErrorState.RETRYING, definition=RunDefinition.CURRENT)


def _pin(estate: Estate) -> tuple[Order, Caller]:
    return _order(estate), Caller.of_hub(estate.hub.app.state.hub, estate.tenant.id)


def _ids(estate: Estate) -> dict[str, Any]:
    return {"flowId": global_id("Flow", estate.ran.flow.id), "runId": global_id("Run", estate.ran.run.id)}


def _input(**members: Any) -> dict[str, Any]:
    return {"input": members}


async def _end(estate: Estate) -> None:
    """The run has ended, though its job waits."""
    await estate.hub.run(_set_end(estate))


async def _set_end(estate: Estate) -> None:
    ended = update(Run).where(col(Run.id) == estate.ran.run.id).values(finished_at=1)
    async with estate.hub.app.state.hub.database.write() as session:
        await session.execute(ended)


CALLS: dict[str, Call] = {
    "list_run_errors": Call(given=lambda e: (RunErrorFilter(run_id=(e.ran.run.id,)), _PAGE), foreign=Foreign.EMPTY),
    "read_run_error": Call(given=lambda e: (e.ran.error.id,), foreign=Foreign.NONE),
    "list_run_error_groups": Call(given=lambda e: (e.ran.flow.id,), foreign=Foreign.OWN),
    "resolve_run_errors": Call(
        given=lambda e: (ResolveRunErrors(run_id=e.ran.run.id),), audits=("flow.errors_retried",)
    ),
    "update_run_error": Call(
        given=lambda e: (UpdateRunError(id=e.ran.error.id, record={"sku": "B"}),),
        audits=("run_error.updated", "flow.errors_retried"),
    ),
    "assign_run_errors": Call(
        given=lambda e: (AssignRunErrors(error_ids=(e.ran.error.id,)),), audits=("flow.errors_assigned",)
    ),
    "retry_run": Call(given=lambda e: (RetryRun(run_id=e.ran.run.id),), audits=("flow.run_repeated",), prepare=_end),
    "pin_current": Call(given=_pin),
    "take_errors": Call(given=lambda e: (_order(e),)),
    "record_tried": Call(given=lambda _: (TriedBite(flow_id=new_id(), tried=()),)),
    "finish_tries": Call(given=lambda _: (new_id(), RunErrorState.RETRYING)),
    "take_up_errors": Call(given=lambda _: ()),
}

ROOTS: dict[str, Call] = {
    "runErrors": Call(
        given=lambda e: {"filter": {"runId": [_ids(e)["runId"]]}},
        foreign=Foreign.EMPTY,
        lacks=Permission.FLOWS_READ,
    ),
    "runError": Call(
        given=lambda e: {"id": global_id("RunError", e.ran.error.id)},
        foreign=Foreign.NONE,
        lacks=Permission.FLOWS_READ,
    ),
    "runErrorGroups": Call(
        given=lambda e: {"flowId": _ids(e)["flowId"]}, foreign=Foreign.OWN, lacks=Permission.FLOWS_READ
    ),
    "resolveRunErrors": Call(given=lambda e: _input(runId=_ids(e)["runId"]), lacks=Permission.FLOWS_RUN),
    "retryRun": Call(given=lambda e: _input(runId=_ids(e)["runId"]), lacks=Permission.FLOWS_RUN, prepare=_end),
    "updateRunError": Call(
        given=lambda e: _input(id=global_id("RunError", e.ran.error.id), record={"sku": "B"}),
        lacks=Permission.FLOWS_RUN,
    ),
    "assignRunErrors": Call(given=lambda e: _input(runId=_ids(e)["runId"]), lacks=Permission.FLOWS_RUN),
}
