"""Replays: each selection sends what its dry run counts, once, and leaves the rest as it is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from models.row import new_id, now_ms
from models.tables import Delivery, Event, Webhook
from models.vocabulary import Permission, WebhookOrdering, WorkState
from resolvers.emission.addressing import lane_of
from tests.harness.acting import act
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.webhooks.replaying import DAY, Place, new_place

pytestmark = both


@pytest.fixture
async def place(organization, database) -> Place:
    return await new_place(organization, database)


async def test_failed_sends_failed_and_waiting_ones_but_no_delivered_one(place) -> None:
    failed, waiting = await place.delivery(WorkState.FAILED), await place.waiting()
    delivered, cancelled = await place.delivery(WorkState.SUCCEEDED), await place.delivery(WorkState.CANCELLED)
    fresh, due = await place.delivery(WorkState.QUEUED), await place.waiting(delay_ms=0)

    made = await place.replay("failed")

    jobs = await place.jobs()
    assert made["count"] == 2
    assert set(jobs) == {failed.id, waiting.id, due.id}
    assert jobs[due.id].payload == {"delivery": due.id}
    assert jobs[failed.id].payload == jobs[waiting.id].payload | {"delivery": failed.id}
    assert (jobs[failed.id].priority, jobs[failed.id].gate, jobs[failed.id].attempt) == (10, place.webhook.id, 0)
    states = {row.id: row.state for row in await place.deliveries()}
    assert states == {
        failed.id: WorkState.QUEUED,
        waiting.id: WorkState.QUEUED,
        delivered.id: WorkState.SUCCEEDED,
        cancelled.id: WorkState.CANCELLED,
        fresh.id: WorkState.QUEUED,
        due.id: WorkState.QUEUED,
    }


async def test_all_sends_delivered_ones_too_but_no_event_twice(place) -> None:
    event = await place.emit()
    delivered, failed = await place.delivery(WorkState.SUCCEEDED, event), await place.delivery(WorkState.FAILED)
    copy = await place.delivery(WorkState.SUCCEEDED, event, original_id=delivered.id)

    made = await place.replay("all")

    assert made["count"] == 2
    assert set(await place.jobs()) == {delivered.id, failed.id}
    assert {row.id: row.state for row in await place.deliveries()}[copy.id] is WorkState.SUCCEEDED


async def test_a_delivery_that_waits_for_a_retry_is_due_now_without_a_further_try(place) -> None:
    waiting = await place.waiting()
    before = (await place.jobs())[waiting.id]

    made = await place.order(what={"deliveryId": waiting.id})

    after = (await place.jobs())[waiting.id]
    assert (made["count"], made["delivery"]["databaseId"], made["job"]) == (1, waiting.id, None)
    assert (after.id, after.attempt, after.max_attempts) == (before.id, before.attempt, before.max_attempts)
    assert after.run_at <= now_ms() + 1_000 < before.run_at
    assert after.payload == {"delivery": waiting.id, "replay": True}


async def test_since_is_inclusive_and_until_exclusive(place) -> None:
    times = (DAY, DAY + 1, DAY + 2, DAY + 3)
    rows = [await place.delivery(WorkState.FAILED, id=new_id(at), created_at=at) for at in times]

    await place.replay("failed", {"since": "1970-01-02T00:00:00.001Z", "until": "1970-01-02T00:00:00.003Z"})

    assert set(await place.jobs()) == {row.id for row in rows[1:3]}


async def test_narrows_by_type_and_entity(place) -> None:
    paid = await place.delivery(WorkState.FAILED, await place.emit("PAID", entityId="a"))
    sent = await place.delivery(WorkState.FAILED, await place.emit("SENT", entityId="a"))
    other = await place.delivery(WorkState.FAILED, await place.emit("PAID", entityId="b"))

    await place.replay("failed", {"eventType": ["MY_SHOP.P*"], "entityId": "a"})
    assert set(await place.jobs()) == {paid.id}

    await place.replay("failed", {"eventType": ["MY_SHOP.SENT", "MY_SHOP.PAID"]})
    assert set(await place.jobs()) == {paid.id, sent.id, other.id}


async def test_missing_sends_events_that_the_webhook_takes_now_once(place) -> None:
    events = [await place.emit(), await place.emit(), await place.emit("SENT")]
    had = await place.delivery(WorkState.SUCCEEDED, events[0])
    await place.set(Webhook, place.webhook.id, event_patterns=["MY_SHOP.PAID"])

    first = await place.replay("missing")
    second = await place.replay("missing")

    assert (first["count"], second["count"]) == (1, 0)
    [made] = [row for row in await place.deliveries() if row.id != had.id]
    assert (made.event_id, made.sequence, made.state) == (events[1].id, events[1].sequence, WorkState.QUEUED)
    assert (await place.jobs())[made.id].payload == {"delivery": made.id, "replay": True}


async def test_missing_leaves_the_filter_to_the_delivery_and_says_so(place) -> None:
    await place.emit()
    await place.set(Webhook, place.webhook.id, event_patterns=["*"], filter="payload.big")

    made = await place.replay("missing")

    assert (made["count"], made["unjudged"]) == (1, 1)
    assert [row.unjudged for row in await place.deliveries()] == [True]


async def test_as_new_copies_under_a_new_id_and_names_the_old_one(place) -> None:
    failed, waiting = await place.delivery(WorkState.FAILED), await place.waiting()

    made = await place.replay("failed", asNew=True)
    again = await place.replay("failed", asNew=True)

    [copy] = [row for row in await place.deliveries() if row.original_id]
    assert (made["count"], again["count"]) == (1, 0)  # its copy is on its way
    assert (copy.original_id, copy.event_id, copy.state) == (failed.id, failed.event_id, WorkState.QUEUED)
    assert set(await place.jobs()) == {copy.id, waiting.id}
    one = await place.order(what={"deliveryId": failed.id}, asNew=True)
    assert one["delivery"]["copyOf"] == f"msg_{failed.id}"


async def test_refuses_a_copy_of_one_that_is_still_being_delivered(place) -> None:
    waiting = await place.waiting()

    refused = await place.order(what={"deliveryId": waiting.id}, asNew=True)

    assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", "asNew"])
    assert len(await place.deliveries()) == 1


async def test_expired_payloads_are_counted_apart_and_not_sent(place) -> None:
    kept, expired = await place.delivery(WorkState.FAILED), await place.delivery(WorkState.FAILED)
    await place.set(Event, expired.event_id, body=None)

    made = await place.replay("failed")
    refused = await place.order(what={"deliveryId": expired.id})

    assert (made["count"], made["expired"]) == (1, 1)
    assert set(await place.jobs()) == {kept.id}
    assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", "what", "deliveryId"])
    assert "expired" in refused["message"]


async def test_the_same_key_sends_once(place) -> None:
    failed, other = await place.delivery(WorkState.FAILED), await place.delivery(WorkState.FAILED)
    one = {"what": {"deliveryId": failed.id}, "idempotencyKey": "a"}

    first, again = await place.order(**one), await place.order(**one)
    changed = await place.order(what={"deliveryId": other.id}, idempotencyKey="a")
    many = await place.replay("all", idempotencyKey="b")
    repeated = await place.order(what={"all": {"webhookId": place.webhook.id}}, idempotencyKey="b")

    assert [first["replayed"], again["replayed"], again["count"]] == [False, True, 1]
    assert (changed["code"], changed["path"]) == ("CONFLICT", ["input", "idempotencyKey"])
    assert (repeated["replayed"], repeated["job"]["id"]) == (True, many["job"]["id"])
    assert set(await place.jobs()) == {failed.id, other.id}


async def test_twenty_orders_with_one_key_make_one_copy(place) -> None:
    failed = await place.delivery(WorkState.FAILED)
    order = {"what": {"deliveryId": failed.id}, "asNew": True, "idempotencyKey": "a"}

    answers = await asyncio.gather(*(place.order(**order) for _ in range(20)))

    assert {answer["__typename"] for answer in answers} == {"ReplayPayload"}
    assert sum(not answer["replayed"] for answer in answers) == 1
    assert len(await place.deliveries()) == 2


async def test_a_disabled_webhook_is_refused_and_nothing_changes(place) -> None:
    failed = await place.delivery(WorkState.FAILED)
    await place.set(Webhook, place.webhook.id, enabled=False)

    one = await place.order(what={"deliveryId": failed.id})
    many = await place.order(what={"failed": {"webhookId": place.webhook.id}})

    assert (one["code"], one["reason"]) == (many["code"], many["reason"]) == ("NOT_READY", "WEBHOOK_DISABLED")
    assert many["path"] == ["input", "what", "failed", "webhookId"]
    assert await place.jobs() == {}
    assert [row.state for row in await place.deliveries()] == [WorkState.FAILED]


async def test_another_organizations_rows_do_not_exist(place, new_organization) -> None:
    failed = await place.delivery(WorkState.FAILED)
    stranger = (await new_organization()).client

    one = await place.order(stranger, what={"deliveryId": failed.id})
    many = await place.order(stranger, what={"all": {"webhookId": place.webhook.id}})

    assert (one["code"], many["code"]) == ("NOT_FOUND", "NOT_FOUND")
    assert await place.jobs() == {}


@pytest.mark.parametrize(
    ("what", "more", "path"),
    [
        ("missing", {"asNew": True}, ["input", "asNew"]),
        ("failed", {"idempotencyKey": ""}, ["input", "idempotencyKey"]),
    ],
)
async def test_bad_orders_name_the_place(place, what: str, more: dict[str, Any], path: list[str]) -> None:
    refused = await place.order(what={what: {"webhookId": place.webhook.id}}, **more)

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", path)


async def test_a_range_that_ends_before_it_begins_is_refused(place) -> None:
    times = {"since": "2026-01-02T00:00:00Z", "until": "2026-01-02T00:00:00Z"}

    refused = await place.order(what={"all": {"webhookId": place.webhook.id, **times}})

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "what", "all", "until"])


async def test_replays_of_an_entity_stay_in_its_lane_in_the_order_of_events(place) -> None:
    await place.set(Webhook, place.webhook.id, ordering=WebhookOrdering.ENTITY)
    events = [await place.emit(entityId="a") for _ in range(3)]
    rows = [await place.delivery(WorkState.FAILED, event) for event in reversed(events)]

    await place.replay("failed")

    jobs = await place.jobs()
    ordered = sorted(jobs.values(), key=lambda job: job.position)
    webhook = await place.stored()
    assert [job.subject_id for job in ordered] == [row.id for row in reversed(rows)]
    assert {job.lane for job in ordered} == {lane_of(webhook, "a")}


async def test_a_user_replays_no_history_that_it_does_not_see(place) -> None:
    seen, hidden = await place.delivery(WorkState.FAILED), await place.delivery(WorkState.FAILED)
    other = await act(place.client, "createIntegration", {"name": "Secret"}, "databaseId")
    await act(place.client, "updateIntegration", {"id": other["databaseId"], "access": "RESTRICTED"})
    await place.set(Delivery, hidden.id, integration_id=other["databaseId"])
    await place.tenant.add_user("bob")
    bob = await place.tenant.signed_in(Permission.WEBHOOKS_WRITE, Permission.JOBS_READ, username="bob")

    one = await place.order(bob, what={"deliveryId": hidden.id})
    many = await place.order(bob, what={"failed": {"webhookId": place.webhook.id}})
    await eventually(lambda: place.ended(many["job"]["databaseId"]))

    assert (one["code"], many["count"]) == ("NOT_FOUND", 1)
    assert set(await place.jobs()) == {seen.id}
