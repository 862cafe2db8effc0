"""Definitions over GraphQL: those that come with the hub, and an organization's own."""

from __future__ import annotations

import pytest

from tests.definitions.conftest import save
from tests.definitions.samples import DESK, PLAIN, changed
from tests.harness.acting import act, attempt, refusal
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot

SHOWN = """vendor name description category docsUrl iconUrl authType scopes supportsVerification requiresVerification
  supportsMultiple supportsUpload editable features extends options { key title type default }
  custom deprecated usable
  fields { key group label description required secret type pattern options }"""
LIST = f"query($filter: DefinitionFilter) {{ definitions(filter: $filter) {{ totalCount nodes {{ {SHOWN} }} }} }}"
ONE = f"query($vendor: String!) {{ definition(vendor: $vendor) {{ {SHOWN} }} }}"
DELETE = """mutation($id: ID!) { deleteDefinition(id: $id) { ... on DeletePayload { deletedId }
  ... on Problem { code message } ... on Conflict { existing { id } } } }"""
OWN = {name: value for name, value in DESK.items() if name not in ("vendor", "source")}


async def vendors(client, **narrowed) -> list[str]:
    """Which are listed."""
    answer = (await client.query(LIST, filter=narrowed))["definitions"]
    assert answer["totalCount"] == len(answer["nodes"])
    return [node["vendor"] for node in answer["nodes"]]


async def test_shows_what_comes_with_the_hub(organization):
    lake = (await organization.client.query(ONE, vendor="lake"))["definition"]

    assert lake == {
        "vendor": "lake",
        "name": "Lake",
        "description": "Keeps files, for tests.",
        "category": "storage",
        "docsUrl": "https://docs.example.com/lake",
        "iconUrl": None,
        "authType": "BEARER",
        "scopes": [],
        "supportsVerification": True,
        "requiresVerification": True,
        "supportsMultiple": True,
        "supportsUpload": True,
        "editable": True,
        "features": [],
        "extends": [],
        "options": [],
        "custom": False,
        "deprecated": False,
        "usable": True,
        "fields": [],
    }
    assert (await organization.client.query(ONE, vendor="nobody"))["definition"] is None


@both
async def test_lists_by_name_and_narrows(organization):
    await save(organization.client, "desk", OWN)
    client = organization.client

    assert await vendors(client) == ["desk", "lake", "mill"]
    assert await vendors(client, custom=True) == ["desk"]
    assert await vendors(client, custom=False) == ["lake", "mill"]
    assert await vendors(client, category=["storage", "ticketing"]) == ["desk", "lake"]
    assert await vendors(client, authType=["OAUTH2"]) == ["mill"]
    assert await vendors(client, search="LAK") == ["lake"]
    assert await vendors(client, search="nothing") == []


async def test_an_organization_has_its_own_which_others_do_not_see(organization, new_organization):
    other = await new_organization()

    await save(organization.client, "desk", OWN)

    desk = (await organization.client.query(ONE, vendor="desk"))["definition"]
    assert (desk["custom"], desk["supportsUpload"], desk["supportsMultiple"]) == (True, True, False)
    assert desk["fields"][1] == {
        "key": "email",
        "group": "SECRET",
        "label": "E-mail",
        "description": None,
        "required": True,
        "secret": False,
        "type": "STRING",
        "pattern": None,
        "options": [],
    }
    assert (await other.client.query(ONE, vendor="desk"))["definition"] is None
    assert await vendors(other.client) == ["lake", "mill"]


async def test_shows_the_optional_parts_as_they_were_saved(organization):
    lock = {"key": "objectLock", "title": "Object lock", "type": "BOOLEAN", "default": False}
    size = {"key": "size", "title": "Size", "type": "INTEGER"}
    parts = {"features": ["snapshots"], "extends": ["backups"], "options": [lock, size]}

    await save(organization.client, "desk", {**changed(OWN, supports__editable=False), **parts})

    desk = (await organization.client.query(ONE, vendor="desk"))["definition"]
    assert (desk["features"], desk["extends"], desk["editable"]) == (["snapshots"], ["backups"], False)
    assert desk["options"] == [lock, {**size, "default": None}]


async def test_what_is_not_editable_takes_no_change(organization, database):
    await save(organization.client, "plain", changed(PLAIN, source=None, supports__editable=False))
    made = await act(organization.client, "createIntegration", {"name": "P", "vendor": "plain"})
    before = await snapshot(database, organization.id)

    refused = await refusal(organization.client, "updateIntegration", {"id": made["id"], "name": "Q"})

    assert (refused["code"], refused["path"]) == ("FORBIDDEN", ["input", "id"])
    assert "delete it and make a new one" in refused["message"]
    assert changes(before, await snapshot(database, organization.id)) == ["+ audit_entry"]


async def test_an_own_definition_stands_in_the_place_of_the_hubs(organization):
    await save(organization.client, "lake", {**OWN, "name": "Our lake"})

    assert await vendors(organization.client) == ["mill", "lake"]
    assert (await organization.client.query(ONE, vendor="lake"))["definition"]["name"] == "Our lake"


@both
async def test_saving_again_replaces_it_and_the_same_changes_nothing(organization, database):
    first = await save(organization.client, "desk", OWN)
    before = await snapshot(database, organization.id)
    same = await save(organization.client, "desk", OWN)
    unchanged = changes(before, await snapshot(database, organization.id))

    again = await save(organization.client, "desk", {**OWN, "name": "Desk 2"})

    assert first == same == again
    assert unchanged == []
    assert (await organization.client.query(ONE, vendor="desk"))["definition"]["name"] == "Desk 2"


@pytest.mark.parametrize(
    ("vendor", "given", "place"),
    [
        ("Desk", OWN, "input.vendor"),
        ("desk", [], "input.definition"),
        ("desk", {**OWN, "vendor": "other"}, "input.definition.vendor"),
        ("desk", changed(OWN, auth__colour="red"), "input.definition.auth.colour"),
        ("desk", changed(OWN, fields__0__pattern="("), "input.definition.fields.0.pattern"),
    ],
)
async def test_refuses_a_faulty_definition_at_its_place(lasting, database, vendor, given, place):
    before = await snapshot(database, lasting.id)

    refused = await save(lasting.client, vendor, given)

    assert [".".join(fault["path"]) for fault in refused["violations"]] == [place]
    assert changes(before, await snapshot(database, lasting.id)) == []


async def test_a_definition_that_is_used_stays(organization, database):
    made = await save(organization.client, "plain", changed(PLAIN, source=None))
    used = await act(organization.client, "createIntegration", {"name": "Ours", "vendor": "plain"})
    before = await snapshot(database, organization.id)

    refused = (await organization.client.query(DELETE, id=made["id"]))["deleteDefinition"]

    assert (refused["code"], refused["existing"]) == ("CONFLICT", {"id": used["id"]})
    assert changes(before, await snapshot(database, organization.id)) == []


async def test_removes_one_that_is_not_used(organization):
    made = await save(organization.client, "desk", OWN)

    gone = (await organization.client.query(DELETE, id=made["id"]))["deleteDefinition"]

    assert gone == {"deletedId": made["id"]}
    assert await vendors(organization.client) == ["lake", "mill"]


async def test_what_comes_with_the_hub_is_not_removed(organization):
    (found,) = (await organization.client.query('{ definitions(filter: {search: "lake"}) { nodes { id } } }'))[
        "definitions"
    ]["nodes"]

    refused = (await organization.client.query(DELETE, id=found["id"]))["deleteDefinition"]

    assert refused["code"] == "FORBIDDEN"
    assert await vendors(organization.client) == ["lake", "mill"]


async def test_a_vendor_of_one_integration_takes_no_second_one(organization, new_organization):
    other, given = await new_organization(), {"name": "M", "vendor": "mill", "auth": {"parameters": {"site": "a"}}}
    first = await act(organization.client, "createIntegration", given)

    refused = await refusal(organization.client, "createIntegration", given)

    usable = [(await one.client.query(ONE, vendor="mill"))["definition"]["usable"] for one in (organization, other)]
    assert (refused["code"], refused["path"], refused["existing"]) == (
        *("CONFLICT", ["input", "vendor"]),
        {"__typename": "Integration", "id": first["id"]},
    )
    assert usable == [False, True]


async def test_a_deprecated_vendor_takes_no_new_integrations(organization):
    await save(organization.client, "plain", changed(PLAIN, source=None, deprecated=True))

    refused = await refusal(organization.client, "createIntegration", {"name": "P", "vendor": "plain"})

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "vendor"])
    assert not (await organization.client.query(ONE, vendor="plain"))["definition"]["usable"]


async def test_an_integration_shows_its_definition_and_uploads_filter_by_it(organization):
    client = organization.client
    made = await attempt(
        client, "createIntegration", {"name": "L", "vendor": "lake"}, "id category definition { vendor custom }"
    )
    await act(client, "createIntegration", {"name": "Without"})

    narrowed = "query($uploads: Boolean) { integrations(filter: {supportsUpload: $uploads}) { nodes { name } } }"
    with_uploads, without = [
        [node["name"] for node in (await client.query(narrowed, uploads=wanted))["integrations"]["nodes"]]
        for wanted in (True, False)
    ]

    assert made["integration"]["definition"] == {"vendor": "lake", "custom": False}
    assert made["integration"]["category"] == "storage"
    assert (with_uploads, without) == (["L"], ["Without"])
