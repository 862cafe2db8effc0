"""Verification: a job with steps, through the definition's request, that ends in LIVE, or in NEW with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.tables import Event, Job
from models.vocabulary import IntegrationState, WorkState
from resolvers.caller import Caller
from resolvers.integrations.verification import (
    settle_verifications,
)
from tests.definitions.conftest import described, save
from tests.definitions.verifying import TOKEN, ended, held_job, make, state_of, verify
from tests.harness.acting import act, integration_of, listed
from tests.harness.backends import both
from tests.harness.calling import app, capability
from tests.harness.rows import changes, snapshot
from tests.upstreams.canned import CANNED, reply

STATE = "state stateError connection { status lastError account { accountId email displayName } }"


@pytest.fixture
async def made(organization, vendor) -> dict[str, Any]:
    """Not verified yet."""
    return await make(organization, vendor)


@both
async def test_goes_live_step_by_step_and_says_who_is_connected(organization, vendor, made):
    client = organization.client

    job = await ended(client, made["id"])

    (task,) = job["tasks"]
    after = await integration_of(client, STATE, id=made["id"])
    (asked,) = vendor.received("/me")
    assert (made["state"], job["state"], job["error"], job["progress"]) == ("NEW", "SUCCEEDED", None, 1.0)
    assert (task["caption"], task["state"]) == ("Verify Vendor", "SUCCEEDED")
    assert [(step["caption"], step["finishedAt"] is not None) for step in task["steps"]] == [
        ("Ask whether the credentials work", True),
        ("Ask who is connected", True),
    ]
    assert after == {
        "state": "LIVE",
        "stateError": None,
        "connection": {
            "status": "CONNECTED",
            "lastError": None,
            "account": {"accountId": "7", "email": "ada@example.com", "displayName": "Ada"},
        },
    }
    assert asked.header("Authorization") == [f"Bearer {TOKEN}"]


async def test_says_so_by_an_event(organization, made, database):
    await ended(organization.client, made["id"])

    events = await _events(database, made)

    assert events == [("Hub.integration.verified", made["handler"], {"integrationId": made["databaseId"]})]


async def test_asks_for_a_job_about_the_integration(organization, made):
    answer = await verify(organization.client, made["id"])

    assert answer["__typename"] == "JobPayload"
    assert (answer["job"]["operation"], answer["job"]["caption"]) == ("integration.verify", "Verify Shop")
    assert answer["job"]["subject"] == {"id": made["id"]}


FAILURES: list[tuple[Any, str, str]] = [
    ({"error": "bad token"}, "401 Unauthorized", "The remote service answered 401: bad token"),
    ({"error": ["no text"]}, "403 Forbidden", "The remote service answered 403."),
    (
        *({"ok": False, "error": "invalid_auth"}, "200 OK"),
        "The remote service answered 200, but not in the way that shows working credentials: invalid_auth",
    ),
    (b"<html>", "200 OK", "The remote service answered 200, but not in the way that shows working credentials."),
    ({"error": f"what is {TOKEN}?\n"}, "400 Bad Request", "The remote service answered 400: what is ***?"),
    ({}, "302 Found", "The remote service answered 302."),
]


@pytest.mark.parametrize(("value", "status", "sentence"), FAILURES, ids=[one[1][:3] for one in FAILURES])
async def test_is_new_again_with_the_reason_where_it_fails(
    organization, vendor, made, database, value, status, sentence
):
    vendor.answers("/me", value, status)
    client = organization.client

    job = await ended(client, made["id"])

    after = await integration_of(client, STATE, id=made["id"])
    assert (job["state"], job["error"], job["tasks"][0]["state"]) == ("FAILED", sentence, "FAILED")
    assert job["tasks"][0]["error"] == sentence
    assert (after["state"], after["stateError"]) == ("NEW", sentence)
    assert after["connection"] == {"status": "OFFLINE", "lastError": sentence, "account": None}
    assert [event[0] for event in await _events(database, made)] == ["Hub.integration.verification_failed"]
    assert TOKEN not in str([job, after, await _events(database, made)])


async def test_is_new_again_where_nobody_answers(organization, vendor, made):
    await save(organization.client, "vendor", described(vendor, verification={"request": {"path": "/gone"}}))
    vendor.faults.answers[f"{vendor.base}/gone"] = CANNED["/garbage"]

    job = await ended(organization.client, made["id"])

    after = await integration_of(organization.client, STATE, id=made["id"])
    assert (job["state"], after["state"], after["stateError"]) == ("FAILED", "NEW", job["error"])


async def test_an_answer_beyond_measure_is_a_failure(organization, vendor, made):
    huge = b'{"ok": "' + b"a" * 300_000 + b'"}'
    vendor.faults.answers[f"{vendor.base}/me"] = reply(huge)

    job = await ended(organization.client, made["id"])

    assert (job["state"], job["error"]) == ("FAILED", "The answer is larger than 262144 bytes.")


async def test_dispatches_wait_only_where_the_definition_says_so(organization, vendor):
    vendor.answers("/things", {"things": []})
    outcomes = {}
    for key, required in (("strict", True), ("lenient", False)):
        verification = {"required": required, "request": {"path": "/me"}}
        await save(organization.client, key, described(vendor, verification=verification))
        get = capability("GET", "GET", "/things")
        shop = await app(organization.client, vendor.url, get, vendor=key, secret={"bearerToken": TOKEN})
        outcomes[key] = await shop.plan("GET")
        if required:
            assert (await shop.refused("GET"))["reason"] == "NOT_VERIFIED"
            assert (await ended(organization.client, shop.id))["state"] == "SUCCEEDED"
            assert (await shop.run("GET"))["dispatch"]["outcome"] == "SUCCEEDED"

    assert (outcomes["strict"]["reason"], outcomes["lenient"]["reason"]) == ("NOT_VERIFIED", None)


async def test_refuses_what_cannot_be_verified_and_changes_nothing(organization, vendor, database):
    client = organization.client
    await save(client, "vendor", described(vendor))
    unknown = await act(client, "createIntegration", {"name": "Custom"})
    unconnected = await act(client, "createIntegration", {"name": "Shop", "vendor": "vendor"})
    before = await snapshot(database, organization.id)

    refused = [await verify(client, one["id"]) for one in (unknown, unconnected)]

    assert [(one["code"], one.get("reason")) for one in refused] == [
        ("INVALID_INPUT", None),
        ("NOT_READY", "NO_CONNECTION"),
    ]
    assert changes(before, await snapshot(database, organization.id)) == []


async def test_is_new_again_with_another_app_token(organization, made):
    client, token = organization.client, {"integrationId": made["id"], "capabilities": [], "appToken": "another"}
    await ended(client, made["id"])
    live = await integration_of(client, "state", id=made["id"])
    same = await act(client, "declareCapabilities", token | {"appToken": None}, "state")

    declared = await act(client, "declareCapabilities", token, "state")

    assert (live["state"], same["state"], declared["state"]) == ("LIVE", "LIVE", "NEW")


async def test_all_that_use_a_connection_are_new_again_with_another_secret_of_it(organization, made):
    client = organization.client
    await ended(client, made["id"])
    (shared,) = await listed(client, "connections", "id")
    other = await act(client, "createIntegration", {"name": "Other", "vendor": "vendor"})
    both = {"integrationId": other["id"], "connectionIds": [shared["id"]], "defaultConnectionId": shared["id"]}
    await act(client, "registerConnections", both)

    await act(client, "updateIntegration", {"id": other["id"], "secret": {"bearerToken": "another"}})

    assert (await integration_of(client, "state", id=made["id"]))["state"] == "NEW"


async def test_nobody_knows_whose_another_secret_is(organization, made):
    client = organization.client
    await ended(client, made["id"])

    await act(client, "updateIntegration", {"id": made["id"], "secret": {"bearerToken": "another"}})

    assert (await integration_of(client, STATE, id=made["id"]))["connection"]["account"] is None


async def test_does_not_guess_which_connection_to_verify(organization, made):
    client = organization.client
    unsure = await act(client, "createIntegration", {"name": "Unsure", "vendor": "vendor"})
    for name in ("one", "two"):
        new = {"integrationId": unsure["id"], "name": name, "mode": "SHARED", "secret": {"bearerToken": name}}
        await act(client, "createConnection", new)

    refused = await verify(client, unsure["id"])

    assert (refused["code"], refused["reason"]) == ("NOT_READY", "AMBIGUOUS_CONNECTION")


@both
async def test_one_verification_is_under_way_at_a_time(organization, made, database):
    held = await held_job(database, organization, made)

    first, second = [await verify(organization.client, made["id"]) for _ in range(2)]

    assert first["job"]["databaseId"] == second["job"]["databaseId"] == held.id
    assert await state_of(database, made) == (IntegrationState.VERIFYING, None)


@both
@pytest.mark.parametrize("end", [WorkState.CANCELLED, WorkState.FAILED])
async def test_falls_back_to_new_where_its_job_is_dead(organization, made, database, hub, end):
    held = await held_job(database, organization, made)
    await verify(organization.client, made["id"])
    operator = Caller.operator(hub.app.state.hub)
    await hub.run(settle_verifications(operator))
    while_alive = await state_of(database, made)

    async with database.write() as session:
        await session.execute(update(Job).where(col(Job.id) == held.id).values(state=end))
    await hub.run(settle_verifications(operator))

    assert while_alive == (IntegrationState.VERIFYING, None)
    assert await state_of(database, made) == (
        IntegrationState.NEW,
        "The verification was stopped before it ended; verify again.",
    )
    assert [event[0] for event in await _events(database, made)] == ["Hub.integration.verification_failed"]
    entries = (await snapshot(database, organization.id))["audit_entry"].values()
    assert ("HUB", "hub") in {(entry["source"], entry["actor_name"]) for entry in entries}
    assert "operator" not in {entry["actor_name"] for entry in entries if entry["action"].startswith("integration.")}


async def test_a_change_under_way_makes_the_finding_void(organization, vendor, made, database):
    vendor.faults.answers.pop(f"{vendor.base}/me")
    await save(organization.client, "vendor", described(vendor, verification={"request": {"path": "/silent"}}))
    held = await held_job(database, organization, made)
    await verify(organization.client, made["id"])

    await act(organization.client, "updateIntegration", {"id": made["id"], "secret": {"bearerToken": "another"}})

    assert held.id
    assert await state_of(database, made) == (IntegrationState.NEW, None)


async def _events(database, made) -> list[tuple[str, str, dict[str, Any]]]:
    async with database.read() as session:
        wanted = select(Event).where(col(Event.integration_id) == made["databaseId"]).order_by(col(Event.id))
        rows = (await session.execute(wanted)).scalars().all()
    return [(row.type, row.entity_id, row.payload) for row in rows if row.type.startswith("Hub.integration.verif")]
