"""What an integration takes from its vendor's definition, and secrets that are given as its fields."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.definitions.conftest import save
from tests.definitions.samples import DESK, PLAIN, changed
from tests.harness.acting import act, faults, integration_of
from tests.harness.calling import app, capability
from tests.harness.rows import changes, snapshot

AUTH = """auth { type apiBaseUrl scopes authorizationUrl tokenUrl revocationUrl tokenEndpointAuth apiKeyLocation
  tokenParameters tokenPath pkce responseMode
  apiKeyName parameters headers { name value } } category vendor state"""
OWN = {name: value for name, value in DESK.items() if name not in ("vendor", "source", "supports")}
FIELDS = {"email": "ada@example.com", "apiToken": "token-of-desk-1234"}


def desk(**members: Any) -> dict[str, Any]:
    """An integration of the vendor."""
    return {"name": "Desk", "vendor": "desk", "auth": {"parameters": {"subdomain": "north"}}} | members


@pytest.fixture
async def client(organization):
    """Of an organization that knows Desk."""
    await save(organization.client, "desk", OWN)
    return organization.client


@pytest.fixture(scope="module")
async def knowing(lasting):
    """A client such as `client`, for tests that are refused."""
    await save(lasting.client, "desk", OWN)
    return lasting.client


async def test_the_definition_fills_what_is_absent(organization):
    given = {"name": "Mill", "vendor": "mill", "auth": {"parameters": {"site": "west"}, "scopes": ["read"]}}

    made = await act(organization.client, "createIntegration", given, AUTH)

    assert made == {
        "auth": {
            "type": "OAUTH2",
            "apiBaseUrl": "https://west.example.com/v1",
            "scopes": ["read"],
            "authorizationUrl": "https://west.example.com/oauth/authorize",
            "tokenUrl": "https://west.example.com/oauth/token",
            "revocationUrl": "https://west.example.com/oauth/revoke",
            "tokenEndpointAuth": "POST",
            "tokenParameters": {"audience": "https://example.com/mill"},
            "tokenPath": "data",
            "pkce": False,
            "responseMode": "FORM_POST",
            "apiKeyLocation": "HEADER",
            "apiKeyName": None,
            "parameters": {"site": "west"},
            "headers": [{"name": "X-Version", "value": "…"}],
        },
        "category": "communication",
        "vendor": "mill",
        "state": "LIVE",
    }


async def test_what_is_given_wins(client):
    given = desk(category="own", auth={"apiBaseUrl": "https://own.example.com", "parameters": {"subdomain": "north"}})

    made = await act(client, "createIntegration", given, AUTH)

    assert (made["auth"]["apiBaseUrl"], made["category"]) == ("https://own.example.com", "own")


async def test_what_stands_only_in_an_address_of_its_own_may_be_left_out(client):
    own = {"apiBaseUrl": "https://own.example.com"}

    made = await act(client, "createIntegration", desk(auth=own), f"id {AUTH}")
    told = await act(client, "updateIntegration", {"id": made["id"], "auth": {"parameters": {"shard": 3}}}, AUTH)
    wrong = await faults(client, "updateIntegration", {"id": made["id"], "auth": {"parameters": {"subdomain": "A!"}}})
    without = {"id": made["id"], "auth": {"apiBaseUrl": None, "parameters": {}}}
    missing = await faults(client, "updateIntegration", without)

    assert [one["auth"]["apiBaseUrl"] for one in (made, told)] == ["https://own.example.com"] * 2
    assert wrong == missing == ["input.auth.parameters.subdomain"]


async def test_what_stands_elsewhere_too_has_to_be_given(organization):
    used = changed(OWN, verification__request__path="/of/{subdomain}")
    await save(organization.client, "desk", used)

    found = await faults(
        organization.client, "createIntegration", desk(auth={"apiBaseUrl": "https://own.example.com"})
    )

    assert found == ["input.auth.parameters.subdomain"]


@pytest.mark.parametrize(
    ("parameters", "places"),
    [
        ({}, ["subdomain"]),
        ({"subdomain": ""}, ["subdomain"]),
        ({"subdomain": "North!"}, ["subdomain"]),
        ({"subdomain": ["north"]}, ["subdomain"]),
        ({"subdomain": "a\n"}, ["subdomain"]),
        ({"subdomain": "north", "region": "moon"}, ["region"]),
        ({"subdomain": "north", "shard": "many", "sandbox": "maybe"}, ["shard", "sandbox"]),
        ({"subdomain": "north", "shard": True}, ["shard"]),
    ],
)
async def test_refuses_parameters_that_do_not_fit_their_fields(knowing, lasting, database, parameters, places):
    before = await snapshot(database, lasting.id)

    found = await faults(knowing, "createIntegration", desk(auth={"parameters": parameters}))

    assert found == [f"input.auth.parameters.{place}" for place in places]
    assert changes(before, await snapshot(database, lasting.id)) == []


@pytest.mark.parametrize("value", ["evil.com/", "evil.com#", "a@evil.com", "evil.com:80", "..", "a\\b", "%2e", "a b"])
async def test_no_parameter_leads_to_another_host(organization, value):
    loose = changed(OWN, fields__0__pattern=".*")
    await save(organization.client, "desk", loose)

    found = await faults(organization.client, "createIntegration", desk(auth={"parameters": {"subdomain": value}}))

    assert found == ["input.auth.parameters.subdomain"]


async def test_other_parameters_move_the_addresses_that_came_from_the_definition(client):
    made = await act(client, "createIntegration", desk())

    moved = await act(
        client, "updateIntegration", {"id": made["id"], "auth": {"parameters": {"subdomain": "south"}}}, AUTH
    )
    own = await act(
        client, "updateIntegration", {"id": made["id"], "auth": {"apiBaseUrl": "https://own.example.com"}}, AUTH
    )
    kept = await act(
        client, "updateIntegration", {"id": made["id"], "auth": {"parameters": {"subdomain": "east"}}}, AUTH
    )

    assert moved["auth"]["apiBaseUrl"] == "https://south.example.com/api"
    assert own["auth"]["apiBaseUrl"] == kept["auth"]["apiBaseUrl"] == "https://own.example.com"


async def test_another_vendor_brings_its_own(client):
    await save(client, "plain", changed(PLAIN, source=None))
    made = await act(client, "createIntegration", desk())

    turned = await act(client, "updateIntegration", {"id": made["id"], "vendor": "plain"}, AUTH)

    assert (turned["vendor"], turned["category"], turned["auth"]["type"]) == ("plain", "storage", "BEARER")
    assert (turned["auth"]["apiBaseUrl"], turned["auth"]["headers"]) == ("https://api.example.com", [])


async def test_fields_are_composed_and_arrive_as_the_vendor_wants_them(organization, httpbin):
    await save(organization.client, "desk", changed(OWN, verification=None, account=None))
    shop = await app(
        organization.client,
        httpbin,
        capability("GET", "GET", "/anything"),
        vendor="desk",
        auth={"parameters": {"subdomain": "north"}},
        secret={"fields": FIELDS},
    )

    arrived = (await shop.echo("GET"))["headers"]

    pair = base64.b64encode(b"ada@example.com/token:token-of-desk-1234").decode()
    assert (arrived["Authorization"], arrived["X-Version"], arrived["X-User"]) == (
        *(f"Basic {pair}", "2026-02-01"),
        "admin",
    )


async def test_shows_of_fields_only_what_is_no_secret(client):
    made = await act(client, "createIntegration", desk(secret={"fields": FIELDS}), "id state connection { details }")

    stored = await act(
        client, "createConnection", {"integrationId": made["id"], "secret": {"fields": FIELDS}}, "authType details"
    )

    assert made["connection"]["details"] == {"email": "ada@example.com", "apiToken": "toke…"}
    assert stored == {"authType": "BASIC", "details": made["connection"]["details"]}


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({"email": "ada@example.com"}, ["fields.apiToken"]),
        ({**FIELDS, "colour": "red"}, ["fields.colour"]),
        ({**FIELDS, "email": 5}, ["fields.email"]),
        ({**FIELDS, "email": "a:b"}, ["fields"]),
        ({**FIELDS, "apiToken": "a\nb"}, ["fields"]),
        ([], ["fields"]),
        ("text", ["fields"]),
    ],
)
async def test_refuses_fields_that_do_not_fit(knowing, lasting, database, fields, places):
    before = await snapshot(database, lasting.id)

    found = await faults(knowing, "createIntegration", desk(secret={"fields": fields}))

    assert found == [f"input.secret.{place}" for place in places]
    assert changes(before, await snapshot(database, lasting.id)) == []


async def test_refuses_fields_of_a_vendor_that_has_none(organization):
    found = await faults(organization.client, "createIntegration", {"name": "N", "secret": {"fields": {"a": "b"}}})

    assert found == ["input.secret.fields"]


async def test_is_new_where_there_is_something_to_verify_and_live_where_not(client):
    unconnected = await act(client, "createIntegration", desk(), "state")
    connected = await act(client, "createIntegration", desk(secret={"fields": FIELDS}), "state")
    custom = await act(client, "createIntegration", {"name": "Own", "secret": {"apiKey": "k"}}, "state")

    assert (unconnected["state"], connected["state"], custom["state"]) == ("LIVE", "NEW", "LIVE")


@pytest.mark.parametrize(
    "change",
    [
        {"secret": {"fields": FIELDS}},
        {"auth": {"parameters": {"subdomain": "south"}}},
    ],
)
async def test_what_was_verified_is_new_again_when_connection_or_parameters_change(client, change):
    made = await act(client, "createIntegration", desk())
    described = await act(client, "updateIntegration", {"id": made["id"], "description": "Changed"}, "state")

    changed_state = await act(client, "updateIntegration", {"id": made["id"], **change}, "state")

    assert (described["state"], changed_state["state"]) == ("LIVE", "NEW")


async def test_another_shared_connection_makes_it_new_and_a_users_own_does_not(client):
    made = await act(client, "createIntegration", desk())
    new = {"integrationId": made["id"], "secret": {"fields": FIELDS}}

    await act(client, "createConnection", new | {"mode": "PER_USER"})
    after_own = await integration_of(client, "state", id=made["id"])
    await act(client, "createConnection", new | {"mode": "SHARED"})
    after_shared = await integration_of(client, "state", id=made["id"])

    assert (after_own, after_shared) == ({"state": "LIVE"}, {"state": "NEW"})
