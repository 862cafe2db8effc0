"""How to call operations and root fields about runs of flows."""

from __future__ import annotations

from typing import Any

from models.row import new_id
from models.tables import Run
from models.vocabulary import FlowTriggerKind, Permission
from resolvers.caller import Caller
from resolvers.dispatching.prepare import Cause
from resolvers.dispatching.proxying import ProxyRequest
from resolvers.dispatching.stepping import StepCall
from resolvers.expiry import Sweep
from resolvers.find import IntegrationRef
from resolvers.page import SliceRequest
from resolvers.runs.opening import Begin, Opened
from resolvers.runs.queries import RunFilter
from resolvers.runs.recording import RunChange
from resolvers.runs.starting import RunFlow
from schema.kit.ids import global_id
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign

_PAGE = SliceRequest(size=100, count=True)


def _flow(estate: Estate) -> str:
    return global_id("Flow", estate.ran.flow.id)


def _run(estate: Estate) -> str:
    return global_id("Run", estate.ran.run.id)


def _runs(estate: Estate) -> tuple[RunFilter, SliceRequest]:
    return RunFilter(flow_id=(estate.ran.flow.id,)), _PAGE


def _input(**members: Any) -> dict[str, Any]:
    return {"input": members}


def _work(estate: Estate) -> Run:
    """One that is nowhere stored."""
    return Run(
        organization_id=estate.tenant.id,
        flow_id=new_id(),
        flow_name="Orders",
        trigger=FlowTriggerKind.MANUAL,
        correlation_id=new_id(),
    )


def _begin(estate: Estate) -> tuple[Begin]:
    opened = Opened(run=_work(estate), event=None, content=None, items=[], payload={})
    return (Begin(opened=opened, actor=Caller.of_hub(estate.hub.app.state.hub, estate.tenant.id)),)


def _step(estate: Estate) -> tuple[StepCall]:
    request = ProxyRequest(integration=IntegrationRef(id=estate.integration.id), path="/ok")
    cause = Cause(step_id=new_id(), run_step_id=new_id(), correlation_id=new_id())
    return (StepCall(cause=cause, request=request, connection_id=estate.shared.id),)


_SWEEPS = ("expire_runs", "expire_samples", "expire_error_records")

CALLS: dict[str, Call] = {
    **{name: Call(given=lambda _: (Sweep(),)) for name in _SWEEPS},
    **{name: Call(given=lambda _: ()) for name in ("settle_runs", "remove_contents")},
    "begin_run": Call(given=_begin),
    "dispatch_step": Call(given=_step, lacks=Permission.PROXY_REQUEST),
    "open_run": Call(given=lambda _: (new_id(),)),
    "record_run": Call(given=lambda e: (RunChange(run=_work(e), content=None, at=None, active_ms=0),)),
    "run_flow": Call(given=lambda e: (RunFlow(flow_id=e.ran.flow.id),), audits=("flow.run",)),
    "cancel_run": Call(given=lambda e: (e.ran.run.id,), audits=("run.cancelled", "job.cancelled")),
    "list_runs": Call(given=_runs, foreign=Foreign.EMPTY),
    "read_run": Call(given=lambda e: (e.ran.run.id,), foreign=Foreign.NONE),
}

ROOTS: dict[str, Call] = {
    "runs": Call(
        given=lambda e: {"filter": {"flowId": [_flow(e)]}},
        foreign=Foreign.EMPTY,
        lacks=Permission.FLOWS_READ,
    ),
    "run": Call(given=lambda e: {"id": _run(e)}, foreign=Foreign.NONE, lacks=Permission.FLOWS_READ),
    "runFlow": Call(given=lambda e: _input(flowId=_flow(e)), lacks=Permission.FLOWS_RUN),
    "cancelRun": Call(given=lambda e: {"id": _run(e)}, lacks=Permission.FLOWS_RUN),
}
