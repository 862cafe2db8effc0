"""As whom flows run: who changed last what they do, and is allowed all of it."""

from __future__ import annotations

from models.vocabulary import Permission
from tests.harness.acting import act, listed
from tests.harness.rows import changes, snapshot


async def test_a_flow_runs_as_who_changed_last_what_it_does(bench, organization):
    await organization.add_user("bob")
    bob = bench.by(await organization.signed_in(*Permission, username="bob"))
    flow = await bench.flow(await bench.step())

    named = await bob.change(flow["id"], name="G", description="Of Bob", enabled=False)
    triggered = await bob.change(flow["id"], trigger={"schedule": {"cron": "0 9 * * *"}})

    assert (named["runAs"], triggered["runAs"]) == ({"username": "admin"}, {"username": "bob"})


async def test_a_changed_step_makes_its_changer_run_the_flows_that_use_it(bench, organization, database):
    await organization.add_user("bob")
    bob = await organization.signed_in(*Permission, username="bob")
    step = await bench.step()
    await bench.flow(step)
    await act(bob, "updateStep", {"id": step, "name": "Renamed"})
    shown = "runAs { username } version"
    assert await listed(bob, "flows", shown) == [{"runAs": {"username": "admin"}, "version": 1}]

    await act(bob, "updateStep", {"id": step, "mapping": "{name: name}"})

    assert await listed(bob, "flows", shown) == [{"runAs": {"username": "bob"}, "version": 2}]
    entries = (await snapshot(database, organization.id))["audit_entry"].values()
    assert [one["action"] for one in entries][-2:] in (
        ["flow.taken_over", "step.updated"],
        ["step.updated", "flow.taken_over"],
    )


READS = (Permission.FLOWS_READ, Permission.INTEGRATIONS_READ)
WRITES = (Permission.FLOWS_WRITE, Permission.INTEGRATIONS_WRITE, Permission.CONNECTIONS_WRITE)


async def test_nobody_saves_a_flow_that_does_what_they_may_not(bench, organization, database):
    await organization.add_user("carol", *WRITES, Permission.DISPATCH_READ)
    carol = bench.by(await organization.signed_in(*WRITES, Permission.DISPATCH_READ, username="carol"))
    write, read = await bench.step("Write"), await bench.step("Read", "READ")
    own = {"capabilityId": None, "integrationId": bench.app.id, "request": {"path": "/x"}}
    proxied = await bench.step("Proxied", **own)
    flow = await bench.flow(write)
    before = await snapshot(database, organization.id)

    refusals = [
        await carol.refused("createFlow", bench.new_flow(read, write)),
        await carol.refused("createFlow", bench.new_flow(proxied)),
        await carol.refused("updateFlow", {"id": flow["id"], "trigger": {"schedule": {"cron": "0 9 * * *"}}}),
        await carol.refused("createStep", bench.new_step()),
        await carol.refused("updateStep", {"id": write, "mapping": "a"}),
    ]

    assert {one["code"] for one in refusals} == {"FORBIDDEN"}
    assert "its step Write does: it needs the permission DISPATCH_WRITE" in refusals[0]["message"]
    assert "its step Proxied does: it needs the permission PROXY_REQUEST" in refusals[1]["message"]
    assert set(changes(before, await snapshot(database, organization.id))) <= {"+ audit_entry"}
    assert (await carol.make(read))["flow"]["runAs"] == {"username": "carol"}
    assert (await carol.change(flow["id"], name="G"))["runAs"] == {"username": "admin"}


async def test_a_connection_is_shared_or_the_savers_own(bench, organization):
    await organization.add_user("bob")
    bob = bench.by(await organization.signed_in(*Permission, username="bob"))
    mine, shared = [
        await act(
            bob.client,
            "createConnection",
            {"integrationId": bench.app.id, "mode": mode, "secret": {"apiKey": "k" * 20}},
        )
        for mode in ("PER_USER", "SHARED")
    ]

    refused = await bench.refused("createStep", bench.new_step(connectionId=mine["id"]))

    assert refused["code"] == "FORBIDDEN"
    assert "its connection is another user's own" in refused["message"]
    assert await bob.step(connectionId=mine["id"])
    assert await bench.step(connectionId=shared["id"])


TAKE = "mutation($id: ID!) { takeOverFlow(id: $id) { ... on FlowPayload { flow { runAs { username } version } } } }"


async def test_a_flow_is_taken_over_explicitly_and_once(bench, organization, database):
    await organization.add_user("bob")
    bob = await organization.signed_in(*Permission, username="bob")
    flow = await bench.flow(await bench.step())

    for _ in range(2):
        taken = (await bob.query(TAKE, id=flow["id"]))["takeOverFlow"]["flow"]
        assert taken == {"runAs": {"username": "bob"}, "version": 2}

    entries = (await snapshot(database, organization.id))["audit_entry"].values()
    assert [one["action"] for one in entries].count("flow.taken_over") == 1
