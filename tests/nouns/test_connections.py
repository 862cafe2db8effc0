"""Connections: each kind of credential as it arrives at the other side, changed, attached, removed."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.harness.acting import act, faults, integration_of, listed, refusal, remove
from tests.harness.backends import both
from tests.harness.calling import app, capability

GET = capability("GET", "GET", "/anything")
BASIC = base64.b64encode("ü:p:w€".encode()).decode()
SHOWN = "id name mode authType status details baseUrl version integrations { nodes { id } }"
ARRIVES: list[tuple[dict[str, Any], dict[str, Any], str, Any]] = [
    ({"type": "API_KEY"}, {"apiKey": "sk-1234567890"}, "headers", {"X-Api-Key": "sk-1234567890"}),
    ({"type": "API_KEY", "apiKeyName": "Authorization"}, {"apiKey": "Key k"}, "headers", {"Authorization": "Key k"}),
    ({"type": "API_KEY", "apiKeyLocation": "QUERY"}, {"apiKey": "a b&c=ü"}, "args", {"api_key": "a b&c=ü"}),
    (
        {"type": "API_KEY", "apiKeyLocation": "QUERY", "apiKeyName": "key"},
        {"apiKey": "k"},
        "args",
        {"key": "k"},
    ),
    (
        {"type": "BASIC"},
        {"basic": {"username": "ü", "password": "p:w€"}},
        "headers",
        {"Authorization": f"Basic {BASIC}"},
    ),
    ({"type": "BEARER"}, {"bearerToken": "to.ken"}, "headers", {"Authorization": "Bearer to.ken"}),
    ({"type": "BEARER"}, {"none": True}, "headers", {}),
    ({}, {"bearerToken": "to.ken"}, "headers", {"Authorization": "Bearer to.ken"}),
]


@pytest.mark.parametrize(("auth", "secret", "place", "expected"), ARRIVES)
async def test_a_credential_arrives_where_it_belongs(organization, httpbin, auth, secret, place, expected) -> None:
    shop = await app(organization.client, httpbin, GET, auth=auth)
    made = await act(organization.client, "createConnection", {"integrationId": shop.id, "secret": secret}, SHOWN)

    arrived = await shop.echo("GET")

    credentials = {"X-Api-Key", "Authorization", "api_key", "key"}
    assert {name: value for name, value in arrived[place].items() if name in credentials} == expected
    assert (made["status"], made["version"], made["mode"]) == ("CONNECTED", 1, "PER_USER")


@pytest.mark.parametrize(
    ("secret", "details"),
    [
        ({"apiKey": "sk-1234567890"}, {"apiKey": "sk-1…"}),
        ({"apiKey": "short"}, {"apiKey": "…"}),
        ({"basic": {"username": "me", "password": "a-very-long-password"}}, {"username": "me", "password": "…"}),
        ({"bearerToken": "x" * 66_000}, None),
        ({"none": True}, {}),
    ],
)
async def test_shows_of_a_secret_what_helps_to_recognise_it(organization, secret, details) -> None:
    if details is None:
        assert await faults(organization.client, "createConnection", {"secret": secret}) == [
            "input.secret.bearerToken"
        ]
        return
    made = await act(organization.client, "createConnection", {"secret": secret, "mode": "SHARED"}, SHOWN)

    assert made["details"] == details
    assert made["name"] == "Connection"


@pytest.mark.parametrize(
    ("secret", "place"),
    [
        ({"apiKey": ""}, "apiKey"),
        ({"apiKey": "a\r\nb"}, "apiKey"),
        ({"bearerToken": " x"}, "bearerToken"),
        ({"basic": {"username": "a:b", "password": ""}}, "basic.username"),
        ({"basic": {"username": "a", "password": "\x1b"}}, "basic.password"),
    ],
)
async def test_refuses_a_secret_that_no_header_could_carry(organization, secret, place) -> None:
    given = {"secret": secret, "baseUrl": "gopher://x", "name": ""}

    found = await faults(organization.client, "createConnection", given)

    assert found == ["input.name", f"input.secret.{place}", "input.baseUrl"]
    assert await listed(organization.client, "connections", "id") == []


@pytest.mark.parametrize("secret", [{"apiKey": "k", "bearerToken": "t"}, {}, {"apiKey": None}])
async def test_takes_exactly_one_kind_of_secret(organization, secret) -> None:
    document = "mutation($i: CreateConnectionInput!) { createConnection(input: $i) { __typename } }"

    answer = (await organization.client.raw(document, i={"secret": secret})).json()

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INVALID_INPUT"}


async def test_refuses_a_secret_of_another_kind_than_the_integration_has(organization, httpbin) -> None:
    shop = await app(organization.client, httpbin, GET, auth={"type": "BASIC"})
    wrong = {"integrationId": shop.id, "secret": {"apiKey": "k"}}
    fits = {"integrationId": shop.id, "secret": {"basic": {"username": "u", "password": ""}}}

    assert await faults(organization.client, "createConnection", wrong) == ["input.secret"]
    made = await act(organization.client, "createConnection", fits, SHOWN)
    for secret in ({"bearerToken": "t"}, None):
        changed = {"id": made["id"], "secret": secret}
        assert await faults(organization.client, "updateConnection", changed) == ["input.secret"]
    assert await listed(organization.client, "connections", SHOWN) == [made]


async def test_changes_a_connection_field_by_field(organization, httpbin) -> None:
    shop = await app(organization.client, "http://127.0.0.1:1", GET, auth={"type": "BEARER"})
    new = {"integrationId": shop.id, "secret": {"bearerToken": "first-token-1"}, "baseUrl": httpbin}
    first = await act(organization.client, "createConnection", new, SHOWN)

    named = await act(organization.client, "updateConnection", {"id": first["id"], "name": "Mine"}, SHOWN)
    secret = {"id": first["id"], "secret": {"bearerToken": "other-token-1"}, "expectedVersion": 2}
    changed = await act(organization.client, "updateConnection", secret, SHOWN)
    arrived = await shop.echo("GET")
    cleared = await act(organization.client, "updateConnection", {"id": first["id"], "baseUrl": None}, SHOWN)
    stale = await refusal(organization.client, "updateConnection", secret)

    assert named == first | {"name": "Mine", "version": 2}
    assert changed == named | {"details": {"token": "othe…"}, "version": 3}
    assert arrived["headers"]["Authorization"] == "Bearer other-token-1"
    assert cleared == changed | {"baseUrl": None, "version": 4}
    assert (stale["code"], stale["currentVersion"]) == ("STALE", 4)


@both
async def test_attaches_all_or_none(organization) -> None:
    client = organization.client
    shop = await act(client, "createIntegration", {"name": "A"})
    ids = [
        (await act(client, "createConnection", {"secret": {"apiKey": key}, "mode": "SHARED", "name": key}))["id"]
        for key in ("a", "b")
    ]
    link = {"integrationId": shop["id"], "connectionIds": [*ids, "f" * 24]}

    refused = await refusal(client, "registerConnections", link)
    nothing = await faults(client, "registerConnections", link | {"connectionIds": [], "defaultConnectionId": ids[0]})

    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "connectionIds", "2"])
    assert nothing == ["input.connectionIds", "input.defaultConnectionId"]
    assert await integration_of(client, "connections { totalCount }", id=shop["id"]) == {
        "connections": {"totalCount": 0}
    }


@both
async def test_the_default_moves_with_each_registration(organization) -> None:
    client = organization.client
    shop = await act(client, "createIntegration", {"name": "A"})
    ids = [
        (await act(client, "createConnection", {"secret": {"apiKey": key}, "mode": "SHARED", "name": key}))["id"]
        for key in ("a", "b")
    ]
    link = {"integrationId": shop["id"], "connectionIds": ids}
    used = "connection { id }"

    none = await act(client, "registerConnections", link, used)
    first = await act(client, "registerConnections", link | {"defaultConnectionId": ids[0]}, used)
    second = await act(client, "registerConnections", link | {"defaultConnectionId": ids[1]}, used)
    again = await act(client, "registerConnections", link, used)
    left = await act(
        client,
        "unregisterConnection",
        {"integrationId": shop["id"], "connectionId": ids[1]},
        f"{used} connections {{ nodes {{ name }} }}",
    )

    assert [one["connection"] for one in (none, first, second, again)] == [
        None,
        {"id": ids[0]},
        *[{"id": ids[1]}] * 2,
    ]
    assert left == {"connection": {"id": ids[0]}, "connections": {"nodes": [{"name": "a"}]}}
    assert len(await listed(client, "connections", "id")) == 2
    twice = await refusal(client, "unregisterConnection", {"integrationId": shop["id"], "connectionId": ids[1]})
    assert (twice["code"], twice["path"]) == ("NOT_FOUND", ["input", "connectionId"])


async def test_a_removed_connection_is_gone_everywhere(organization, httpbin) -> None:
    shop = await app(organization.client, httpbin, GET, auth={"type": "BEARER"}, secret={"bearerToken": "t"})
    (connection,) = await listed(organization.client, "connections", "id")

    answer = await remove(organization.client, "deleteConnection", connection["id"])

    assert answer == {"deletedId": connection["id"]}
    assert await listed(organization.client, "connections", "id") == []
    assert (await shop.refused("GET"))["reason"] == "NO_CONNECTION"
    assert (await remove(organization.client, "deleteConnection", connection["id"]))["code"] == "NOT_FOUND"


@both
async def test_filters_connections(organization) -> None:
    client = organization.client
    other = await organization.add_user("other")
    await act(client, "createConnection", {"secret": {"apiKey": "k"}, "mode": "SHARED", "name": "Shared one"})
    await act(client, "createConnection", {"secret": {"apiKey": "k"}, "name": "Mine"})
    admin = organization.admin_id
    conditions = {
        'search: "ONE"': ["Shared one"],
        "mode: PER_USER": ["Mine"],
        "status: [CONNECTED]": ["Mine", "Shared one"],
        "status: [OFFLINE, PENDING]": [],
        f'principalId: ["{admin}"]': ["Mine"],
        f'principalId: ["{other}"]': [],
    }

    for condition, names in conditions.items():
        found = await listed(client, "connections", "name", f"(filter: {{ {condition} }})")
        assert [one["name"] for one in found] == names, condition
