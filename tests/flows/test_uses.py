"""Things that flows use are not removed under them; a removed flow leaves its runs as history."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.tables import Gate, Job, Run
from models.vocabulary import FlowTriggerKind, Permission, RunReason, WorkState
from resolvers.emission.runs import RunStart, queue_runs
from tests.harness.acting import act, listed, refusal, remove, row_id
from tests.harness.backends import both
from tests.harness.calling import capability
from tests.harness.rows import changes, snapshot

LEAST = (Permission.INTEGRATIONS_WRITE, Permission.CONNECTIONS_WRITE, Permission.DISPATCH_WRITE)


async def _drop_capability(bench):
    kept = [capability("READ", "GET", "/things")]
    return await refusal(bench.client, "declareCapabilities", {"integrationId": bench.app.id, "capabilities": kept})


async def _drop_event_type(bench):
    return await refusal(bench.client, "declareEventTypes", {"integrationId": bench.app.id, "eventTypes": []})


async def _delete_connection(bench):
    (connection,) = await listed(bench.client, "connections", "id")
    return await remove(bench.client, "deleteConnection", connection["id"])


async def _delete_step(bench):
    (step,) = await listed(bench.client, "steps", "id")
    return await remove(bench.client, "deleteStep", step["id"])


async def _delete_integration(bench):
    return await remove(bench.client, "deleteIntegration", bench.app.id)


REMOVALS = {
    "a capability that a manifest leaves out": _drop_capability,
    "an event type that a manifest leaves out": _drop_event_type,
    "a connection": _delete_connection,
    "a step": _delete_step,
    "an integration": _delete_integration,
}


async def _use(bench, count=2, **more):
    connection = await act(
        bench.client,
        "createConnection",
        {"integrationId": bench.app.id, "mode": "SHARED", "secret": {"apiKey": "k" * 20}},
    )
    step = await bench.step(connectionId=connection["id"])
    trigger = {"event": {"type": bench.event}}
    return [await bench.flow(step, name=f"Flow {number}", trigger=trigger, **more) for number in range(count)]


@pytest.mark.parametrize("removal", REMOVALS)
async def test_a_thing_in_use_is_not_removed_and_the_flows_are_named(bench, organization, database, removal):
    flows = await _use(bench)
    before = await snapshot(database, organization.id)

    refused = await REMOVALS[removal](bench)

    assert refused["code"] == "CONFLICT", refused
    assert "2 flows use" in refused["message"]
    assert "Flow 0, Flow 1" in refused["message"]
    assert changes(before, await snapshot(database, organization.id)) == []
    for flow in flows:
        assert "deletedId" in await remove(bench.client, "deleteFlow", flow["id"])
    if removal not in ("a capability that a manifest leaves out", "an event type that a manifest leaves out"):
        assert "deletedId" in await REMOVALS[removal](bench)


async def test_a_refusal_names_ten_flows_and_counts_the_others(bench):
    await _use(bench, count=12)

    refused = await _delete_step(bench)

    assert "12 flows use the step: Flow 0, Flow 1, Flow 10, " in refused["message"]
    assert " and 2 more. Change or delete them first." in refused["message"]


async def test_a_refusal_names_no_flow_to_those_who_may_not_read_flows(bench, organization):
    await _use(bench)
    blind = bench.by(await organization.signed_in(*LEAST))

    refused = await _drop_capability(blind)

    assert "2 flows use the capability" in refused["message"] or "2 flows use one of" in refused["message"]
    assert "2 that you may not see" in refused["message"]


async def test_flows_of_other_organizations_do_not_stand_in_the_way(bench, new_organization, bench_of):
    other = await bench_of((await new_organization()).client)
    await _use(other)
    step = await bench.step()

    assert "deletedId" in await remove(bench.client, "deleteStep", step)
    assert "deletedId" in await remove(bench.client, "deleteIntegration", bench.app.id)


@both
async def test_an_integration_goes_with_its_own_flows_and_their_steps(bench, organization, database):
    await _use(bench, integrationId=bench.app.id)

    assert "deletedId" in await remove(bench.client, "deleteIntegration", bench.app.id)

    rows = await snapshot(database, organization.id)
    assert [len(rows[table]) for table in ("flow", "step", "flow_step")] == [0, 0, 0]
    assert await listed(bench.client, "flows", "id") == []


@both
async def test_a_deleted_flow_cancels_what_waits_and_keeps_its_runs(bench, organization, database):
    step = await bench.step()
    gone, stays = await bench.flow(step), await bench.flow(step, name="Stays")
    before = await snapshot(database, organization.id)
    async with database.write() as session:
        flows = {flow["id"]: flow for flow in before["flow"].values()}
        facts = [_Facts(flows[row_id(flow["id"])]) for flow in (gone, gone, stays)]
        start = [RunStart(flow=one, trigger=FlowTriggerKind.MANUAL, now=1_800_000_000_000) for one in facts]
        await session.execute(update(Gate).values(opens_at=None).where(col(Gate.id).in_([one.id for one in facts])))
        await queue_runs(session, start)

    assert "deletedId" in await remove(bench.client, "deleteFlow", gone["id"])

    async with database.read() as session:
        runs = (await session.execute(select(Run).where(col(Run.organization_id) == organization.id))).scalars().all()
        jobs = (await session.execute(select(Job).where(col(Job.subject_id).in_([run.id for run in runs])))).scalars()
        states = {job.subject_id: job.state for job in jobs}
    told = {(run.flow_id, run.state, run.reason, run.finished_at is not None, states[run.id]) for run in runs}
    assert told == {
        (row_id(gone["id"]), WorkState.CANCELLED, RunReason.FLOW_DELETED, True, WorkState.CANCELLED),
        (row_id(stays["id"]), WorkState.QUEUED, None, False, WorkState.QUEUED),
    }
    assert len((await snapshot(database, organization.id))["gate"]) == 1


class _Facts:
    """A flow's columns, as they are stored."""

    def __init__(self, row):
        self.__dict__.update(row)
