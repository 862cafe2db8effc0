"""Integrations over this dialect: made, read, changed and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cycle.conftest import AUTH, EXTRA, NEVER, STORE, Cycle, define, refused
from tests.definitions.samples import changed
from tests.harness.acting import act
from tests.harness.rows import changes, snapshot


async def test_makes_one_as_the_vendors_page_shows(client: Cycle, store, organization):
    given = {"name": "Nightly backups", "vendor": "store", "identifier": "nightly", "auth": AUTH, "extra": EXTRA}

    made = await client.ok("POST", "", given, 201)

    assert {name: made[name] for name in ("name", "vendor", "identifier", "extra")} == {
        name: given[name] for name in ("name", "vendor", "identifier", "extra")
    }
    assert made["auth"] == {"key_id": "id1", "secret": "K005x..."}
    assert made["creator"] == {"id": organization.admin_id, "type": "account"}
    assert (made["hub_id"], made["state"]["current"], "error" in made["state"]) == (organization.id, "live", False)
    assert made["events"]["deleted"] == NEVER < made["events"]["created"] <= made["state"]["changed"]
    assert made["meta"] is None
    assert await client.ok("GET", f"/{made['id']}") == made


async def test_fills_in_name_and_identifier(client: Cycle, store):
    made = await client.make(name=None)
    again = await client.make(identifier=None)

    assert (made["name"], made["identifier"]) == ("Store", "store")
    assert (again["name"], again["identifier"]) == ("Store", "store-2")


async def test_two_may_have_the_same_identifier_and_both_are_found_by_it(client: Cycle, store, organization):
    first, second = [await client.make(name=name, identifier="same") for name in ("One", "Two")]
    query = 'query { integrations(filter: {identifier: ["same"]}) { nodes { databaseId identifier } } }'

    found = (await organization.client.query(query))["integrations"]["nodes"]

    assert {one["databaseId"] for one in found} == {first["id"], second["id"]}
    assert await client.names("?filter[identifier]=same") == ["One", "Two"]


async def test_shows_the_definition_inside_each_resource(client: Cycle, store):
    made = await client.ok("POST", "?meta=definition", {"vendor": "store", "auth": AUTH, "extra": EXTRA}, 201)
    read = await client.ok("GET", f"/{made['id']}?meta=definition&meta=definition")
    (listed,) = await client.ok("GET", "?meta=definition")
    patched = await client.ok("PATCH", f"/{made['id']}?meta=definition", {})

    assert made["meta"]["definition"]["vendor"] == "store"
    assert made["meta"] == read["meta"] == listed["meta"] == patched["meta"]


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"name": "Weekly"}, {"name": "Weekly"}),
        ({"name": None}, {"name": "Store"}),
        ({"identifier": "weekly"}, {"identifier": "weekly"}),
        ({"auth": {"key_id": "id2"}}, {"auth": {"key_id": "id2", "secret": "K005x..."}}),
        ({"auth": {"secret": "Another-secret"}}, {"auth": {"key_id": "id1", "secret": "Anoth..."}}),
        ({"auth": {"region": "eu"}}, {"auth": {"key_id": "id1", "secret": "K005x...", "region": "eu"}}),
        ({"auth": {"region": None}}, {}),
        ({"auth": {"secret": "K005x..."}}, {}),
        ({"auth": {"secret": "..."}}, {}),
        ({"auth": {"namespace": None}}, {}),
        ({"auth": {}}, {}),
        ({"auth": None}, {"auth": None}),
        ({"auth": {"key_id": None, "secret": None}}, {"auth": None}),
        ({"extra": {"bucket": "b", "note": "n"}}, {"extra": {"bucket": "b", "note": "n"}}),
        ({"extra": {"bucket": "acme"}}, {}),
        ({}, {}),
    ],
)
async def test_changes_what_is_given_and_nothing_else(client: Cycle, store, change: Any, shown: Any):
    made = await client.make(name="Nightly")

    after = await client.ok("PATCH", f"/{made['id']}", change)

    assert after == {**made, **shown, "events": after["events"]}
    assert await client.ok("GET", f"/{made['id']}") == after


async def test_a_withdrawn_credential_can_be_given_again(client: Cycle, store):
    made = await client.make()
    await client.ok("PATCH", f"/{made['id']}", {"auth": None})

    refused(
        await client("PATCH", f"/{made['id']}", {"auth": {"key_id": "id2"}}),
        422,
        "422.missing-argument",
        "/auth/secret",
    )
    again = await client.ok("PATCH", f"/{made['id']}", {"auth": {"key_id": "id2", "secret": "abc"}})

    assert again["auth"] == {"key_id": "id2", "secret": "..."}


async def test_numbers_flags_and_objects_among_the_parameters_stay(client: Cycle, store, organization):
    made = await client.make()
    parameters = {"bucket": "b", "shards": 4, "open": True, "more": {"a": 1}, "old": "x"}
    given = {"id": made["id"], "auth": {"parameters": parameters}}
    await act(organization.client, "updateIntegration", given)

    before = await client.ok("GET", f"/{made['id']}")
    after = await client.ok("PATCH", f"/{made['id']}", {"extra": {"bucket": "c", "shards": "4"}})
    query = "query($id: ID!) { integration(by: {id: $id}) { auth { parameters } } }"
    stored = (await organization.client.query(query, id=made["id"]))["integration"]["auth"]["parameters"]

    assert before["extra"] == {"bucket": "b", "shards": "4", "open": "true", "old": "x"}
    assert after["extra"] == {"bucket": "c", "shards": "4", "open": "true"}
    assert stored == {"bucket": "c", "shards": 4, "open": True, "more": {"a": 1}}


async def test_a_vendor_of_one_integration_takes_no_second_one(client: Cycle, organization, database):
    await define(organization, "store", changed(STORE, supports={"multiple": False}))
    made = await client.make()
    before = await snapshot(database, organization.id)

    answer = await client("POST", "", {"vendor": "store", "auth": AUTH, "extra": EXTRA})

    assert "there is one already" in refused(answer, 409, "409.duplicate-found", "/vendor")
    assert changes(before, await snapshot(database, organization.id)) == []
    await client.ok("DELETE", f"/{made['id']}", status=202)
    await client.make()


async def test_what_is_not_editable_takes_no_change(client: Cycle, organization, database):
    await define(organization, "store", changed(STORE, supports={"editable": False}))
    made = await client.make()
    before = await snapshot(database, organization.id)

    answer = await client("PATCH", f"/{made['id']}", {"name": "Other"})

    assert "delete it and make a new one" in refused(answer, 403, "403.not-allowed")
    assert changes(before, await snapshot(database, organization.id)) == ["+ audit_entry"]


async def test_a_deleted_one_is_found_by_id_and_by_its_state_only(client: Cycle, store):
    kept, gone = await client.make(name="Kept"), await client.make(name="Gone")

    descriptor = await client.ok("DELETE", f"/{gone['id']}", status=202)
    job = await client.ended(descriptor["job"]["id"])

    after = await client.ok("GET", f"/{gone['id']}")
    assert (descriptor["action"], job["state"]["current"]) == ("delete", "completed")
    assert job["tasks"][0]["output"] == {"id": gone["id"], "state": "deleted"}
    assert (after["state"]["current"], after["name"], after["auth"]) == ("deleted", "Gone", None)
    assert after["events"]["deleted"] == after["state"]["changed"] > after["events"]["created"]
    assert await client.names() == ["Kept"]
    assert await client.names("?filter[state]=deleted") == ["Gone"]
    assert await client.names("?filter[state]=deleted,live") == ["Kept", "Gone"]
    assert await client.names("?filter[identifier]=gone") == []
    for method, path, body in (("PATCH", "", {}), ("DELETE", "", None), ("POST", "/tasks", {"action": "verify"})):
        refused(await client(method, f"/{gone['id']}{path}", body), 404, "404.hub.integration")
    assert kept["state"]["current"] == "live"
