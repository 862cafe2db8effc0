"""Starting a flow by hand, and the filter of a run that started unjudged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from sqlmodel import col

from jobs.job import JOBS
from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from models.row import new_id
from models.secret_place import SecretPlace
from models.tables import Event, Flow, Integration, Run
from models.vocabulary import FlowTriggerKind, Permission
from resolvers.emission.body import check_size
from resolvers.emission.filters import Result, filter_value, judge_exactly
from resolvers.emission.runs import RunStart, queue_runs
from resolvers.faults import Faults
from resolvers.hub import Hub
from resolvers.idempotency import claim, digest_of_input, key_problem, spent
from resolvers.managing import require_own_app
from resolvers.operation import operation
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class RunFlow:
    """A flow to run now. `payload`: its one record if it has no source, at most 256 kB; empty without one."""

    flow_id: str
    payload: dict[str, Any] | None = None
    idempotency_key: str | None = None


@operation(needs=Permission.FLOWS_RUN, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def run_flow(work: Work, start: RunFlow) -> Run:
    """Queue a run of a flow, also of a disabled one. It waits for earlier runs; of a paused flow until it is resumed.

    With a key, a second call within 24 hours answers the run of the first.
    """
    return await begin_run(work, start)


async def begin_run(work: Work, start: RunFlow) -> Run:
    """Check a start by hand, and queue its run; or answer the run of the same key. Raises as `run_flow`."""
    _check(start)
    flow = await work.get(Flow, start.flow_id, path=("flow_id",))
    await require_own(work, flow, path=("flow_id",))
    run_id = new_id(work.now())
    digest = digest_of_input([start.flow_id, start.payload])
    earlier = await claim(work, "run_flow", start.idempotency_key, digest, run_id)
    if earlier is not None:
        run = await work.first(work.mine(Run).where(col(Run.id) == earlier))
        if run is None:
            raise spent("run")
        return run
    await queue_runs(work.session, [_start(work, flow, start, run_id)])
    work.wake(JOBS)
    work.audit(flow, "flow.run")
    return await work.get(Run, run_id)


async def require_own(work: Work, row: Flow | Run, *, path: tuple[str, ...]) -> None:
    """Raise Forbidden for the token of an app unless the flow, or the run's flow, is of that app."""
    if work.caller.app_id is None:
        return
    integration = None if row.integration_id is None else await work.find(Integration, row.integration_id)
    require_own_app(work, integration, path=path)


async def takes_event(hub: Hub, flow: Flow, event: Event) -> Result:
    """Whether the filter of a flow takes an event, for a run that started unjudged. Call it outside of transactions.

    A fault is no: the run fails with its sentence. Raises TooMany if too much waits already.
    """
    if flow.event_filter is None:
        return Result(takes=True)
    value = filter_value(event.type, event.entity_id, event.payload or {})
    return await judge_exactly(hub.expressions, flow.event_filter, value, organization_id=flow.organization_id)


def _check(start: RunFlow) -> None:
    faults = Faults()
    payload = start.payload
    faults.check(payload is None or isinstance(payload, dict), "payload", "It must be a JSON object.")
    if problem := key_problem(start.idempotency_key):
        faults.add("idempotency_key", problem)
    faults.refuse()
    if payload is not None:
        check_size(payload, path=("payload",))


def _start(work: Work, flow: Flow, start: RunFlow, run_id: str) -> RunStart:
    place = SecretPlace(organization_id=flow.organization_id, table="run", row_id=run_id, column="payload")
    cause = work.caller.cause
    return RunStart(
        id=run_id,
        flow=flow,
        trigger=FlowTriggerKind.MANUAL,
        now=work.now(),
        payload=work.hub.keyring.seal(orjson.dumps(start.payload or {}), place),
        chain=() if cause is None else cause.chain,
        created_by=work.caller.principal_id,
        cause_kind=None if cause is None else cause.kind,
        cause_id=None if cause is None else cause.id,
        correlation_id=None if cause is None else cause.correlation_id,
    )
