"""Running a workflow over this dialect: queued once for each key, answered with the work of its steps so far."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.tables import Flow, Gate, Run, RunStep
from models.vocabulary import FlowTriggerKind, WorkState
from tests.donutwork.conftest import Donut
from tests.harness.apps import Apps
from tests.harness.waiting import eventually
from tests.webhooks.planted import plant


async def flow_of(apps: Apps, *, open_gate: bool = False) -> Flow:
    flow = Flow(organization_id=apps.tenant.id, name="Ship", name_key="ship", trigger=FlowTriggerKind.MANUAL)
    await plant(apps.database, flow, Gate(id=flow.id, organization_id=flow.organization_id, opens_at=None))
    if open_gate:  # it lets nothing in: the test itself is the worker
        async with apps.database.write() as session:
            await session.execute(update(Gate).where(col(Gate.id) == flow.id).values(opens_at=0, capacity=0))
    return flow


async def runs_of(apps: Apps, flow: Flow) -> list[Run]:
    async with apps.database.read() as session:
        return list((await session.execute(select(Run).where(col(Run.flow_id) == flow.id))).scalars())


async def test_answers_a_run_that_is_held_at_once(client: Donut, apps: Apps) -> None:
    flow = await flow_of(apps)

    path, body = f"/workflow/{flow.id}.json", {"data": {"sku": 1}}
    async with asyncio.timeout(9):  # less than it waits for a run that may end
        answers = [await client.ok("POST", path, body, key="k") for _ in range(2)]

    (run,) = await runs_of(apps, flow)
    assert (
        answers
        == [
            {
                "success": True,
                "workflow_id": flow.id,
                "run_id": run.id,
                "status": "queued",
                "error": None,
                "stages": [],
            }
        ]
        * 2
    )


async def test_waits_for_the_end_and_answers_the_stages(client: Donut, apps: Apps) -> None:
    flow = await flow_of(apps, open_gate=True)

    asked = asyncio.create_task(client.ok("POST", f"/workflow/{flow.id}.json", {"data": {}}))
    found = await eventually(lambda: runs_of(apps, flow))
    facts = {"organization_id": flow.organization_id, "run_id": found[0].id, "state": WorkState.SUCCEEDED}
    steps = [
        RunStep(**facts, position=1, page=page, input_count=5, written_count=4, error_count=1) for page in (0, 1)
    ]
    await plant(apps.database, RunStep(**facts, position=0, written_count=10), *steps)
    async with apps.database.write() as session:
        done = update(Run).where(col(Run.id) == found[0].id).values(state=WorkState.PARTIAL)
        await session.execute(done)
    answer = await asked

    none = {"ignored": 0, "waiting": 0}
    assert (answer["success"], answer["status"]) == (False, "partial")
    assert answer["stages"] == [
        {"position": 0, "status": "succeeded", "records": 0, "succeeded": 10, "failed": 0, **none},
        {"position": 1, "status": "succeeded", "records": 10, "succeeded": 8, "failed": 2, **none},
    ]


@pytest.mark.parametrize("body", [None, {}, {"data": None}, {"data": []}, {"data": "x"}])
async def test_needs_data(client: Donut, apps: Apps, body: object) -> None:
    flow = await flow_of(apps)

    answer = await client("POST", f"/workflow/{flow.id}.json", body)

    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert await runs_of(apps, flow) == []
