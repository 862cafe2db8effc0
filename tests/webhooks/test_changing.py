"""Changing and removing webhooks: origin, gate, enabling, versions, and the events that a changed one may take."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.tables import Delivery, Event, Gate, Webhook
from models.vocabulary import BreakerState, Permission, WorkState
from tests.harness.acting import act, remove
from tests.harness.acting import listed as listed_in
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.harness.waiting import eventually
from tests.harness.webhooks import delivered
from tests.webhooks.acting import URL, attempt, change, create, listed, open_shop, read
from tests.webhooks.acting import update as amend

pytestmark = both
KEY = {"name": "X-Key", "value": "a-long-secret-value"}
MEMBERS = (Permission.WEBHOOKS_WRITE, Permission.INTEGRATIONS_READ, Permission.INTEGRATIONS_WRITE)


async def stored(database, model: Any, id: str) -> Any:
    async with database.read() as session:
        return await session.get(model, id)


async def store(database, model: Any, id: str, **values: Any) -> None:
    async with database.write() as session:
        await session.execute(update(model).where(col(model.id) == id).values(**values))


async def test_another_origin_drops_the_headers_unless_they_are_given_again(organization, database) -> None:
    client, moved = organization.client, "https://other.example.com/in"
    made = await create(client, headers=[KEY])
    secret = (await stored(database, Webhook, made["databaseId"])).secrets

    same = await amend(client, made["id"], url="https://receiver.example.com:443/elsewhere")
    dropped = await amend(client, made["id"], url=moved)
    again = await amend(client, made["id"], url=URL, headers=[KEY])
    none = await amend(client, made["id"], headers=[])

    assert [one["headersDropped"] for one in (same, dropped, again, none)] == [False, True, False, False]
    assert [len(one["headers"]) for one in (same, dropped, again, none)] == [1, 0, 1, 0]
    row = await stored(database, Webhook, made["databaseId"])
    assert (row.headers, row.headers_origins, row.header_hints) == (None, None, [])
    assert row.secrets == secret


@pytest.mark.parametrize(
    ("rate", "interval", "burst"),
    [(None, 0, 1), (1, 1000, 1), (20, 50, 1), (50, 20, 5), (300, 4, 30), (1000, 1, 100)],
)
async def test_the_gate_has_the_limits_of_the_webhook(organization, database, rate, interval, burst) -> None:
    made = await create(organization.client, rateLimit=rate)

    gate = await stored(database, Gate, made["databaseId"])

    assert (gate.opens_at, gate.capacity, gate.interval_ms, gate.burst) == (0, 1, interval, burst)
    assert rate is None or 1000 / interval + burst <= (rate + 1 if rate <= 20 else rate * 1.1)


async def test_changed_limits_reach_the_gate(organization, database) -> None:
    made = await create(organization.client)
    await store(database, Gate, made["databaseId"], capacity=8)

    await amend(organization.client, made["id"], concurrency=3, rateLimit=10)
    lower = await stored(database, Gate, made["databaseId"])
    await amend(organization.client, made["id"], concurrency=50, rateLimit=None)
    higher = await stored(database, Gate, made["databaseId"])

    assert (lower.capacity, lower.interval_ms) == (3, 100)
    assert (higher.capacity, higher.interval_ms) == (3, 0)


async def test_disabling_closes_the_gate_and_enabling_begins_anew(organization, database) -> None:
    client = organization.client
    made = await create(client)
    row_id = made["databaseId"]

    disabled = await amend(client, made["id"], enabled=False)
    closed = await stored(database, Gate, row_id)
    failed = {"failing_since": 1, "first_failed_at": 1, "last_failed_at": 1, "breaker_until": 1}
    await store(database, Webhook, row_id, failures=7, breaker=BreakerState.OPEN, noticed_at=1, **failed)
    enabled = await amend(client, made["id"], enabled=True)

    assert (disabled["enabled"], disabled["disabledReason"]) == (False, "Disabled by admin.")
    assert disabled["disabledAt"]
    assert closed.opens_at is None
    gate, row = await stored(database, Gate, row_id), await stored(database, Webhook, row_id)
    assert (gate.opens_at, gate.capacity) == (0, 1)
    assert (enabled["enabled"], enabled["disabledReason"], enabled["breaker"]) == (True, None, "CLOSED")
    assert {name: getattr(row, name) for name in failed} == dict.fromkeys(failed)
    assert (row.failures, row.noticed_at) == (0, 1)  # its recovery is still to be told


async def test_enabling_ends_a_pause_for_which_the_endpoint_asked(organization, database) -> None:
    made = await create(organization.client)
    await store(database, Gate, made["databaseId"], opens_at=10**15)

    await amend(organization.client, made["id"], enabled=True)

    assert (await stored(database, Gate, made["databaseId"])).opens_at == 0


async def test_another_address_does_not_inherit_the_pause_of_the_one_before(organization, database) -> None:
    made = await create(organization.client)
    await store(database, Gate, made["databaseId"], opens_at=10**15)

    await amend(organization.client, made["id"], url="https://elsewhere.example/hook")

    assert (await stored(database, Gate, made["databaseId"])).opens_at == 0


async def test_enabling_an_enabled_webhook_closes_its_breaker(organization, database) -> None:
    made = await create(organization.client)
    await store(database, Webhook, made["databaseId"], breaker=BreakerState.OPEN, breaker_until=9, failures=10)
    await store(database, Gate, made["databaseId"], opens_at=10**15)

    renamed = await amend(organization.client, made["id"], name="New")
    enabled = await amend(organization.client, made["id"], enabled=True)

    assert (renamed["breaker"], enabled["breaker"]) == ("OPEN", "CLOSED")
    assert (await stored(database, Gate, made["databaseId"])).opens_at == 0


async def test_a_webhook_that_is_made_disabled_sends_nothing(organization, database) -> None:
    made = await create(organization.client, enabled=False)

    assert made["disabledReason"] == "Disabled by admin."
    assert (await stored(database, Gate, made["databaseId"])).opens_at is None


async def test_refuses_a_change_of_another_version(organization, database) -> None:
    client = organization.client
    made = await create(client)
    await amend(client, made["id"], name="First", expectedVersion=1)
    before = await snapshot(database, organization.id)

    refused = await attempt(client, "updateWebhook", {"id": made["id"], "name": "Second", "expectedVersion": 1})

    assert (refused["code"], refused["currentVersion"], refused["path"]) == ("STALE", 2, ["input", "expectedVersion"])
    assert changes(before, await snapshot(database, organization.id)) == []


async def test_a_removed_webhook_is_gone_at_once_with_its_deliveries(organization, database) -> None:
    client = organization.client
    await open_shop(client)
    made = await create(client, headers=[KEY], eventTypePatterns=["MyShop.PING"])
    event = await emitted(client, database, "ORDER_PAID")
    delivery = await delivered(database, event, made["databaseId"])
    waiting = await delivered(database, event, made["databaseId"], original_id=delivery.id, state=WorkState.QUEUED)

    gone = await remove(client, "deleteWebhook", made["id"])

    assert gone == {"deletedId": made["id"]}
    assert await read(client, made["id"]) is None
    assert await listed(client) == []
    assert await listed_in(client, "deliveries", "id") == []
    events = await listed_in(client, "events", "deliveries { nodes { id } }", '(filter: { type: ["MyShop.*"] })')
    assert [one["deliveries"]["nodes"] for one in events] == [[]]
    assert (await remove(client, "deleteWebhook", made["id"]))["code"] == "NOT_FOUND"

    async def empty() -> bool:
        return await stored(database, Webhook, made["databaseId"]) is None

    await eventually(empty)
    assert await stored(database, Gate, made["databaseId"]) is None
    assert [await stored(database, Delivery, one.id) for one in (delivery, waiting)] == [None, None]


async def test_another_organizations_webhook_does_not_exist(organization, new_organization, database) -> None:
    theirs = await create((await new_organization()).client)
    given = {"updateWebhook": {"id": theirs["id"], "name": "x"}, "rotateWebhookSecret": {"webhookId": theirs["id"]}}
    nobodys = {"updateWebhook": {"id": "0" * 24, "name": "x"}, "rotateWebhookSecret": {"webhookId": "0" * 24}}

    found = [await attempt(organization.client, field, one) for field, one in given.items()]
    absent = [await attempt(organization.client, field, one) for field, one in nobodys.items()]

    assert found == absent
    assert await remove(organization.client, "deleteWebhook", theirs["id"]) == await remove(
        organization.client, "deleteWebhook", "0" * 24
    )
    assert await read(organization.client, theirs["id"]) is None


async def emitted(client, database, type: str) -> Event:
    said = {"integration": {"handler": "MY_SHOP"}, "type": type}
    event_id = (await act(client, "emitEvent", said, "event { databaseId }"))["event"]["databaseId"]
    async with database.read() as session:
        return (await session.execute(select(Event).where(col(Event.id) == event_id))).scalars().one()


# --- events of restricted integrations


@pytest.fixture
async def member(organization):
    await organization.add_user("member")
    return await organization.signed_in(*MEMBERS, username="member")


async def restricted(client, name: str) -> str:
    made = await act(client, "createIntegration", {"name": name, "access": "RESTRICTED"})
    return str(made["id"])


@pytest.mark.parametrize("given", [{"url": "https://other.example.com/"}, {"eventTypePatterns": ["Hub.*"]}])
async def test_a_member_who_redirects_an_administrators_webhook_narrows_it(
    organization, member, database, given
) -> None:
    made = await create(organization.client)

    renamed = await amend(member, made["id"], name="New", enabled=True, concurrency=3)
    before = await stored(database, Webhook, made["databaseId"])
    moved = await amend(member, made["id"], **given)
    after = await stored(database, Webhook, made["databaseId"])
    restored = await amend(organization.client, made["id"], **given)

    assert [one["narrowed"] for one in (renamed, moved, restored)] == [False, True, False]
    assert (before.sees_restricted, before.created_by) == (True, organization.admin_id)
    assert (after.sees_restricted, after.created_by) == (False, None)
    row = await stored(database, Webhook, made["databaseId"])
    assert (row.sees_restricted, row.created_by) == (False, None)


async def test_a_makers_weaker_token_does_not_redirect_restricted_events(organization, database) -> None:
    made = await create(organization.client)
    weak = await organization.signed_in(Permission.WEBHOOKS_WRITE)

    moved = await amend(weak, made["id"], url="https://other.example.com/")

    assert moved["narrowed"]
    row = await stored(database, Webhook, made["databaseId"])
    assert (row.sees_restricted, row.created_by) == (False, organization.admin_id)


async def test_an_administrator_widens_a_members_webhook_no_further_than_the_member_sees(
    organization, member, database
) -> None:
    made = await create(member)
    hidden = await restricted(organization.client, "Payroll")
    before = await snapshot(database, organization.id)

    refused = await attempt(organization.client, "updateWebhook", {"id": made["id"], "integrationId": hidden})

    assert (refused["code"], refused["path"]) == ("FORBIDDEN", ["input", "integrationId"])
    assert changes(before, await snapshot(database, organization.id)) in ([], ["+ audit_entry"])
    moved = await amend(organization.client, made["id"], url="https://other.example.com/")
    row = await stored(database, Webhook, made["databaseId"])
    assert (moved["narrowed"], row.sees_restricted, row.created_by is None) == (False, False, False)


async def test_only_those_who_see_the_named_integration_redirect_its_events(organization, member, database) -> None:
    hidden = await restricted(organization.client, "Payroll")
    made = await create(organization.client, integrationId=hidden)
    given = {"id": made["id"], "url": "https://other.example.com/"}

    refused = await attempt(member, "updateWebhook", given)
    renamed = await amend(member, made["id"], name="New")
    elsewhere = await change(member, "updateWebhook", given | {"integrationId": None})

    assert refused["code"] == "FORBIDDEN"
    assert renamed["name"] == "New"
    assert renamed["integration"] is None
    assert elsewhere["narrowed"]


async def test_naming_an_integration_needs_to_see_it(organization, member) -> None:
    hidden = await restricted(organization.client, "Payroll")

    refused = await attempt(member, "createWebhook", {"name": "Hook", "url": URL, "integrationId": hidden})

    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "integrationId"])
    assert await listed(organization.client) == []


async def test_values_of_the_query_are_not_shown(organization, database) -> None:
    url = "https://shop.example/hook?key=planted&x=1"
    made = await create(organization.client, url=url)

    assert made["url"] == "https://shop.example/hook?key=***&x=***"
    await amend(organization.client, made["id"], url=made["url"])
    assert (await stored(database, Webhook, made["databaseId"])).url == url
