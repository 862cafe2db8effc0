"""The catalogue of events: types with schema, example and version; as graph, JSON and AsyncAPI."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from models.vocabulary import HubEvent, IntegrationAccess, Permission
from tests.harness.acting import act, faults, listed

SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"$ref": "#/$defs/number"}}}
PAID = {
    "name": "SHOP.PAID:ALL",
    "description": "An order was paid.",
    "schema": SCHEMA | {"$defs": {"number": {"type": "integer"}}},
    "example": {"id": 7},
}
SHOWN = "name version deprecatedSince example"


@pytest.fixture
async def shop(organization) -> str:
    return (await act(organization.client, "createIntegration", {"name": "Shop"}))["id"]


async def declare(organization, shop: str, **change: Any) -> dict[str, Any]:
    given = {"integrationId": shop, "eventTypes": [PAID | change]}
    made = await act(organization.client, "declareEventTypes", given, f"eventTypes {{ nodes {{ {SHOWN} }} }}")
    return made["eventTypes"]["nodes"][0]


async def read(http, token: str | None, form: str) -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return await http.get(f"/events/{form}.json", headers=headers)


async def test_a_version_grows_with_the_schema_alone(organization, shop):
    first = await declare(organization, shop)
    same = await declare(organization, shop, description="Other words")
    other = await declare(organization, shop, schema={"type": "object"})
    old = await declare(organization, shop, schema={"type": "object"}, deprecated=True)
    older = await declare(organization, shop, schema={"type": "object"}, deprecated=True)

    assert [one["version"] for one in (first, same, other, old)] == [1, 1, 2, 2]
    assert (first["example"], first["deprecatedSince"]) == ({"id": 7}, None)
    assert old["deprecatedSince"] == older["deprecatedSince"] != None  # noqa: E711


async def test_refuses_an_example_that_its_schema_does_not_allow(organization, shop):
    kept = await declare(organization, shop)
    given = {"integrationId": shop, "eventTypes": [PAID | {"example": {"id": "seven"}}]}

    assert await faults(organization.client, "declareEventTypes", given) == ["input.eventTypes.0.example.id"]
    assert (await listed(organization.client, "eventTypes", SHOWN)) == [kept]


async def test_the_graph_has_the_hubs_types_with_examples(organization):
    found = (await organization.client.query("{ hubEventTypes { name version example } }"))["hubEventTypes"]

    assert [one["name"] for one in found] == list(HubEvent)
    assert all(one["example"] and one["version"] == 1 for one in found)


async def test_the_catalogue_has_the_types_of_visible_integrations(organization, shop, http):
    await declare(organization, shop)
    hidden = {"name": "Hidden", "access": IntegrationAccess.RESTRICTED}
    made = await act(organization.client, "createIntegration", hidden)
    await act(
        organization.client, "declareEventTypes", {"integrationId": made["id"], "eventTypes": [{"name": "HIDDEN.A"}]}
    )
    await organization.add_user("other")
    token = await organization.issue(Permission.EVENTS_READ, username="other")

    answer = await read(http, token, "catalogue")
    mine = (await read(http, organization.token, "catalogue")).json()

    names = [one["type"] for one in answer.json()["eventTypes"]]
    assert (answer.status_code, names) == (200, [*HubEvent, "SHOP.PAID:ALL"])
    assert answer.json()["eventTypes"][-1] | {"schema": None} == {
        "type": "SHOP.PAID:ALL",
        "integration": "SHOP",
        "description": "An order was paid.",
        "version": 1,
        "deprecatedSince": None,
        "schema": None,
        "example": {"id": 7},
    }
    assert "HIDDEN.A" in [one["type"] for one in mine["eventTypes"]]


async def test_asyncapi_has_a_message_for_each_type_whose_example_its_schema_allows(organization, shop, http):
    await declare(organization, shop, deprecated=True)

    document = (await read(http, organization.token, "asyncapi")).json()

    messages = document["components"]["messages"]
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= document["info"].keys()
    assert document["operations"]["deliver"] == {"action": "send", "channel": {"$ref": "#/channels/webhooks"}}
    assert document["channels"]["webhooks"]["messages"] == {
        key: {"$ref": f"#/components/messages/{key}"} for key in messages
    }
    assert [*messages] == [*HubEvent, "SHOP.PAID_ALL"]
    for message in messages.values():
        validator = Draft202012Validator(message["payload"])
        assert [list(validator.iter_errors(one["payload"])) for one in message["examples"]] == [[]]
    assert messages["SHOP.PAID_ALL"]["x-deprecated-since"].endswith("Z")
    wrong = messages["SHOP.PAID_ALL"]["examples"][0]["payload"] | {"data": {"id": "seven"}}
    assert not Draft202012Validator(messages["SHOP.PAID_ALL"]["payload"]).is_valid(wrong)


async def test_the_catalogue_needs_a_token_with_one_of_two_permissions(organization, http):
    nothing = await organization.issue(Permission.AUDIT_READ)
    either = await organization.issue(Permission.INTEGRATIONS_READ)

    answers = [await read(http, token, "catalogue") for token in (None, nothing, either)]

    assert [answer.status_code for answer in answers] == [401, 403, 200]
    assert answers[0].headers["www-authenticate"] == "Bearer"
