"""Runs over GraphQL: started by hand and by events, cancelled, paused, resumed, shown."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.row import new_id, now_ms
from models.secret_column import secret_place
from models.tables import Event, Flow, Gate, Job, Run, RunError
from models.vocabulary import FlowTriggerKind, RecordFault, RunReason, WorkState
from resolvers.emission.draft import Cause
from resolvers.runs.chains import HEADER, chain_header
from tests.harness.acting import act, listed
from tests.harness.backends import both
from tests.webhooks.planted import plant

RUN = """mutation($input: RunFlowInput!) { runFlow(input: $input) { ... on RunPayload {
 run { databaseId state trigger job { operation caption } flow { name } } }
 ... on Problem { code message path } } }"""
CANCEL = """mutation($id: ID!) { cancelRun(id: $id) { ... on RunPayload { run { state reason stateReason error } }
 ... on Problem { code message path } } }"""
SHOP = {"integration": {"handler": "MY_SHOP"}, "type": "PAID"}


async def flow_of(tenant: Any, database: Any, **facts: Any) -> Flow:
    """A flow with a closed gate, so that nobody works on its runs."""
    given = {"name": "Ship", "name_key": "ship", "enabled": True, "trigger": FlowTriggerKind.MANUAL}
    flow = Flow(organization_id=tenant.id, **given | facts)
    await plant(database, flow, Gate(id=flow.id, organization_id=tenant.id, opens_at=None))
    return flow


async def rows(database: Any, model: Any, organization_id: str) -> list[Any]:
    async with database.read() as session:
        own = select(model).where(col(model.organization_id) == organization_id).order_by(col(model.id))
        return list((await session.execute(own)).scalars())


async def run(client: Any, flow: Flow, **members: Any) -> dict[str, Any]:
    return (await client.query(RUN, input={"flowId": flow.id} | members))["runFlow"]


@both
async def test_runs_a_disabled_flow_by_hand_once_for_each_key(organization, database, hub) -> None:
    flow = await flow_of(organization, database, enabled=False)

    first = await run(organization.client, flow, payload={"sku": "A-100"}, idempotencyKey="k")
    again = await run(organization.client, flow, payload={"sku": "A-100"}, idempotencyKey="k")
    other = await run(organization.client, flow, payload={"sku": "B"}, idempotencyKey="k")

    (stored,) = await rows(database, Run, organization.id)
    keyring = hub.app.state.hub.keyring
    assert first == again
    assert first["run"] == {
        "databaseId": stored.id,
        "state": "QUEUED",
        "trigger": "MANUAL",
        "job": {"operation": "flow.run", "caption": "Run Ship"},
        "flow": {"name": "Ship"},
    }
    assert (other["code"], other["path"]) == ("CONFLICT", ["input", "idempotencyKey"])
    assert keyring.open(stored.payload, secret_place(stored, "payload")) == b'{"sku":"A-100"}'
    assert stored.created_by is not None


@pytest.mark.parametrize(
    ("members", "path"), [({"payload": [1]}, "payload"), ({"idempotencyKey": ""}, "idempotencyKey")]
)
async def test_refuses_a_start_that_cannot_be(organization, database, members, path) -> None:
    flow = await flow_of(organization, database)

    refused = await run(organization.client, flow, **members)

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", path])
    assert await rows(database, Run, organization.id) == []


@both
async def test_cancels_a_waiting_run_with_its_job(organization, database) -> None:
    flow = await flow_of(organization, database)
    first, _ = [(await run(organization.client, flow))["run"]["databaseId"] for _ in range(2)]

    cancelled = (await organization.client.query(CANCEL, id=first))["cancelRun"]
    again = (await organization.client.query(CANCEL, id=first))["cancelRun"]

    jobs = {job.subject_id: job for job in await rows(database, Job, organization.id)}
    runs = await rows(database, Run, organization.id)
    assert cancelled == again
    assert cancelled["run"] == {
        "state": "CANCELLED",
        "reason": "BY_HAND",
        "stateReason": "Cancelled by admin.",
        "error": None,
    }
    assert [(row.state, jobs[row.id].state, jobs[row.id].blocked) for row in runs] == [
        (WorkState.CANCELLED, WorkState.CANCELLED, False),
        (WorkState.QUEUED, WorkState.QUEUED, False),
    ]


async def test_a_run_that_has_ended_is_not_cancelled(organization, database) -> None:
    flow = await flow_of(organization, database)
    row_id = (await run(organization.client, flow))["run"]["databaseId"]
    async with database.write() as session:
        await session.execute(update(Run).values(state=WorkState.SUCCEEDED).where(col(Run.id) == row_id))

    refused = (await organization.client.query(CANCEL, id=row_id))["cancelRun"]

    assert (refused["code"], refused["message"]) == ("CONFLICT", "The run has ended already.")
    assert (await rows(database, Job, organization.id))[-1].state is WorkState.QUEUED


async def test_a_runs_job_is_not_cancelled_apart_from_it(organization, database) -> None:
    flow = await flow_of(organization, database)
    await run(organization.client, flow)
    (job,) = await rows(database, Job, organization.id)
    document = "mutation($id: ID!) { cancelJob(id: $id) { ... on Problem { code message } } }"

    refused = (await organization.client.query(document, id=job.id))["cancelJob"]

    assert refused == {
        "code": "CONFLICT",
        "message": "This job works on a run of a flow; cancel the run with cancelRun.",
    }
    assert [one.state for one in await rows(database, Job, organization.id)] == [WorkState.QUEUED]


async def _emit(organization: Any, headers: dict[str, str], face: str, http: Any) -> int:
    """Emit over a face; answers the number of queued runs."""
    headers = headers | {"Authorization": f"Bearer {organization.token}"}
    if face == "GraphQL":
        text = "mutation($input: EmitEventInput!) { emitEvent(input: $input) { ... on EventPayload { queuedRuns } } }"
        body = {"query": text, "variables": {"input": SHOP}}
        answer = (await http.post("/graphql", headers=headers, json=body)).json()
        return int(answer["data"]["emitEvent"]["queuedRuns"])
    path = "/donutwork/2026-02-01/integrations/MY_SHOP/events/MY_SHOP.PAID/emit.json"
    return int((await http.post(path, headers=headers, json={})).json()["queued_workflows"])


@pytest.mark.parametrize("face", ["GraphQL", "DonutWork"])
async def test_a_chain_that_comes_back_over_a_face_ends_the_loop(organization, database, hub, http, face) -> None:
    made = await act(organization.client, "createIntegration", {"name": "My Shop"})
    types = {"integrationId": made["id"], "eventTypes": [{"name": "MY_SHOP.PAID"}]}
    await act(organization.client, "declareEventTypes", types)
    facts = {"event_type": "MY_SHOP.PAID", "trigger": FlowTriggerKind.EVENT}
    flow, _ = [await flow_of(organization, database, **facts) for _ in range(2)]
    cause = Cause(kind="RUN_STEP", id=new_id(), correlation_id=new_id(), chain=(flow.id,))
    keyring = hub.app.state.hub.keyring
    own, foreign = [dict([chain_header(keyring, one, cause, now_ms())]) for one in (organization.id, new_id())]

    queued = [await _emit(organization, given, face, http) for given in (own, foreign, {HEADER: "x"}, {})]

    first = (await rows(database, Event, organization.id))[-4]
    looped = [row for row in await rows(database, Run, organization.id) if row.state is WorkState.SKIPPED]
    assert queued == [1, 2, 2, 2]
    assert [(row.flow_id, row.reason, row.chain) for row in looped] == [(flow.id, RunReason.LOOP, [flow.id, flow.id])]
    assert (first.cause_kind, first.cause_id, first.correlation_id) == ("RUN_STEP", cause.id, cause.correlation_id)


async def test_shows_errors_with_their_records_masked(organization, database, hub) -> None:
    flow = await flow_of(organization, database)
    row_id = (await run(organization.client, flow))["run"]["databaseId"]
    error = RunError(
        organization_id=organization.id,
        run_id=row_id,
        flow_id=flow.id,
        position=0,
        fault=RecordFault.VALUE,
        group_digest="0" * 64,
        record_key="1" * 64,
        message="No.",
    )
    kept = b'{"record":{"token":"s3cret"},"shown":{"token":"***"}}'
    error.record = hub.app.state.hub.keyring.seal(kept, secret_place(error, "record"))
    await plant(database, error)

    shown = await listed(
        organization.client, "runs", "errors(filter: {resolved: false}) { nodes { message record run { state } } }"
    )
    flows = await listed(organization.client, "flows", "runs { nodes { databaseId } } errors { nodes { fault } }")

    assert shown == [
        {"errors": {"nodes": [{"message": "No.", "record": {"token": "***"}, "run": {"state": "QUEUED"}}]}}
    ]
    assert flows == [{"runs": {"nodes": [{"databaseId": row_id}]}, "errors": {"nodes": [{"fault": "VALUE"}]}}]
