"""The events that a webhook takes: patterns of types, an integration, and a payload filter that is tried first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.acting import act
from tests.harness.backends import both
from tests.harness.graphql import GraphQL
from tests.harness.rows import changes, snapshot
from tests.webhooks.acting import URL, create, faults, open_shop, update


@pytest.fixture
async def client(organization) -> GraphQL:
    await open_shop(organization.client)
    return organization.client


@pytest.fixture(scope="module")
async def still(new_lasting_organization) -> Any:
    """An organization in which nothing may change."""
    tenant = await new_lasting_organization()
    await open_shop(tenant.client)
    return tenant


@both
@pytest.mark.parametrize(
    ("pattern", "near"),
    [
        ("MyShop.ORDER_PAYD", "MyShop.ORDER_PAID"),
        ("myshop.ping", "MyShop.PING"),
        ("MyShp.*", "MyShop.PING"),
        ("Hub.webhook.failed", "Hub.webhook.failing"),
        ("Hub.nothing.*", "Hub."),
        ("H*", ""),
    ],
)
async def test_refuses_an_unknown_type_with_the_nearest_names(still, database, pattern, near) -> None:
    before = await snapshot(database, still.id)

    found = await faults(still.client, "createWebhook", {"name": "H", "url": URL, "eventTypePatterns": [pattern]})

    assert near in found["input.eventTypePatterns.0"]
    told = found["input.eventTypePatterns.0"].partition("Near ones: ")[2].partition(". ")[0]
    assert len(told.split(", ")) <= 5
    assert changes(before, await snapshot(database, still.id)) == []


@both
@pytest.mark.parametrize(
    "patterns", [[], ["*"], ["MyShop.PING"], ["MyShop.*"], ["MyS*"], ["Hub.*"], ["Hub.job.failed", "MyShop.O*"]]
)
async def test_takes_declared_names_prefixes_and_the_hubs_own(client, patterns) -> None:
    made = await create(client, eventTypePatterns=patterns)

    assert made["eventTypePatterns"] == (patterns or ["*"])


async def test_limits_patterns_to_the_types_of_the_named_integration(client) -> None:
    other = await open_shop(client, "Other", [{"name": "Other.THING"}])
    given = {"name": "Hook", "url": URL, "integrationId": other}

    found = await faults(client, "createWebhook", given | {"eventTypePatterns": ["MyShop.PING"]})

    assert list(found) == ["input.eventTypePatterns.0"]
    assert (await create(client, integrationId=other, eventTypePatterns=["Other.*"]))["integration"]


@both
async def test_tries_a_filter_on_the_events_that_the_webhook_would_take(client) -> None:
    for total in (5, 500, "7"):
        event = {"type": "ORDER_PAID", "payload": {"total": total}}
        await act(client, "emitEvent", {"integration": {"handler": "MY_SHOP"}} | event, "event { id }")
    await act(client, "emitEvent", {"integration": {"handler": "MY_SHOP"}, "type": "PING"}, "event { id }")

    made = await create(client, filter="contains(type, 'PAID') && entityId == 'MY_SHOP'")
    narrow = await create(client, filter="payload.total == `500`", eventTypePatterns=["MyShop.ORDER_PAID"])
    none = await create(client, filter="payload.total", eventTypePatterns=["MyShop.ORDER_SENT"])
    changed = await update(client, none["id"], eventTypePatterns=["MyShop.*"])
    renamed = await update(client, none["id"], name="New")

    tried = [(one["filterTried"], one["filterMatches"]) for one in (made, narrow, none, changed, renamed)]
    assert tried == [(4, 3), (3, 1), (0, 0), (4, 3), (None, None)]


@both
async def test_refuses_a_filter_that_fails_on_a_recent_event(client, organization, database) -> None:
    event = {"type": "ORDER_PAID", "payload": {"many": list(range(1000))}}
    await act(client, "emitEvent", {"integration": {"handler": "MY_SHOP"}} | event, "event { id }")
    before = await snapshot(database, organization.id)
    costly = "payload.many[].{a: @, b: @, c: @}[]." + "[@, @, @][]." * 12 + "a"

    found = await faults(client, "createWebhook", {"name": "H", "url": URL, "filter": costly})

    assert found["input.filter"].startswith("It fails on an event of the type MyShop.ORDER_PAID. ")
    assert changes(before, await snapshot(database, organization.id)) == []
