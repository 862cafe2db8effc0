"""Flows: checked at saving, run as who changed them, and never fired by a change."""

from __future__ import annotations

import pytest

from models.vocabulary import Permission
from tests.harness.acting import act, listed, remove
from tests.harness.backends import both
from tests.harness.rows import added, changes, snapshot
from tests.harness.statements import counted

READS = (Permission.FLOWS_READ, Permission.INTEGRATIONS_READ)
WRITES = (Permission.FLOWS_WRITE, Permission.INTEGRATIONS_WRITE, Permission.CONNECTIONS_WRITE)
EDITOR = """query FlowEditor($id: ID!) { flow(id: $id) { id name version enabled
  trigger { kind eventType filter cron timeZone }
  steps { role proceedOnFailure responseMapping step { id name direction mapping batchSize
    capability { id name inputs { name type required } } connection { id name } } } } }"""


def _event(bench, **more):
    return {"event": {"type": bench.event} | more}


async def test_a_flow_editor_reads_a_flow_as_it_was_made(bench, organization):
    reads, writes = await bench.step("Read", "READ"), await bench.step(mapping="{name: name}")
    places = [{"stepId": reads}, {"stepId": writes, "proceedOnFailure": True, "responseMapping": "{id: data.id}"}]
    flow = await bench.flow(*places, trigger=_event(bench, filter="payload.total > `2`"))

    shown = (await bench.client.query(EDITOR, id=flow["id"]))["flow"]

    assert shown["trigger"] == {
        "kind": "EVENT",
        "eventType": bench.event,
        "filter": "payload.total > `2`",
        "cron": None,
        "timeZone": None,
    }
    assert [(one["role"], one["step"]["name"], one["proceedOnFailure"]) for one in shown["steps"]] == [
        ("SOURCE", "Read", False),
        ("PROCESSOR", "Write", True),
    ]
    assert shown["steps"][1]["responseMapping"] == "{id: data.id}"
    assert flow["runAs"] == {"username": "admin"}


async def test_exports_on_top_are_sources_and_later_ones_look_up(bench):
    first, write, second = await bench.step("A", "READ"), await bench.step("B"), await bench.step("C", "READ")
    flow = await bench.flow(first, write, second)

    shown = (await bench.client.query(EDITOR, id=flow["id"]))["flow"]["steps"]

    assert [(one["role"], one["step"]["name"]) for one in shown] == [
        ("SOURCE", "A"),
        ("PROCESSOR", "B"),
        ("PROCESSOR", "C"),
    ]


@pytest.mark.parametrize(
    ("more", "path", "sentence"),
    [
        ({"trigger": {"event": {"type": "APP.HAPPENDED"}}}, "trigger.event.type", "no declared event type"),
        ({"trigger": {"schedule": {"cron": "0 0 31 2 *"}}}, "trigger.schedule.cron", "never"),
        ({"trigger": {"schedule": {"cron": "@daily"}}}, "trigger.schedule.cron", ""),
        ({"trigger": {"schedule": {"cron": "0 9 * * *", "timeZone": "UTC+2"}}}, "trigger.schedule.timeZone", "UTC+2"),
        ({"trigger": {"manual": False}}, "trigger", "exactly one"),
        ({"runsAMinute": 0}, "runsAMinute", "from 1 to 6,000"),
        ({"groupId": "first"}, "groupId", "24 hexadecimal"),
        ({"name": " "}, "name", "empty"),
    ],
)
async def test_a_faulty_value_is_refused_at_its_place(bench, organization, database, more, path, sentence):
    step = await bench.step()
    before = await snapshot(database, organization.id)

    refused = await bench.refused("createFlow", bench.new_flow(step, **more))

    assert refused["code"] == "INVALID_INPUT"
    assert ".".join(refused["path"]) == f"input.{path}"
    assert sentence in refused["message"]
    assert changes(before, await snapshot(database, organization.id)) == []


async def test_a_mistyped_event_type_is_told_near_ones(bench):
    mistyped = {"event": {"type": bench.event.replace("HAPPENED", "HAPPENDED")}}

    refused = await bench.refused("createFlow", bench.new_flow(await bench.step(), trigger=mistyped))

    assert bench.event in refused["message"]


@pytest.mark.parametrize(
    ("first", "second", "path", "sentence"),
    [
        ({"role": "SOURCE"}, {}, "steps.0.role", "A SOURCE is an EXPORT"),
        ({"responseMapping": "a b"}, {}, "steps.0.responseMapping", "not a JMESPath"),
        ({}, {"twice": True}, "steps.1.stepId", "stands in the flow already"),
    ],
)
async def test_a_faulty_place_is_refused(bench, first, second, path, sentence):
    one, two = await bench.step(), await bench.step()
    places = [{"stepId": one} | first, {"stepId": one if second else two}]

    refused = await bench.refused("createFlow", bench.new_flow(*places))

    assert ".".join(refused["path"]) == f"input.{path}"
    assert sentence in refused["message"]


@pytest.mark.parametrize("filter", ["payload.name", "payload.total", "'yes'"])
async def test_a_filter_that_is_neither_true_nor_false_on_a_sample_is_refused(bench, filter):
    refused = await bench.refused("createFlow", bench.new_flow(trigger=_event(bench, filter=filter)))

    assert ".".join(refused["path"]) == "input.trigger.event.filter", refused
    assert "It fails on an event." in refused["message"]


async def test_the_expressions_of_the_first_step_are_tried_on_the_sample(bench):
    typo = await bench.step("Typo", mapping="{name: customer.nmae}")
    fits = await bench.step("Fits", mapping="{name: name}")
    fails = await bench.step("Fails", mapping="{name: abs(name)}")

    doubted = await bench.make(typo, trigger=_event(bench))
    refused = await bench.refused("createFlow", bench.new_flow(fails, trigger=_event(bench)))

    assert any("customer" in warning for warning in doubted["warnings"])
    assert (await bench.make(fits, trigger=_event(bench)))["warnings"] == []
    assert ".".join(refused["path"]) == "input.steps.0.stepId"


async def test_equal_values_change_nothing_and_an_older_version_is_stale(bench, organization, database):
    step, more = await bench.step(), {"trigger": {"schedule": {"cron": "0 9 * * *"}}, "overlap": "SKIP"}
    flow = await bench.flow(step, **more)
    before = await snapshot(database, organization.id)

    again = await bench.change(flow["id"], name="F", steps=[{"stepId": step}], expectedVersion=1, **more)
    assert again["version"] == 1
    assert changes(before, await snapshot(database, organization.id)) == []

    renamed = await bench.change(flow["id"], name="G")
    assert (renamed["version"], renamed["nextRunAt"]) == (2, flow["nextRunAt"])
    stale = await bench.refused("updateFlow", {"id": flow["id"], "name": "H", "expectedVersion": 1})
    assert stale["code"] == "STALE"


async def test_no_change_of_a_schedule_fires_it(bench, hub, organization, database):
    flow = await bench.flow(await bench.step(), trigger={"schedule": {"cron": "* * * * *"}})
    before = await snapshot(database, organization.id)
    shown = []

    for minute in range(10):
        schedule = {"schedule": {"cron": f"{minute} 3 * * *", "timeZone": "America/New_York"}}
        shown.append((await bench.change(flow["id"], trigger=schedule))["nextRunAt"])
    disabled = await bench.change(flow["id"], enabled=False)
    enabled = await bench.change(flow["id"], enabled=True)

    now = hub.app.state.hub.clock()
    after = await snapshot(database, organization.id)
    assert len(set(shown)) == 10
    assert disabled["nextRunAt"] is None
    assert enabled["nextRunAt"] == shown[-1]
    assert all(row["next_run_at"] > now for row in after["flow"].values())
    assert not added(before, after, "run") + added(before, after, "job")


@both
async def test_a_gate_has_room_by_the_overlap(bench, organization, database):
    flow = await bench.flow(await bench.step())
    made = [row["capacity"] for row in (await snapshot(database, organization.id))["gate"].values()]

    await bench.change(flow["id"], overlap="ALLOW")

    changed = [row["capacity"] for row in (await snapshot(database, organization.id))["gate"].values()]
    assert (sorted(made), sorted(changed)) == ([1], [10])


async def test_flows_of_an_integration_that_is_hidden_are_hidden_with_their_steps(bench, organization, database):
    await organization.add_user("carol", *WRITES, *READS, Permission.DISPATCH_WRITE)
    carol = await organization.signed_in(*WRITES, Permission.DISPATCH_WRITE, username="carol")
    step = await bench.step()
    flow = await bench.flow(step, integrationId=bench.app.id)
    apart = await bench.flow(step, name="Apart")
    await act(bench.client, "updateIntegration", {"id": bench.app.id, "access": "RESTRICTED"})
    before = await snapshot(database, organization.id)

    assert [one["id"] for one in await listed(carol, "flows", "id")] == [apart["id"]]
    assert await listed(carol, "steps", "id") == []
    shown = (await carol.query(EDITOR, id=apart["id"]))["flow"]
    assert [one["step"] for one in shown["steps"]] == [None]
    for name, gone in (("deleteFlow", flow["id"]), ("deleteStep", step)):
        assert (await remove(carol, name, gone))["code"] == "NOT_FOUND"
    assert changes(before, await snapshot(database, organization.id)) == []


LISTS = """{ flows(first: 100) { totalCount nodes { id trigger { kind } integration { id } runAs { id }
    runAsToken { id }
    steps { step { id capability { id } connection { id } integration { id } flows(first: 2) { totalCount } } } } }
  steps(first: 100) { totalCount nodes { id } }
  integrations { nodes { flows(first: 5) { totalCount nodes { id } } steps(first: 5) { totalCount } } } }"""


@both
async def test_lists_cost_as_many_statements_for_20_flows_as_for_1(hub, new_organization, bench_of):
    sent = {}
    for count in (1, 20):
        tenant = await new_organization()
        bench = await bench_of(tenant.client)
        for _ in range(count):
            await bench.flow(await bench.step("R", "READ"), await bench.step(), integrationId=bench.app.id)
        with counted(hub.app.state.hub.database) as statements:
            answer = await bench.client.query(LISTS)
        assert answer["flows"]["totalCount"] == count
        sent[count] = len(statements)

    assert abs(sent[20] - sent[1]) <= 4, sent  # batches that a busy machine divides
