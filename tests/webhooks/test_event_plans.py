"""Plans: what a real send then does, byte by byte; and nothing is sent or written for them."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, select, update
from sqlmodel import col

from jobs.job import JOBS
from models.tables import Delivery, Event, Gate, Webhook
from models.vocabulary import Permission
from tests.harness.acting import PROBLEM, act
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.webhooks.acting import create, open_shop
from tests.webhooks.planted import events_of

PLAN = """takes verdict sentence url headers { name value } blockedBy breaker webhook { name }
  nextTries { attempt at earliest latest }"""
PAID = {"integration": {"handler": "MY_SHOP"}, "type": "ORDER_PAID", "entityId": "o-1"}
PAYLOAD = {"z": 1, "a": ["é", 1.0, 2**53 + 1], "total": "7"}


async def plan_delivery(client: Any, **what: Any) -> dict[str, Any]:
    document = f"""query($input: PlanDeliveryInput!) {{ planDelivery(input: $input) {{ __typename
      ... on DeliveryPlan {{ body delivery {{ databaseId }} plan {{ {PLAN} }} }} {PROBLEM} }} }}"""
    return (await client.query(document, input=what))["planDelivery"]


async def plan_emit(client: Any, **given: Any) -> dict[str, Any]:
    document = f"""query($input: EmitEventInput!) {{ planEmit(input: $input) {{ __typename
      ... on EmitPlan {{ type entityId body atEmission webhooks {{ {PLAN} }} }} {PROBLEM} }} }}"""
    return (await client.query(document, input=PAID | given))["planEmit"]


async def gate(database: Any, webhook_id: str, opens_at: int | None) -> None:
    async with database.write() as session:
        await session.execute(update(Gate).where(col(Gate.id) == webhook_id).values(opens_at=opens_at))


async def counted(database: Any, organization_id: str) -> list[int]:
    async with database.read() as session:
        found = []
        for model in (Event, Delivery):
            mine = select(func.count()).select_from(model).where(model.organization_id == organization_id)
            found.append((await session.execute(mine)).scalar_one())
        return found


async def the_delivery(database: Any, webhook_id: str) -> Delivery:
    async with database.read() as session:
        mine = select(Delivery).where(col(Delivery.webhook_id) == webhook_id)
        return (await session.execute(mine)).scalars().one()


@both
async def test_a_planned_delivery_is_sent_byte_by_byte_as_planned(organization, database, upstream, hub) -> None:
    await open_shop(organization.client)
    headers = [{"name": "X-Key", "value": "planted"}]
    made = await create(
        organization.client, url=f"{upstream.url}/ok", headers=headers, eventTypePatterns=["MyShop.*"]
    )
    await gate(database, made["databaseId"], None)
    await act(organization.client, "emitEvent", PAID | {"payload": PAYLOAD}, "event { id }")
    delivery = await the_delivery(database, made["databaseId"])
    before = await counted(database, organization.id)

    planned = await plan_delivery(organization.client, deliveryId=delivery.id)

    assert (upstream.connections, await counted(database, organization.id)) == (0, before)
    await gate(database, made["databaseId"], 0)
    hub.app.state.hub.bus.wake(JOBS)
    [received] = await eventually(lambda: _requests(upstream, 1))
    plan = planned["plan"]
    assert (plan["takes"], plan["verdict"], plan["blockedBy"]) == (True, "MATCHES", None)
    assert received.body == planned["body"].encode()
    assert plan["url"] == f"{upstream.url}{received.target}"
    shown = {pair["name"]: pair["value"] for pair in plan["headers"]}
    varying = {"X-Key": "***", "webhook-signature": "***", "webhook-timestamp": shown["webhook-timestamp"]}
    assert {name: shown.pop(name) for name in varying} == varying
    assert {name: received.header(name) for name in shown} == {name: [value] for name, value in shown.items()}
    assert shown["patchbay-attempt"] == "1"


@both
async def test_a_replay_is_sent_as_planned_and_a_copy_names_its_original(organization, database, upstream) -> None:
    await open_shop(organization.client)
    made = await create(organization.client, url=f"{upstream.url}/ok", eventTypePatterns=["MyShop.*"])
    await act(organization.client, "emitEvent", PAID, "event { id }")
    await eventually(lambda: _state(database, made["databaseId"], "SUCCEEDED"))
    delivery = await the_delivery(database, made["databaseId"])
    order = """mutation($input: ReplayDeliveriesInput!) { replayDeliveries(input: $input) { __typename } }"""

    planned = await plan_delivery(organization.client, deliveryId=delivery.id)
    await organization.client.query(order, input={"what": {"deliveryId": delivery.id}})
    await eventually(lambda: _state(database, made["databaseId"], "SUCCEEDED", attempts=2))
    await organization.client.query(order, input={"what": {"deliveryId": delivery.id}, "asNew": True})

    first, again, copy = await eventually(lambda: _requests(upstream, 3))
    shown = {pair["name"]: pair["value"] for pair in planned["plan"]["headers"]}
    assert again.header("patchbay-attempt") == [shown["patchbay-attempt"]] == ["2, replay"]
    assert first.header("webhook-id") == again.header("webhook-id") == [f"msg_{delivery.id}"]
    assert copy.header("webhook-id") != first.header("webhook-id")
    assert copy.header("patchbay-original") == first.header("webhook-id")
    assert first.body == again.body == copy.body == planned["body"].encode()


async def _requests(upstream: Any, count: int) -> list[Any] | None:
    return upstream.requests if len(upstream.requests) >= count else None


async def _state(database: Any, webhook_id: str, state: str, attempts: int = 1) -> bool:
    row = await the_delivery(database, webhook_id)
    return row.state == state and row.attempt_count == attempts


async def test_a_planned_event_names_every_webhook_with_its_reason_and_the_bytes(organization, database) -> None:
    client = organization.client
    await open_shop(client)
    takes = {"eventTypePatterns": ["MyShop.ORDER_PAID"]}
    await create(client, name="takes", **takes)
    await create(client, name="other", eventTypePatterns=["MyShop.PING"])
    await create(client, name="disabled", enabled=False, **takes)
    await create(client, name="small", filter="payload.total == 'none'", **takes)
    faulty = await create(client, name="faulty", **takes)
    async with database.write() as session:
        broken = {"filter": "abs(payload.total)"}
        await session.execute(update(Webhook).where(col(Webhook.id) == faulty["databaseId"]).values(**broken))
        for gone in ("takes", "small"):
            closed = select(col(Webhook.id)).where(
                col(Webhook.name) == gone, col(Webhook.organization_id) == organization.id
            )
            await session.execute(update(Gate).where(col(Gate.id).in_(closed)).values(opens_at=None))
    before = await counted(database, organization.id)

    planned = await plan_emit(client, payload=PAYLOAD)

    assert await counted(database, organization.id) == before
    verdicts = {plan["webhook"]["name"]: (plan["takes"], plan["verdict"]) for plan in planned["webhooks"]}
    assert verdicts == {
        "takes": (True, "MATCHES"),
        "other": (False, "PATTERN"),
        "disabled": (False, "DISABLED"),
        "small": (False, "FILTER"),
        "faulty": (False, "FILTER_FAULT"),
    }
    await act(client, "emitEvent", PAID | {"payload": PAYLOAD}, "event { id }")
    [event] = await events_of(database, organization.id, "MyShop.")
    real, guess = orjson.loads(event.body), orjson.loads(planned["body"])
    assert list(real) == list(guess)
    varying = set(planned["atEmission"])
    assert {name: value for name, value in real.items() if name not in varying} == {
        name: value for name, value in guess.items() if name not in varying
    }
    assert (guess["sequence"], guess["entitySequence"]) == (real["sequence"], real["entitySequence"])
    assert planned["body"].partition('"data"')[2] == event.body.partition('"data"')[2]


async def test_plans_the_times_of_tries_with_the_range_of_their_jitter(organization) -> None:
    await open_shop(organization.client)
    await create(organization.client, eventTypePatterns=["MyShop.*"])

    [plan] = (await plan_emit(organization.client))["webhooks"]

    tries = plan["nextTries"]
    at = [datetime.fromisoformat(one["at"]) for one in tries]
    waits = [5, 300, 1800, 7200, 18_000, 36_000, 36_000]
    assert [round((later - sooner).total_seconds()) for sooner, later in itertools.pairwise(at)] == waits
    assert [one["attempt"] for one in tries] == list(range(1, 9))
    second = {name: datetime.fromisoformat(tries[1][name]) for name in ("at", "earliest", "latest")}
    assert [round((second[name] - at[0]).total_seconds()) for name in ("earliest", "at", "latest")] == [4, 5, 6]


async def test_an_event_that_a_webhook_lacks_is_planned_and_not_made(organization, database) -> None:
    await open_shop(organization.client)
    await act(organization.client, "emitEvent", PAID, "event { id }")
    [event] = await events_of(database, organization.id, "MyShop.")
    made = await create(organization.client, eventTypePatterns=["MyShop.PING"])
    before = await counted(database, organization.id)

    planned = await plan_delivery(organization.client, missing={"webhookId": made["id"], "eventId": event.id})

    assert (planned["body"], planned["delivery"]) == (event.body, None)
    assert {"name": "patchbay-attempt", "value": "1, replay"} in planned["plan"]["headers"]
    assert (planned["plan"]["takes"], planned["plan"]["verdict"], planned["plan"]["nextTries"]) == (
        False,
        "PATTERN",
        [],
    )
    assert await counted(database, organization.id) == before


async def test_what_the_webhook_may_no_longer_see_is_planned_as_not_sent(organization, database) -> None:
    shop = await open_shop(organization.client)
    made = await create(organization.client, eventTypePatterns=["MyShop.*"])
    await gate(database, made["databaseId"], None)
    await act(organization.client, "emitEvent", PAID, "event { id }")
    delivery = await the_delivery(database, made["databaseId"])
    await act(organization.client, "updateIntegration", {"id": shop, "access": "RESTRICTED"})
    async with database.write() as session:
        narrowed = {"sees_restricted": False, "created_by": None}
        await session.execute(update(Webhook).where(col(Webhook.id) == made["databaseId"]).values(**narrowed))

    planned = await plan_delivery(organization.client, deliveryId=delivery.id)

    plan = planned["plan"]
    assert (plan["takes"], plan["verdict"], plan["nextTries"]) == (False, "RESTRICTED", [])


async def test_an_event_older_than_deliveries_are_kept_is_not_planned_as_missing(organization, database, hub) -> None:
    await open_shop(organization.client)
    await act(organization.client, "emitEvent", PAID, "event { id }")
    [event] = await events_of(database, organization.id, "MyShop.")
    made = await create(organization.client, eventTypePatterns=["MyShop.*"])
    kept = hub.app.state.hub.keeping.deliveries * 86_400_000
    async with database.write() as session:
        old = update(Event).where(col(Event.id) == event.id).values(created_at=event.created_at - kept)
        await session.execute(old)

    refused = await plan_delivery(organization.client, missing={"webhookId": made["id"], "eventId": event.id})

    assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", "missing", "eventId"])
    assert "kept" in refused["message"]


async def test_a_plan_needs_to_see_events_of_the_organization(organization, database, new_organization) -> None:
    await open_shop(organization.client)
    await act(organization.client, "emitEvent", PAID, "event { id }")
    [event] = await events_of(database, organization.id, "MyShop.")
    made = await create(organization.client, eventTypePatterns=["MyShop.PING"])
    what = {"missing": {"webhookId": made["id"], "eventId": event.id}}

    blind = await plan_delivery(await organization.signed_in(Permission.WEBHOOKS_READ), **what)
    stranger = await plan_delivery((await new_organization()).client, **what)

    assert (blind["code"], blind["permission"]) == ("FORBIDDEN", "EVENTS_READ")
    assert (stranger["code"], stranger["path"]) == ("NOT_FOUND", ["input", "missing", "webhookId"])


async def test_an_expired_payload_and_a_bad_event_are_refused(organization, database) -> None:
    await open_shop(organization.client)
    made = await create(organization.client, eventTypePatterns=["MyShop.PING"])
    await act(organization.client, "emitEvent", PAID, "event { id }")
    [event] = await events_of(database, organization.id, "MyShop.")
    async with database.write() as session:
        await session.execute(update(Event).where(col(Event.id) == event.id).values(body=None))

    expired = await plan_delivery(organization.client, missing={"webhookId": made["id"], "eventId": event.id})
    unknown = await plan_emit(organization.client, type="NOTHING")

    assert (expired["code"], "expired" in expired["message"]) == ("CONFLICT", True)
    assert (unknown["code"], unknown["path"]) == ("NOT_FOUND", ["input", "type"])
