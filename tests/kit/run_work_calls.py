"""How to call operations about the work of runs."""

from __future__ import annotations

from models.row import new_id
from models.tables import Run
from models.vocabulary import FlowTriggerKind, Permission
from resolvers.caller import Caller
from resolvers.dispatching.prepare import StepCause
from resolvers.dispatching.proxying import ProxyRequest
from resolvers.dispatching.stepping import StepCall
from resolvers.expiry import Sweep
from resolvers.find import IntegrationRef
from resolvers.runs.opening import Begin, Opened
from resolvers.runs.recording import RunChange
from tests.harness.estate import Estate
from tests.harness.matrix import Call


def _run(estate: Estate) -> Run:
    """One that is nowhere stored."""
    return Run(
        organization_id=estate.tenant.id,
        flow_id=new_id(),
        flow_name="Orders",
        trigger=FlowTriggerKind.MANUAL,
        correlation_id=new_id(),
    )


def _begin(estate: Estate) -> tuple[Begin]:
    opened = Opened(run=_run(estate), event=None, content=None, items=[], payload={})
    return (Begin(opened=opened, actor=Caller.of_hub(estate.hub.app.state.hub, estate.tenant.id)),)


def _step(estate: Estate) -> tuple[StepCall]:
    request = ProxyRequest(integration=IntegrationRef(id=estate.integration.id), path="/ok")
    cause = StepCause(step_id=new_id(), run_step_id=new_id(), correlation_id=new_id())
    return (StepCall(cause=cause, request=request, connection_id=estate.shared.id),)


_SWEEPS = ("expire_runs", "expire_samples", "expire_error_records")

CALLS: dict[str, Call] = {
    **{name: Call(given=lambda _: (Sweep(),)) for name in _SWEEPS},
    **{name: Call(given=lambda _: ()) for name in ("settle_runs", "remove_contents")},
    "begin_run": Call(given=_begin),
    "dispatch_step": Call(given=_step, lacks=Permission.PROXY_REQUEST),
    "open_run": Call(given=lambda _: (new_id(),)),
    "record_run": Call(given=lambda e: (RunChange(run=_run(e), content=None, at=None, active_ms=0),)),
}
