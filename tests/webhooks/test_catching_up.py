"""Catching up: older events first, in their order, then live ones; each exactly once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from models.row import now_ms
from models.tables import Delivery, Event, Job, Webhook
from models.vocabulary import Source, WebhookOrdering, WorkState
from resolvers.emission.accept import accept
from resolvers.emission.addressing import DELIVER
from resolvers.emission.draft import Draft
from resolvers.webhooks.catching_up import BITE, CATCH_UP, catch_up, run_catch_up
from tests.harness.acting import PROBLEM, act, global_id
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.webhooks.acting import attempt, create, faults
from tests.webhooks.acting import update as change
from tests.webhooks.claimed import Idle
from tests.webhooks.planted import events_of, plant_webhook

pytestmark = both
OLD = BITE * 2 + 100


class Late(Idle):
    """A webhook that catches up with many events of an organization, by a job that only the test works."""

    webhook: Webhook

    async def begin(self, tenant: Any, *, old: int = OLD, **facts: Any) -> None:
        self.tenant = tenant
        await open_shop(tenant)
        await self.accept(old)
        self.webhook = await plant_webhook(
            self.database, tenant.id, catch_up_after=0, event_patterns=["MY_SHOP.*"], **facts
        )
        await self.add(tenant.id, CATCH_UP, {"webhook": self.webhook.id, "from": 0}, max_attempts=5)

    async def accept(
        self, count: int, *, hold: asyncio.Event | None = None, held: asyncio.Event | None = None
    ) -> None:
        """Accept events of three entities in one transaction, which commits when `hold` says so."""
        drafts = [
            Draft(
                organization_id=self.tenant.id,
                type="MY_SHOP.PAID",
                entity_id="abc"[number % 3],
                data={},
                source=Source.HUB,
                created_at=now_ms(),
            )
            for number in range(count)
        ]
        async with self.database.write() as session:
            await accept(session, drafts, tries=3)
            if held is not None and hold is not None:
                held.set()
                await hold.wait()

    async def emit(self, count: int) -> None:
        """Emit events over the graph, one after the other."""
        for number in range(count):
            given = {"integration": {"handler": "MY_SHOP"}, "type": "PAID", "entityId": "abc"[number % 3]}
            await act(self.tenant.client, "emitEvent", given, "event { id }")

    async def deliveries(self) -> list[Delivery]:
        mine = select(Delivery).where(col(Delivery.webhook_id) == self.webhook.id).order_by(col(Delivery.sequence))
        async with self.database.read() as session:
            return list((await session.execute(mine)).scalars())

    async def check_all_once_in_order(self) -> None:
        """Each event has one delivery with one job, and each entity's jobs stand in its lane in their order."""
        events, rows = await events_of(self.database, self.tenant.id, "MY_SHOP."), await self.deliveries()
        mine = select(Job).where(col(Job.organization_id) == self.tenant.id, col(Job.operation) == DELIVER)
        async with self.database.read() as session:
            jobs = list((await session.execute(mine.order_by(col(Job.position)))).scalars())
            assert (await session.get(Webhook, self.webhook.id)).catch_up_after is None
        sequences = {row.id: row.sequence for row in rows}
        assert sorted(event.id for event in events) == sorted(row.event_id for row in rows)
        assert sorted(sequences) == sorted(job.subject_id for job in jobs)
        for lane in {job.lane for job in jobs} - {None}:  # jobs without a lane have no order
            of_entity = [sequences[job.subject_id] for job in jobs if job.lane == lane]
            assert of_entity == sorted(of_entity)


@pytest.fixture
def late(hub, database) -> Late:
    return Late(hub.app.state.hub, database)


async def open_shop(tenant: Any) -> None:
    made = await act(tenant.client, "createIntegration", {"name": "My Shop"})
    types = {"integrationId": made["id"], "eventTypes": [{"name": "MY_SHOP.PAID"}]}
    await act(tenant.client, "declareEventTypes", types)


async def test_each_event_once_in_order_though_the_worker_dies_and_events_go_on(late, organization, hub) -> None:
    await late.begin(organization, ordering=WebhookOrdering.ENTITY)
    dead = await late.claim()
    emitting = asyncio.create_task(late.emit(40))
    assert await hub.run(catch_up(dead, late.webhook.id, 0))
    await late.die()

    living = await late.claim()
    await hub.run(run_catch_up(living, living.job))
    await emitting
    await late.emit(5)

    await late.check_all_once_in_order()
    rows = await late.deliveries()
    assert len(rows) == OLD + 45
    assert (await late.row()).state is WorkState.SUCCEEDED
    priorities = select(col(Job.priority)).where(col(Job.subject_id) == rows[0].id)
    async with late.database.read() as session:
        assert (await session.execute(priorities)).scalar_one() == 10


@pytest.mark.parametrize("old", [0, 3])
async def test_an_event_that_is_being_accepted_at_the_seam_is_not_lost(late, organization, hub, old: int) -> None:
    await late.begin(organization, old=old, ordering=WebhookOrdering.ENTITY)
    worker, hold, held = await late.claim(), asyncio.Event(), asyncio.Event()
    accepting = asyncio.create_task(late.accept(1, hold=hold, held=held))
    await held.wait()

    finished = asyncio.create_task(hub.run(run_catch_up(worker, worker.job)))
    await asyncio.sleep(0.2)
    hold.set()
    await asyncio.gather(accepting, finished)
    await late.emit(1)

    await late.check_all_once_in_order()
    assert len(await late.deliveries()) == old + 2


async def test_a_disabled_webhook_waits_with_its_place_and_enabling_goes_on(organization, database) -> None:
    await open_shop(organization)
    place = Late(None, database)
    place.tenant = organization
    await place.accept(3)
    made = await create(organization.client, enabled=False, startFrom={"place": "BEGINNING"})
    await place.accept(2)  # no delivery, as it catches up first
    place.webhook = await _stored(database, made["databaseId"])
    assert (place.webhook.catch_up_after, made["catchingUp"]) == (0, True)
    assert await place.deliveries() == []

    await change(organization.client, made["id"], enabled=True)

    rows = await eventually(lambda: _caught_up(place))
    emitted = await events_of(database, organization.id, "MY_SHOP.")
    assert [row.sequence for row in rows] == [event.sequence for event in emitted]


async def _caught_up(place: Late) -> list[Delivery] | None:
    stored = await _stored(place.database, place.webhook.id)
    return await place.deliveries() if stored.catch_up_after is None else None


async def test_takes_only_what_the_webhook_takes_and_leaves_the_filter_to_the_delivery(
    late, organization, hub
) -> None:
    await late.begin(organization, old=3, filter="payload.big")
    [first, *_] = await events_of(late.database, organization.id, "MY_SHOP.")
    async with late.database.write() as session:
        await session.execute(update(Event).where(col(Event.id) == first.id).values(body=None))
    worker = await late.claim()

    await hub.run(run_catch_up(worker, worker.job))

    rows = await late.deliveries()
    assert [row.unjudged for row in rows] == [True, True]
    assert {row.event_type for row in rows} == {"MY_SHOP.PAID"}
    assert first.id not in {row.event_id for row in rows}


async def test_starts_at_a_time_a_cursor_or_the_beginning(organization, database) -> None:
    await open_shop(organization)
    paid = {"integration": {"handler": "MY_SHOP"}, "type": "PAID"}
    for _ in range(3):
        await act(organization.client, "emitEvent", paid, "event { id }")
    events = sorted(await events_of(database, organization.id), key=lambda event: event.sequence)
    first, second = [event for event in events if event.type == "MY_SHOP.PAID"][:2]
    cursor = (await organization.client.query("query($id: ID!) { event(id: $id) { cursor } }", id=first.id))["event"]
    began = events[0].created_at - 30_000
    async with database.write() as session:
        for number, event in enumerate(events):
            moved = update(Event).where(col(Event.id) == event.id)
            await session.execute(moved.values(created_at=began + number))
    time = _iso(began + events.index(second))

    async def after(**start: Any) -> int | None:
        made = await create(organization.client, enabled=False, **({"startFrom": start} if start else {}))
        return (await _stored(database, made["databaseId"])).catch_up_after

    assert await after() is None
    assert await after(place="NOW") is None
    assert await after(place="BEGINNING") == 0
    assert await after(cursor=cursor["cursor"]) == first.sequence
    assert await after(time=time) == second.sequence - 1
    assert await after(time=_iso(now_ms() - 1)) == events[-1].sequence


async def test_refuses_a_time_to_come_and_a_cursor_of_another_list(organization, new_organization, database) -> None:
    stranger = await new_organization()
    await open_shop(stranger)
    [*_, theirs] = await events_of(database, stranger.id)
    cursor = (await stranger.client.query("query($id: ID!) { event(id: $id) { cursor } }", id=theirs.id))["event"]
    wrong = [{"time": "2999-01-01T00:00:00Z"}, {"cursor": "rubbish"}, cursor]

    for start in wrong:
        given = {"name": "Hook", "url": "https://receiver.example.com", "startFrom": start}
        found = await faults(organization.client, "createWebhook", given)
        assert list(found) == [f"input.startFrom.{next(iter(start))}"]

    assert (await organization.client.query("{ webhooks { totalCount } }"))["webhooks"]["totalCount"] == 0


async def test_a_cursor_before_the_kept_events_names_the_oldest_valid_one(organization, database) -> None:
    await open_shop(organization)
    place = Late(None, database)
    place.tenant = organization
    await place.accept(5)
    events = await events_of(database, organization.id)
    cursors = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Event { cursor } } }"
    asked = await organization.client.query(cursors, ids=[global_id("Event", event.id) for event in events])
    async with database.write() as session:
        await session.execute(delete(Event).where(col(Event.id).in_([event.id for event in events[:-2]])))
    old, oldest = asked["nodes"][0]["cursor"], asked["nodes"][-3]["cursor"]
    given = {"name": "Hook", "url": "https://receiver.example.com", "enabled": False}

    found = await faults(organization.client, "createWebhook", given | {"startFrom": {"cursor": old}})
    accepted = await attempt(organization.client, "createWebhook", given | {"startFrom": {"cursor": oldest}})

    assert oldest in found["input.startFrom.cursor"]
    assert accepted["__typename"] == "WebhookPayload"


async def test_its_job_is_not_cancelled(late, organization) -> None:
    await late.begin(organization, old=1)
    cancel = f"mutation($id: ID!) {{ cancelJob(id: $id) {{ __typename {PROBLEM} }} }}"

    refused = (await organization.client.query(cancel, id=late.job_id))["cancelJob"]

    assert (refused["code"], "disable the webhook" in refused["message"]) == ("CONFLICT", True)
    assert (await late.row()).state is WorkState.QUEUED


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _stored(database: Any, id: str) -> Webhook:
    async with database.read() as session:
        return await session.get(Webhook, id)
