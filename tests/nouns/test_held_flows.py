"""Flows that are paused and resumed, and the hub's events about flows and their runs."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.row import now_ms
from models.tables import Event, Flow, Gate, Job, Run
from models.vocabulary import FlowOverlap, FlowTriggerKind, HubEvent, RunReason, WorkState
from resolvers.caller import Caller
from resolvers.emission.runs import RunStart, queue_runs
from resolvers.runs.holding import paused_by_rate
from resolvers.runs.telling import tell_end, tell_suspension
from resolvers.transaction import transact
from resolvers.work import Work
from tests.harness.backends import both
from tests.nouns.test_runs import flow_of, rows, run
from tests.webhooks.planted import plant_webhook

PAUSE = """mutation($id: ID!) { pauseFlow(id: $id) { ... on FlowPayload { flow { pausedAt pauseReason } }
 ... on Problem { code message } } }"""
RESUME = """mutation($input: ResumeFlowInput!) { resumeFlow(input: $input) { ... on ResumeFlowPayload {
 waiting more dropped flow { pausedAt } } ... on Problem { code message path } } }"""


@both
async def test_a_paused_flow_keeps_its_runs_and_runs_them_in_order(organization, database) -> None:
    flow = await flow_of(organization, database)
    async with database.write() as session:
        await session.execute(update(Gate).where(col(Gate.id) == flow.id).values(opens_at=0, capacity=0))

    paused = (await organization.client.query(PAUSE, id=flow.id))["pauseFlow"]["flow"]
    made = [(await run(organization.client, flow))["run"]["databaseId"] for _ in range(3)]
    resumed = (await organization.client.query(RESUME, input={"flowId": flow.id}))["resumeFlow"]

    (gate,) = [one for one in await rows(database, Gate, organization.id) if one.id == flow.id]
    jobs = sorted(await rows(database, Job, organization.id), key=lambda job: job.position)
    assert (paused["pausedAt"] is None, paused["pauseReason"]) == (False, "Paused by admin.")
    assert resumed == {"waiting": 3, "more": False, "dropped": 0, "flow": {"pausedAt": None}}
    assert gate.opens_at is not None
    assert [job.subject_id for job in jobs if job.operation == "flow.run"] == made


@both
async def test_resuming_drops_what_waited_if_asked_and_counts_first(organization, database) -> None:
    flow = await flow_of(organization, database, overlap=FlowOverlap.ALLOW)
    await organization.client.query(PAUSE, id=flow.id)
    async with database.write() as session:
        starts = [RunStart(flow=flow, trigger=FlowTriggerKind.MANUAL, now=now_ms()) for _ in range(1100)]
        await queue_runs(session, starts)
    order = {"flowId": flow.id, "waiting": "DROP"}

    counted = (await organization.client.query(RESUME, input=order | {"dryRun": True}))["resumeFlow"]
    untouched = {row.state for row in await rows(database, Run, organization.id)}
    dropped = (await organization.client.query(RESUME, input=order))["resumeFlow"]
    again = (await organization.client.query(RESUME, input=order))["resumeFlow"]

    runs = await rows(database, Run, organization.id)
    assert counted["flow"]["pausedAt"] is not None
    assert (counted["waiting"], counted["dropped"], untouched) == (1100, 0, {WorkState.QUEUED})
    assert dropped == {"waiting": 1100, "more": False, "dropped": 1100, "flow": {"pausedAt": None}}
    assert {(row.state, row.reason, row.job_id) for row in runs} == {(WorkState.SKIPPED, RunReason.DROPPED, None)}
    assert [job for job in await rows(database, Job, organization.id) if job.operation == "flow.run"] == []
    assert (again["code"], again["path"]) == ("CONFLICT", ["input", "flowId"])


async def test_more_runs_in_a_minute_than_allowed_pause_the_flow_once(organization, database, hub) -> None:
    flow = await flow_of(organization, database, runs_a_minute=3)
    caller = Caller.of_hub(hub.app.state.hub, organization.id)

    async def begin(work: Work) -> bool:
        return await paused_by_rate(work, await work.lock(Flow, flow.id))

    async def storm(count: int, at: int) -> None:
        async with database.write() as session:
            starts = [RunStart(flow=flow, trigger=FlowTriggerKind.MANUAL, now=at) for _ in range(count)]
            await queue_runs(session, starts)

    await storm(3, now_ms() - 60_001)
    await storm(3, now_ms())
    few = await hub.run(transact(caller, True, begin))
    await storm(1, now_ms())
    many = [await hub.run(transact(caller, True, begin)) for _ in range(2)]
    resumed = (await organization.client.query(RESUME, input={"flowId": flow.id}))["resumeFlow"]
    calm = await hub.run(transact(caller, True, begin))

    told = [row for row in await rows(database, Event, organization.id) if row.type == HubEvent.FLOW_PAUSED]
    assert (few, many, calm) == (False, [True, True], False)
    assert [row.payload for row in told] == [
        {"flowId": flow.id, "name": "Ship", "reason": "More than 3 runs started within a minute."}
    ]
    assert resumed["waiting"] == 7


@pytest.mark.parametrize("state", [WorkState.FAILED, WorkState.SUCCEEDED, WorkState.CANCELLED, WorkState.PARTIAL])
@pytest.mark.parametrize("asked", [None, "flow", "webhook", "pattern"])
async def test_tells_of_failures_and_of_successes_that_are_asked_for(
    organization, database, hub, state: WorkState, asked: str | None
) -> None:
    flow = await flow_of(organization, database)
    if asked == "flow":
        await flow_of(organization, database, event_type=HubEvent.FLOW_SUCCEEDED, trigger=FlowTriggerKind.EVENT)
    if asked in ("webhook", "pattern"):
        patterns = ["Shop.*", "Hub.flow.succeeded"] if asked == "webhook" else ["Hub.*"]
        await plant_webhook(database, organization.id, event_patterns=patterns)
    async with database.write() as session:
        (made,) = await queue_runs(session, [RunStart(flow=flow, trigger=FlowTriggerKind.MANUAL, now=now_ms())])
    made.state = state
    caller = Caller.of_hub(hub.app.state.hub, organization.id)

    await hub.run(transact(caller, True, lambda work: tell_end(work, made)))

    told = [row for row in await rows(database, Event, organization.id) if row.type.startswith("Hub.flow")]
    done = state in (WorkState.SUCCEEDED, WorkState.PARTIAL) and asked in ("flow", "webhook")
    expected = [HubEvent.FLOW_FAILED] if state is WorkState.FAILED else [HubEvent.FLOW_SUCCEEDED] if done else []
    assert [row.type for row in told] == expected
    assert all((row.entity_id, row.cause_id, row.depth) == (flow.id, made.id, 1) for row in told)


async def test_a_flow_does_not_start_by_its_own_suspension(organization, database, hub) -> None:
    watch = {"event_type": HubEvent.FLOW_SUSPENDED, "trigger": FlowTriggerKind.EVENT}
    flow, other = [await flow_of(organization, database, **watch) for _ in range(2)]
    async with database.write() as session:
        (made,) = await queue_runs(session, [RunStart(flow=flow, trigger=FlowTriggerKind.MANUAL, now=now_ms())])
    caller = Caller.of_hub(hub.app.state.hub, organization.id)

    async def tell(work: Work) -> None:
        tell_suspension(work, made)

    await hub.run(transact(caller, True, tell))

    started = {row.flow_id: row.reason for row in await rows(database, Run, organization.id) if row.event_id}
    assert started == {flow.id: RunReason.LOOP, other.id: None}
