"""Making webhooks over the graph: values, defaults, and refused values, after which nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from models.row import is_id
from resolvers.webhooks.mutations import MOST_WEBHOOKS
from tests.harness.backends import both
from tests.harness.graphql import GraphQL
from tests.harness.rows import changes, snapshot
from tests.webhooks.acting import URL, attempt, create, faults, listed, open_shop, read

DEFAULTS = {
    "name": "Hook",
    "description": "",
    "url": URL,
    "eventTypePatterns": ["*"],
    "filter": None,
    "ordering": "NONE",
    "orderFailure": "BLOCK",
    "concurrency": 10,
    "rateLimit": None,
    "timeoutSeconds": 15,
    "enabled": True,
    "disabledReason": None,
    "disabledAt": None,
    "breaker": "CLOSED",
    "breakerRetryAt": None,
    "failingSince": None,
    "secretOverlapUntil": None,
    "secretCount": 1,
    "catchingUp": False,
    "heldCount": 0,
    "filterFaultCount": 0,
    "filterFault": None,
    "version": 1,
    "integration": None,
    "headers": [],
}
ASIDE = {"filterTried": None, "filterMatches": None, "headersDropped": False, "narrowed": False}
URLS = [
    "",
    "receiver.example.com/events",
    "//receiver.example.com",
    "ftp://receiver.example.com/",
    "javascript://receiver.example.com/",
    "https://user:secret@receiver.example.com/",
    "https://receiver.example.com/#part",
    "https://receiver.example.com:22/",
    "https://receiver.example.com:25/",
    "https://receiver.example.com:5432/",
    "https://receiver.example.com:70000/",
    "https://10.0.0.8/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]:1/",
    "https://[64:ff9b::a00:8]/",
    "https://2852039166/",
    "https://0xa.0.0.8/",
    "https://receiver.example.com/ x",
    "https://receiver.example.com/\n",
    "https://receiver.example.com\\@evil.example/",
    f"https://receiver.example.com/{'a' * 2048}",
]
HEADERS = {
    "webhook-id": "of the hub",
    "Webhook-Signature": "of the hub",
    "webhook_timestamp": "of the hub",
    "patchbay-attempt": "of the hub",
    "HOST": "framing",
    "Content-Length": "framing",
    "content_type": "framing",
    "Transfer-Encoding": "framing",
    "Connection": "framing",
    "Keep-Alive": "framing",
    "TE": "framing",
    "Trailer": "framing",
    "Upgrade": "framing",
    "Expect": "framing",
    "Proxy-Authorization": "framing",
    "X Space": "no name",
}


@pytest.fixture
async def client(organization) -> GraphQL:
    await open_shop(organization.client)
    return organization.client


@pytest.fixture(scope="module")
async def still(new_lasting_organization) -> Any:
    """An organization in which nothing may change."""
    tenant = await new_lasting_organization()
    await open_shop(tenant.client)
    await create(tenant.client, name="Kept")
    return tenant


@both
async def test_makes_a_webhook_with_the_documented_defaults(client) -> None:
    made = await create(client)

    assert made | DEFAULTS | ASIDE == made
    assert is_id(made["databaseId"])
    assert made["createdBy"]["username"]
    shown = await read(client, made["id"])
    assert shown == {name: made[name] for name in shown}


@both
async def test_keeps_every_given_value(client) -> None:
    shop = (await client.query('{ integration(by: { handler: "MY_SHOP" }) { id } }'))["integration"]["id"]
    given = {
        "name": "Orders",
        "url": "https://BÜCHER.example.com:443/in?a=1",
        "description": "To the warehouse.",
        "eventTypePatterns": ["MyShop.ORDER_*", "MyShop.PING", "MyShop.PING"],
        "integrationId": shop,
        "filter": "payload.total > `100`",
        "ordering": "ENTITY",
        "orderFailure": "SKIP",
        "headers": [{"name": "X-Key", "value": "a-long-secret-value"}],
        "concurrency": 100,
        "rateLimit": 1000,
        "timeoutSeconds": 1,
        "enabled": False,
    }

    made = await create(client, **given)

    assert made["url"] == "https://xn--bcher-kva.example.com/in?a=***"
    assert made["eventTypePatterns"] == ["MyShop.ORDER_*", "MyShop.PING"]
    assert made["integration"] == {"handler": "MY_SHOP"}
    assert made["headers"] == [{"name": "X-Key", "value": "***"}]
    assert made["disabledReason"].startswith("Disabled by ")
    same = given.keys() - {"url", "eventTypePatterns", "integrationId", "headers"}
    assert {name: made[name] for name in same} == {name: given[name] for name in same}


@pytest.mark.parametrize("url", URLS)
async def test_refuses_a_url_to_which_nothing_may_be_sent(still, database, url) -> None:
    before = await snapshot(database, still.id)

    found = await faults(still.client, "createWebhook", {"name": "Hook", "url": url})

    assert list(found) == ["input.url"]
    assert changes(before, await snapshot(database, still.id)) == []


@pytest.mark.parametrize("name", HEADERS)
async def test_refuses_headers_that_the_hub_sets(still, database, name) -> None:
    before = await snapshot(database, still.id)
    headers = [{"name": "X-Fine", "value": "v"}, {"name": name, "value": "planted-secret"}]

    found = await faults(still.client, "createWebhook", {"name": "Hook", "url": URL, "headers": headers})

    assert list(found) == ["input.headers.1"]
    assert "planted-secret" not in str(found)
    assert changes(before, await snapshot(database, still.id)) == []


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"name": " "}, "name"),
        ({"name": "n" * 256}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"description": "d" * 10_001}, "description"),
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": 101}, "concurrency"),
        ({"rateLimit": 0}, "rateLimit"),
        ({"rateLimit": 1001}, "rateLimit"),
        ({"timeoutSeconds": 0}, "timeoutSeconds"),
        ({"timeoutSeconds": 31}, "timeoutSeconds"),
        ({"filter": ""}, "filter"),
        ({"filter": "payload.["}, "filter"),
        ({"filter": "nothing(payload)"}, "filter"),
        ({"filter": "a" * 5000}, "filter"),
        ({"eventTypePatterns": ["*", "MyShop.PING"]}, "eventTypePatterns.0"),
        ({"eventTypePatterns": ["My*Shop"]}, "eventTypePatterns.0"),
        ({"eventTypePatterns": ["**"]}, "eventTypePatterns.0"),
        ({"eventTypePatterns": ["MyShop.PING", ""]}, "eventTypePatterns.1"),
        ({"eventTypePatterns": ["MyShop.PING"] * 101}, "eventTypePatterns"),
        ({"headers": [{"name": "X-A", "value": "v"}] * 21}, "headers"),
        ({"headers": [{"name": "X-A", "value": "v"}, {"name": "x_a", "value": "w"}]}, "headers.1.name"),
        ({"headers": [{"name": "X-A", "value": "a\r\nb"}]}, "headers.0"),
    ],
)
async def test_refuses_a_value_and_says_what_is_allowed(still, database, given, place) -> None:
    before = await snapshot(database, still.id)

    found = await faults(still.client, "createWebhook", {"name": "Hook", "url": URL} | given)

    assert list(found) == [f"input.{place}"]
    assert changes(before, await snapshot(database, still.id)) == []


async def test_says_every_fault_at_once_in_the_order_of_the_input(still) -> None:
    wrong = {"name": "", "url": "x", "eventTypePatterns": ["Nobody.NOTHING"], "concurrency": 0, "timeoutSeconds": 99}

    found = await faults(still.client, "createWebhook", wrong)

    assert list(found) == [
        *("input.name", "input.url", "input.eventTypePatterns.0"),
        *("input.concurrency", "input.timeoutSeconds"),
    ]


@pytest.mark.parametrize("field", ["name", "url", "eventTypePatterns", "ordering", "concurrency", "enabled"])
async def test_refuses_null_for_a_value_that_cannot_be_empty(still, database, field) -> None:
    (kept,) = await listed(still.client)
    before = await snapshot(database, still.id)

    found = await faults(still.client, "updateWebhook", {"id": kept["id"], field: None})

    assert found == {f"input.{field}": "It cannot be null."}
    assert changes(before, await snapshot(database, still.id)) == []


async def test_refuses_the_hundred_and_first_webhook(client) -> None:
    for number in range(MOST_WEBHOOKS):
        await create(client, name=f"Hook {number}")

    refused = await attempt(client, "createWebhook", {"name": "One more", "url": URL})

    assert refused["code"] == "CONFLICT"
    assert "at most 100 webhooks" in refused["message"]
    assert len(await listed(client)) == MOST_WEBHOOKS
