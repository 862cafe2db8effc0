"""Event types and events: declared names only, payloads by their schema, lists by pattern."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from models.tables import Delivery, Event, Webhook
from tests.harness.acting import act, attempt, faults, listed, refusal
from tests.harness.backends import both
from tests.harness.graphql import GraphQL

ORDER = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
TYPES = [{"name": "MyShop.ORDER_PAID", "schema": ORDER}, {"name": "MY_SHOP.PING", "description": "Any"}]
SHOP = {"integration": {"handler": "MY_SHOP"}}
EMITTED = "replayed queuedRuns queuedDeliveries event { id type entityId payload source integration { handler } }"


@pytest.fixture
async def client(organization) -> GraphQL:
    return await open_shop(organization.client)


@pytest.fixture(scope="module")
async def told(new_lasting_organization) -> GraphQL:
    """For one organization of all tests that emit nothing. It was told of an order and of a ping."""
    client = await open_shop((await new_lasting_organization()).client)
    paid = {"type": "ORDER_PAID", "payload": {"id": 7}, "entityId": "order-7"}
    for event in (paid, {"type": "PING"}):
        await act(client, "emitEvent", SHOP | event, EMITTED)
    return client


async def open_shop(client: GraphQL) -> GraphQL:
    made = await act(client, "createIntegration", {"name": "My Shop"})
    await act(client, "declareEventTypes", {"integrationId": made["id"], "eventTypes": TYPES})
    return client


async def emitted(client: GraphQL, arguments: str = "") -> list[dict[str, Any]]:
    """The events besides those of the hub itself."""
    found = await listed(client, "events", "type", arguments)
    return [one for one in found if not one["type"].startswith("Hub.")]


async def declare(client: GraphQL, *types: dict[str, Any]) -> list[dict[str, Any]]:
    shop = (await client.query('{ integration(by: { handler: "MY_SHOP" }) { id } }'))["integration"]["id"]
    given = {"integrationId": shop, "eventTypes": list(types)}
    made = await act(client, "declareEventTypes", given, "eventTypes { nodes { id name description schema } }")
    return made["eventTypes"]["nodes"]


async def test_replaces_event_types_and_keeps_ids_by_name(client) -> None:
    before = {one["name"].partition(".")[2]: one for one in await declare(client, *TYPES)}

    after = {one["name"]: one for one in await declare(client, {"name": "myshop.PING"}, {"name": "MYSHOP.New.Thing"})}

    assert set(after) == {"myshop.PING", "MYSHOP.New.Thing"}
    assert after["myshop.PING"]["id"] == before["PING"]["id"]
    assert after["myshop.PING"]["description"] == ""


async def test_says_every_fault_of_event_types_at_once(client) -> None:
    before = await declare(client, *TYPES)
    shop = (await client.query('{ integration(by: { handler: "MY_SHOP" }) { id } }'))["integration"]["id"]
    names = ["Other.PING", "MyShop", "MyShop.", "Hub.MyShop.X", "MyShop.Pïng", "MyShop.A", "MY_SHOP.A"]
    wrong = [
        *({"name": name} for name in names),
        {"name": "MyShop.B", "schema": {"type": 5}, "description": "d" * 10_001},
    ]

    found = await faults(client, "declareEventTypes", {"integrationId": shop, "eventTypes": wrong})

    assert found == [
        *(f"input.eventTypes.{n}.name" for n in (0, 1, 2, 3, 4, 6)),
        "input.eventTypes.7.description",
        "input.eventTypes.7.schema.type",
    ]
    assert await declare(client, *TYPES) == before


@pytest.mark.parametrize("name", ["MyShop.ORDER_PAID", "MY_SHOP.ORDER_PAID", "ORDER_PAID"])
async def test_accepts_an_event_of_a_declared_type(client, name) -> None:
    said = {**SHOP, "type": name, "payload": {"id": 7, "z": None, "a": [1.5]}}

    answer = await act(client, "emitEvent", said, EMITTED)

    assert answer["event"] | {"id": ""} == {
        "id": "",
        "type": "MyShop.ORDER_PAID",
        "entityId": "MY_SHOP",
        "payload": {"id": 7, "z": None, "a": [1.5]},
        "source": "GRAPHQL",
        "integration": {"handler": "MY_SHOP"},
    }
    assert list(answer["event"]["payload"]) == ["id", "z", "a"]
    assert [answer[word] for word in ("replayed", "queuedRuns", "queuedDeliveries")] == [False, 0, 0]


@pytest.mark.parametrize(
    ("said", "code", "path"),
    [
        ({"type": "REFUNDED"}, "NOT_FOUND", ["input", "type"]),
        ({"type": "Hub.integration.created"}, "NOT_FOUND", ["input", "type"]),
        ({"type": "PING", "integration": {"handler": "NOBODY"}}, "NOT_FOUND", ["input", "integration"]),
        ({"type": "PING", "installationId": "f" * 24}, "NOT_FOUND", ["input", "installationId"]),
        ({"type": "ORDER_PAID"}, "INVALID_INPUT", ["input", "payload", "id"]),
        ({"type": "ORDER_PAID", "payload": {"id": "7"}}, "INVALID_INPUT", ["input", "payload", "id"]),
        ({"type": "PING", "payload": [1]}, "INVALID_INPUT", ["input", "payload"]),
        ({"type": "PING", "payload": "x"}, "INVALID_INPUT", ["input", "payload"]),
        ({"type": "PING", "payload": {"a": "x" * 256 * 1024}}, "INVALID_INPUT", ["input", "payload"]),
        ({"type": "PING", "entityId": "e" * 256}, "INVALID_INPUT", ["input", "entityId"]),
        ({"type": "PING", "idempotencyKey": ""}, "INVALID_INPUT", ["input", "idempotencyKey"]),
    ],
)
async def test_refuses_what_was_not_declared(told, said, code, path) -> None:
    refused = await refusal(told, "emitEvent", SHOP | said)

    assert (refused["code"], refused["path"]) == (code, path)
    assert [one["type"] for one in await emitted(told)] == ["MY_SHOP.PING", "MyShop.ORDER_PAID"]


async def test_takes_a_payload_of_just_256_kb(client) -> None:
    said = {**SHOP, "type": "PING", "payload": {"a": "x" * (256 * 1024 - 8)}}

    assert (await act(client, "emitEvent", said, EMITTED))["replayed"] is False


@pytest.mark.parametrize("payload", [{"a": "x" * (256 * 1024 - 7)}, {"a": "€" * 87_382}])
async def test_counts_a_payload_in_bytes_and_cuts_none(told, payload) -> None:
    refused = await refusal(told, "emitEvent", SHOP | {"type": "PING", "payload": payload})

    size = len(f'{{"a":"{payload["a"]}"}}'.encode())
    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "payload"])
    assert refused["message"] == (
        f"input.payload: It has {size} bytes as JSON in UTF-8; at most 262144 are allowed. Send less."
    )
    assert len(await emitted(told)) == 2


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("MyShop.ORDER_PAYD", "MyShop.ORDER_PAID"),
        ("order_pade", "MyShop.ORDER_PAID"),
        ("PINGS", "MY_SHOP.PING"),
        ("REFUNDED", ""),
        ("Elsewhere.HIDDEN", ""),
    ],
)
async def test_names_declared_types_of_this_integration_alone_for_an_unknown_one(told, name, near) -> None:
    refused = await refusal(told, "emitEvent", SHOP | {"type": name})

    like = f" Names like it: {near}." if near else " There is MY_SHOP.PING, MyShop.ORDER_PAID."
    assert refused["message"] == f"There is no such event type.{like}"


@both
async def test_says_how_many_deliveries_an_event_queued_also_when_it_is_repeated(
    client, organization, database
) -> None:
    for _ in range(2):
        async with database.write() as session:
            session.add(Webhook(organization_id=organization.id, name="W", url="https://w.example/", secrets=b""))
    said = {**SHOP, "type": "PING", "idempotencyKey": "k"}

    first, again = [await act(client, "emitEvent", said, EMITTED) for _ in range(2)]

    assert [one["queuedDeliveries"] for one in (first, again)] == [2, 2]
    assert [one["replayed"] for one in (first, again)] == [False, True]


@both
async def test_the_hubs_own_events_have_numbers_and_bodies_and_are_delivered(client, organization, database) -> None:
    facts = {"name": "W", "url": "https://w.example/", "secrets": b"", "event_patterns": ["Hub.*"]}
    async with database.write() as session:
        webhook = Webhook(organization_id=organization.id, sees_restricted=True, filter="payload", **facts)
        session.add(webhook)
    shop = await client.query('{ integration(by: { handler: "MY_SHOP" }) { id } }')
    shop_id = shop["integration"]["id"]
    await act(client, "updateIntegration", {"id": shop_id, "auth": {"type": "API_KEY"}}, "__typename")
    given = {"integrationId": shop_id, "secret": {"apiKey": "k"}, "name": "Own"}

    await act(client, "createConnection", given, "__typename")

    async with database.read() as session:
        own = select(Event).where(col(Event.organization_id) == organization.id).order_by(col(Event.sequence))
        events = list((await session.execute(own)).scalars())
        of_webhook = select(Delivery).where(col(Delivery.webhook_id) == webhook.id)
        deliveries = {one.event_id: one for one in (await session.execute(of_webhook)).scalars()}
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    connected = next(event for event in events if event.type == "Hub.connection.connected")
    assert connected.payload["connectionId"] == connected.entity_id
    assert deliveries[connected.id].unjudged is True


@both
async def test_the_same_key_accepts_one_event_however_often_it_comes(client) -> None:
    said = {**SHOP, "type": "PING", "payload": {"n": 1}, "idempotencyKey": "k"}

    answers = await asyncio.gather(*(act(client, "emitEvent", said, EMITTED) for _ in range(20)))
    other = await refusal(client, "emitEvent", said | {"payload": {"n": 2}})

    assert len({answer["event"]["id"] for answer in answers}) == 1
    assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * 19
    assert (other["code"], other["path"]) == ("CONFLICT", ["input", "idempotencyKey"])
    assert len(await emitted(client)) == 1


@both
async def test_a_key_whose_event_was_removed_answers_no_event_that_is_not_there(client, database) -> None:
    said = {**SHOP, "type": "PING", "idempotencyKey": "k"}
    gone = (await act(client, "emitEvent", said, "event { databaseId }"))["event"]["databaseId"]
    async with database.write() as session:
        await session.execute(delete(Event).where(col(Event.id) == gone))

    refused = await refusal(client, "emitEvent", said)

    assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", "idempotencyKey"])
    assert refused["message"] == ("The event of this key has been removed; use another key to do it again.")
    assert await emitted(client) == []


@both
@pytest.mark.parametrize(
    ("condition", "types"),
    [
        ('type: ["MyShop.*"]', ["MyShop.ORDER_PAID"]),
        ('type: ["My*"]', ["MyShop.ORDER_PAID"]),
        ('type: ["MY_SHOP.PING", "nobody"]', ["MY_SHOP.PING"]),
        ('type: ["M%*"]', []),
        ('type: ["*"]', ["MY_SHOP.PING", "MyShop.ORDER_PAID"]),
        ('entityId: "order-7"', ["MyShop.ORDER_PAID"]),
        ('since: "2100-01-01T00:00:00Z"', []),
        ('until: "2100-01-01T00:00:00+02:00"', ["MY_SHOP.PING", "MyShop.ORDER_PAID"]),
    ],
)
async def test_lists_events_newest_first_by_filter(told, condition, types) -> None:
    assert [one["type"] for one in await emitted(told, f"(filter: {{ {condition} }})")] == types


async def test_refuses_events_on_a_paused_installation(client) -> None:
    (own,) = await listed(client, "installations", "id")
    await act(client, "updateInstallation", {"id": own["id"], "paused": True})

    refused = await attempt(client, "emitEvent", {**SHOP, "type": "PING"}, "replayed")

    assert (refused["code"], refused["reason"]) == ("NOT_READY", "INSTALLATION_PAUSED")
    assert await emitted(client) == []
