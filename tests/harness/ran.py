"""A flow of an estate with a run that waits, a step of it and an error, straight in the database."""

from __future__ import annotations

from dataclasses import dataclass

from models.row import now_ms
from models.secret_column import secret_place
from models.tables import Event, Flow, Gate, Integration, Run, RunError, RunStep
from models.vocabulary import FlowTriggerKind, RecordFault
from resolvers.emission.runs import RunStart, queue_runs
from tests.harness.server import RunningHub


@dataclass(frozen=True, kw_only=True)
class Ran:
    """The flow, its run, and the error of a record of it."""

    flow: Flow
    run: Run
    error: RunError


async def run_once(hub: RunningHub, integration: Integration, event: Event) -> Ran:
    """A flow of an integration, with its gate closed for good, so that nobody works on its run."""
    flow = Flow(
        organization_id=integration.organization_id,
        integration_id=integration.id,
        name="Ship",
        name_key="ship",
        trigger=FlowTriggerKind.EVENT,
    )
    start = RunStart(flow=flow, trigger=FlowTriggerKind.EVENT, now=now_ms(), event_id=event.id)
    facts = {"organization_id": flow.organization_id, "integration_id": integration.id, "run_id": start.id}
    error = RunError(
        **facts,
        flow_id=flow.id,
        position=0,
        fault=RecordFault.VALUE,
        group_digest="0" * 64,
        record_key="1" * 64,
        message="The remote service answered 422.",
    )
    database = hub.app.state.hub.database
    error.record = hub.app.state.hub.keyring.seal(b'{"shown":{"sku":"A"}}', secret_place(error, "record"))
    async with database.write() as session:
        session.add(flow)
        session.add(Gate(id=flow.id, organization_id=flow.organization_id, opens_at=None))
        await session.flush()
        (run,) = await queue_runs(session, [start])
        session.add_all([RunStep(**facts, position=0), error])
    return Ran(flow=flow, run=run, error=error)
