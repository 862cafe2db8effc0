"""Lists of deliveries: each filter, the state HELD, reasons, attempts, and what is hidden from whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.tables import Delivery, Event, Gate, Integration, Job, Webhook
from models.vocabulary import BreakerState, IntegrationAccess, Permission, UpstreamFailure, WebhookOrdering, WorkState
from tests.harness.acting import act
from tests.harness.backends import both
from tests.harness.graphql import GraphQL
from tests.harness.webhooks import delivered
from tests.webhooks.acting import create, open_shop
from tests.webhooks.acting import update as amend

pytestmark = both
LIST = """query($filter: DeliveryFilter) { deliveries(first: 100, filter: $filter) { nodes {
  databaseId state } } }"""
ONE = """query($id: ID!) { delivery(id: $id) { messageId copyOf eventType entityId state stateReason attemptCount
  externalStatus failure error webhook { name } event { type } attempts { number replayed url externalStatus
  requestHeaders { name value } delivery { id } attemptedAt latencyMs failure responseExcerpt } } }"""


@dataclass(frozen=True, kw_only=True)
class House:
    """A webhook, and events of which a test makes deliveries."""

    client: GraphQL
    database: Any
    webhook: dict[str, Any]
    events: Sequence[Event]

    async def deliver(self, number: int = 0, **facts: Any) -> Delivery:
        return await delivered(self.database, self.events[number], self.webhook["databaseId"], **facts)

    async def found(self, **filter: Any) -> list[str]:
        answer = await self.client.query(LIST, filter=filter)
        return [one["databaseId"] for one in answer["deliveries"]["nodes"]]

    async def one(self, delivery: Delivery, client: GraphQL | None = None) -> Any:
        return (await (client or self.client).query(ONE, id=delivery.id))["delivery"]

    async def set(self, model: Any, **values: Any) -> None:
        async with self.database.write() as session:
            changed = update(model).where(col(model.id) == self.webhook["databaseId"])
            await session.execute(changed.values(**values))


@pytest.fixture
async def house(organization, database) -> House:
    """The webhook takes none of the events by itself."""
    client = organization.client
    await open_shop(client)
    webhook = await create(client, eventTypePatterns=["Hub.webhook.test"])
    shop = {"integration": {"handler": "MY_SHOP"}}
    for word, entity in (("PING", "a"), ("ORDER_PAID", "b"), ("ORDER_SENT", "b")):
        await act(client, "emitEvent", shop | {"type": word, "entityId": entity}, "event { id }")
    async with database.read() as session:
        mine = select(Event).where(
            col(Event.organization_id) == organization.id, col(Event.type).startswith("MyShop")
        )
        events = (await session.execute(mine.order_by(col(Event.id)))).scalars().all()
    return House(client=client, database=database, webhook=webhook, events=events)


async def test_finds_deliveries_by_each_condition(house) -> None:
    ping = await house.deliver(0)
    failed = {"state": WorkState.FAILED, "external_status": 503, "status_class": 5}
    paid = await house.deliver(1, **failed, failure=UpstreamFailure.ERROR_STATUS)
    sent = await house.deliver(2, state=WorkState.QUEUED, external_status=None, failure=UpstreamFailure.TIMEOUT)

    assert await house.found() == [sent.id, paid.id, ping.id]
    assert await house.found(state=["FAILED", "SUCCEEDED"]) == [paid.id, ping.id]
    assert await house.found(state=["QUEUED"]) == [sent.id]
    assert await house.found(state=[]) == []
    assert await house.found(eventType=["MyShop.ORDER_*"]) == [sent.id, paid.id]
    assert await house.found(eventType=["MyShop.PING"]) == [ping.id]
    assert await house.found(entityId="b") == [sent.id, paid.id]
    assert await house.found(webhookId=[house.webhook["id"]]) == [sent.id, paid.id, ping.id]
    assert await house.found(webhookId=["0" * 24]) == []
    assert await house.found(statusClass=[5]) == [paid.id]
    assert await house.found(failure=["TIMEOUT"]) == [sent.id]
    assert await house.found(messageId=f"msg_{paid.id}") == [paid.id]
    assert await house.found(messageId=paid.id) == []
    assert await house.found(messageId="msg_") == []


async def test_finds_deliveries_of_a_time_with_its_begin_and_without_its_end(house) -> None:
    early = await house.deliver(0, created_at=1_000_000_000_000, id="386bc5000000000000000001")
    late = await house.deliver(1, created_at=1_000_000_060_000, id="3b9aca3c0000000000000001")
    times = {early.id: "2001-09-09T01:46:40.000Z", late.id: "2001-09-09T01:47:40.000Z"}

    assert await house.found(since=times[late.id]) == [late.id]
    assert await house.found(until=times[late.id], since="2001-01-01T00:00:00Z") == []
    assert await house.found(since="2001-09-09T01:47:40.001Z") == []


async def test_held_is_a_waiting_delivery_of_a_disabled_webhook(house) -> None:
    waiting = await house.deliver(0, state=WorkState.QUEUED)
    done = await house.deliver(1)
    await create(house.client, name="Other", enabled=False)
    before = await house.one(waiting), await house.found(state=["HELD"]), await house.found(state=["QUEUED"])

    disabled = await amend(house.client, house.webhook["id"], enabled=False)
    after = await house.one(waiting), await house.found(state=["HELD"]), await house.found(state=["QUEUED"])
    enabled = await amend(house.client, house.webhook["id"], enabled=True)

    assert (before[0]["state"], *before[1:]) == ("QUEUED", [], [waiting.id])
    assert (after[0]["state"], *after[1:]) == ("HELD", [waiting.id], [])
    assert after[0]["stateReason"].startswith("The webhook is disabled. Disabled by admin.")
    assert (await house.one(done))["state"] == "SUCCEEDED"
    assert await house.found(state=["HELD", "QUEUED"]) == [waiting.id]
    assert (disabled["heldCount"], enabled["heldCount"]) == (1, 0)


@pytest.mark.parametrize(
    ("facts", "of_gate", "of_delivery", "begin"),
    [
        ({"breaker": BreakerState.OPEN, "breaker_until": 10**12}, {}, {}, "The webhook failed many times in a row"),
        ({"breaker": BreakerState.HALF_OPEN}, {}, {}, "The webhook recovers"),
        ({}, {"opens_at": 10**14}, {}, "The endpoint asked for a pause; it is tried again at 5138-"),
        ({}, {}, {"next_attempt_at": 10**14}, "The last attempt failed; the next one is at 5138-"),
        ({}, {}, {}, "It waits for its turn"),
        ({}, {}, {"state": WorkState.FAILED, "error": "All tries are used up."}, "All tries are used up."),
        ({}, {}, {"state": WorkState.SUCCEEDED}, ""),
    ],
)
async def test_says_why_a_delivery_waits_or_failed(house, facts, of_gate, of_delivery, begin) -> None:
    delivery = await house.deliver(0, **{"state": WorkState.QUEUED} | of_delivery)
    if facts:
        await house.set(Webhook, **facts)
    if of_gate:
        await house.set(Gate, **of_gate)

    reason = (await house.one(delivery))["stateReason"]

    assert (reason or "").startswith(begin)
    assert (reason is None) == (begin == "")


async def test_says_that_an_earlier_delivery_of_the_entity_comes_first(house, organization) -> None:
    delivery = await house.deliver(1, state=WorkState.QUEUED)
    await house.set(Webhook, ordering=WebhookOrdering.ENTITY)
    job = Job(
        organization_id=organization.id,
        queue="idle",
        operation="webhook.deliver",
        caption="Deliver",
        subject_kind="Delivery",
        subject_id=delivery.id,
        lane=delivery.id,
        blocked=True,
        run_at=0,
        max_attempts=1,
    )
    async with house.database.write() as session:
        session.add(job)

    reason = (await house.one(delivery))["stateReason"]

    assert reason == "An earlier delivery of the entity b comes first."


async def test_shows_a_delivery_and_its_attempts(house) -> None:
    delivery = await house.deliver(1)
    copy = await house.deliver(1, original_id=delivery.id)

    shown = await house.one(delivery)

    assert shown["messageId"] == f"msg_{delivery.id}"
    assert (await house.one(copy))["copyOf"] == f"msg_{delivery.id}"
    assert (shown["webhook"], shown["event"]) == ({"name": "Hook"}, {"type": "MyShop.ORDER_PAID"})
    assert (shown["entityId"], shown["attemptCount"], shown["externalStatus"]) == ("b", 1, 200)
    (attempt,) = shown["attempts"]
    assert (attempt["number"], attempt["externalStatus"]) == (1, 200)
    assert attempt["requestHeaders"] == [{"name": "webhook-signature", "value": "***"}]


async def test_hides_deliveries_of_a_restricted_integration_as_its_events(house, organization) -> None:
    await organization.add_user("member")
    member = await organization.signed_in(Permission.WEBHOOKS_READ, Permission.EVENTS_READ, username="member")
    delivery = await house.deliver(1)
    seen = await house.one(delivery, member)
    async with house.database.write() as session:
        restricted = update(Integration).where(col(Integration.organization_id) == organization.id)
        await session.execute(restricted.values(access=IntegrationAccess.RESTRICTED))

    lists = """query($hook: ID!) { deliveries { nodes { id } } webhook(id: $hook) { deliveries { nodes { id } } } }"""
    hidden = await member.query(lists, hook=house.webhook["id"])
    node = "query($id: ID!) { node(id: $id) { id } }"

    assert seen["attempts"]
    assert await house.one(delivery, member) is None
    assert hidden == {"deliveries": {"nodes": []}, "webhook": {"deliveries": {"nodes": []}}}
    attempt = (await house.one(delivery))["attempts"][0]
    assert (await house.one(delivery))["event"]
    assert attempt["delivery"]["id"]
    assert (await member.query(node, id=attempt["delivery"]["id"]))["node"] is None
