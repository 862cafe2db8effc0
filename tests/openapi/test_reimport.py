"""A second import: the plan shows what it changes, for whom it breaks, and the import does exactly that."""

from __future__ import annotations

import asyncio

import pytest

from tests.harness.acting import act
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.openapi.documents import body, many, of, one

QUERY = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}}
FIRST = of(
    {
        "/pets": {
            "get": {"operationId": "listPets", "tags": ["pets"], "parameters": [QUERY], "summary": "List"},
            "post": {"operationId": "addPet", "tags": ["pets"], **body({"type": "object", "properties": {"a": {}}})},
        },
        "/toys": {"get": {"tags": ["toys"]}},
    }
)
NEEDED = {"name": "owner_name", "in": "query", "required": True, "schema": {"type": "string"}}
OWNER = {"type": "string", "x-in": "query"}
SECOND = of(
    {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "tags": ["pets"],
                "parameters": [{**QUERY, "schema": {"type": "integer", "minimum": 0}}, NEEDED],
                "summary": "List",
            },
            "put": {"operationId": "replacePets"},
        },
        "/toys": {"get": {"tags": ["toys"]}},
    }
)
BY_HAND = {"name": "OWN", "method": "GET", "endpoint": "/own"}


def told(plan):
    """The changes of a plan, by name: kind, and whether it breaks."""
    assert plan["__typename"] == "OpenApiPlan", plan
    return {one["name"]: (one["kind"], one["breaking"]) for one in plan["changes"]}


@both
async def test_a_plan_shows_the_changes_and_the_import_makes_them(importer, organization, database):
    await act(
        organization.client,
        "declareCapabilities",
        {"integrationId": importer.integration_id, "capabilities": [BY_HAND]},
    )
    assert told(await importer.plan(FIRST)) == dict.fromkeys(("listPets", "addPet", "GET_toys"), ("ADDED", False))
    before = await importer.take(FIRST)

    upload_id = await importer.upload(SECOND)
    stored = await snapshot(database, organization.id)
    plan = await importer.plan_of(upload_id, prune=True)
    assert changes(stored, await snapshot(database, organization.id)) == []
    after = (await importer.take_of(upload_id, prune=True, planDigest=plan["digest"]))["integration"]
    after = {one["name"]: one for one in after["capabilities"]["nodes"]}

    assert list(told(plan).items()) == [
        ("listPets", ("CHANGED", True)),
        ("addPet", ("REMOVED", True)),
        ("replacePets", ("ADDED", False)),
        ("GET_toys", ("UNCHANGED", False)),
    ]
    assert plan["documentTitle"] == "Shop 1.2"
    assert plan["changes"][0]["fields"] == [
        {"path": "inputSchema.properties.limit.minimum", "oldValue": 1, "newValue": 0},
        {
            "path": "inputSchema.properties.owner_name",
            "oldValue": None,
            "newValue": {"type": "string", "x-in": "query"},
        },
        {"path": "inputSchema.required", "oldValue": None, "newValue": ["owner_name"]},
    ]
    assert list(after) == ["OWN", "listPets", "GET_toys", "replacePets"]
    assert [after[name]["id"] for name in ("OWN", "listPets")] == [before[name]["id"] for name in ("OWN", "listPets")]
    assert after["OWN"] == before["OWN"]


@both
async def test_an_import_without_changes_changes_nothing(importer, organization, database):
    await importer.take(FIRST)
    upload_id = await importer.upload(FIRST)
    before = await snapshot(database, organization.id)

    await importer.take_of(upload_id, prune=True)

    assert changes(before, await snapshot(database, organization.id)) == []


async def test_without_prune_and_outside_of_a_selection_capabilities_stay(importer):
    await importer.take(FIRST)

    kept = await importer.take(SECOND)
    chosen = await importer.take(SECOND, prune=True, tags=["pets"])

    assert list(kept) == ["listPets", "addPet", "GET_toys", "replacePets"]
    assert list(chosen) == ["listPets", "GET_toys", "replacePets"]


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ({"tags": ["toys"]}, ["GET_toys"]),
        ({"tags": ["toys", "pets"], "pathPrefixes": ["/p"]}, ["listPets", "addPet"]),
        ({"operationIds": ["addPet"]}, ["addPet"]),
        ({"tags": []}, []),
    ],
)
async def test_a_selection_takes_the_operations_that_fit(selection, names, importer):
    assert list(await importer.take(FIRST, **selection)) == names


async def test_a_capability_that_was_declared_by_hand_is_never_replaced(importer):
    by_hand = {"name": "do", "method": "GET", "endpoint": "/own"}
    await importer.declare(by_hand)

    first = await importer.take(one())
    second = await importer.take(one({"summary": "New"}), prune=True)

    assert [one["endpoint"] for one in first.values()] == ["/own", "/things"]
    assert [(one["id"], one["name"]) for one in second.values()] == [
        (one["id"], one["name"]) for one in first.values()
    ]
    assert [one["description"] for one in second.values()] == ["", "New"]


async def test_another_plan_than_the_expected_one_is_refused(importer, organization, database):
    plan = await importer.plan(FIRST)
    upload_id = await importer.upload(SECOND)
    before = await snapshot(database, organization.id)

    refused = await importer.take_of(upload_id, planDigest=plan["digest"])

    assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", "planDigest"])
    assert changes(before, await snapshot(database, organization.id)) == []
    assert (await importer.plan_of(upload_id, planDigest="x"))["__typename"] == "OpenApiPlan"


@both
async def test_an_import_that_meets_a_change_of_the_integration_is_refused(importer, organization):
    importing = asyncio.create_task(importer.take_of(await importer.upload(many(300))))
    versions = 0
    while not importing.done():  # reading the document takes longer than a change
        given = {"id": importer.integration_id, "description": str(versions)}
        await act(organization.client, "updateIntegration", given)
        versions += 1
    refused = await importing

    assert refused["code"] == "CONFLICT", versions
    assert "plan again" in refused["message"]
    assert await importer.take({"openapi": "3.1.0", "info": {"title": "None", "version": "1"}}) == {}


async def test_the_installations_of_others_that_a_break_hits_are_counted(importer, new_organization):
    await importer.take(FIRST)
    public = {"name": f"shop-{importer.integration_id[-20:].strip('=')}", "title": "Shop", "description": "A shop."}
    given = {"integrationId": importer.integration_id, "visibility": "PUBLIC", "scopes": [], **public}
    await act(importer.client, "publishIntegration", given, "__typename")
    for _ in range(2):
        other = await new_organization()
        await act(other.client, "installIntegration", {"integration": {"id": importer.integration_id}})

    plan = await importer.plan(SECOND, prune=True)

    assert {one["name"]: one["affectedInstallationCount"] for one in plan["changes"]} == {
        "listPets": 2,
        "addPet": 2,
        "replacePets": 0,
        "GET_toys": 0,
    }


async def test_at_most_a_thousand_capabilities_are_kept_together(importer):
    await importer.declare(*({**BY_HAND, "name": f"OWN{number}"} for number in range(999)))

    refused = await importer.plan(FIRST)

    assert refused["path"] == ["input", "uploadId"]
    assert "The integration would have 1002 capabilities" in refused["message"]
    assert told(await importer.plan(FIRST, operationIds=["addPet"])) == {"addPet": ("ADDED", False)}
