"""The job of a replay: it goes on from its last bite, stops when it is told to, and sends nothing twice."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from jobs.job import JobCancelled, LeaseLost
from models.row import new_id
from models.tables import Delivery, Event, Job, Webhook
from models.vocabulary import WebhookOrdering, WorkState
from resolvers.emission.addressing import DELIVER
from resolvers.webhooks.replaying import BITE, REPLAY, Walk, replay_bite, run_replay
from resolvers.webhooks.selection import ReplayKind, Selection
from tests.harness.acting import PROBLEM, act
from tests.harness.backends import both
from tests.webhooks.claimed import Idle
from tests.webhooks.planted import events_of, plant_webhook

pytestmark = both
COUNT = BITE * 2 + 100


class Replay(Idle):
    """A replay of many failed deliveries. Their events' ids do not have the order of their sequence."""

    webhook: Webhook

    async def begin(self, tenant, kind: ReplayKind = ReplayKind.FAILED, **more) -> Walk:
        made = await act(tenant.client, "createIntegration", {"name": "My Shop"})
        types = {"integrationId": made["id"], "eventTypes": [{"name": "MY_SHOP.PAID"}]}
        await act(tenant.client, "declareEventTypes", types)
        event = {"integration": {"handler": "MY_SHOP"}, "type": "PAID"}
        await act(tenant.client, "emitEvent", event, "event { id }")
        [event] = await events_of(self.database, tenant.id, "MY_SHOP.")
        self.webhook = await plant_webhook(self.database, tenant.id, event_patterns=["Other.*"])
        async with self.database.write() as session:
            others = [self._like(event, number) for number in range(1, COUNT)]
            session.add_all(others)
            await session.flush()
            session.add_all(self._failed(one) for one in reversed([event, *others]))
        chosen = Selection(kind=kind, webhook_id=self.webhook.id, organization_id=tenant.id, **more)
        before = event.sequence - 1
        walk = Walk(selection=chosen, start=before, after=before, upto=before + COUNT, count=COUNT)
        await self.add(tenant.id, REPLAY, walk.stored, max_attempts=5)
        return walk

    def _like(self, event: Event, number: int) -> Event:
        """The event that was accepted so many after it, by a process whose clock is as many seconds behind."""
        at = event.created_at - number * 1000
        own = {"id": new_id(at), "created_at": at, "sequence": event.sequence + number}
        return Event(**event.model_dump(exclude={"feed"}) | own)

    def _failed(self, event: Event) -> Delivery:
        return Delivery(
            organization_id=event.organization_id,
            webhook_id=self.webhook.id,
            event_id=event.id,
            event_type=event.type,
            entity_id=event.entity_id,
            sequence=event.sequence,
            state=WorkState.FAILED,
            correlation_id=event.id,
        )

    async def queued(self) -> list[str]:
        """The deliveries that have a job, as often as they have one."""
        mine = select(col(Job.subject_id)).where(
            col(Job.organization_id) == self.webhook.organization_id, col(Job.operation) == DELIVER
        )
        async with self.database.read() as session:
            return list((await session.execute(mine)).scalars())

    async def fail_again(self) -> None:
        """Let all that was sent until now have failed once more, and used up its tries."""
        mine = (col(Job.organization_id) == self.webhook.organization_id, col(Job.operation) == DELIVER)
        sent = (col(Delivery.webhook_id) == self.webhook.id, col(Delivery.state) == WorkState.QUEUED)
        async with self.database.write() as session:
            await session.execute(delete(Job).where(*mine))
            await session.execute(update(Delivery).where(*sent).values(state=WorkState.FAILED))

    async def failed(self) -> int:
        """Deliveries that nothing has touched."""
        mine = select(col(Delivery.id)).where(
            col(Delivery.webhook_id) == self.webhook.id, col(Delivery.state) == WorkState.FAILED
        )
        async with self.database.read() as session:
            return len(list(await session.execute(mine)))


@pytest.fixture
def replay(hub, database) -> Replay:
    return Replay(hub.app.state.hub, database)


@pytest.mark.parametrize("as_new", [False, True])
async def test_a_killed_worker_sends_each_delivery_once_more(replay, organization, hub, as_new: bool) -> None:
    walk = await replay.begin(organization, as_new=as_new)
    dead = await replay.claim()
    rest = await hub.run(replay_bite(dead, walk))
    await replay.die()

    living = await replay.claim()
    with pytest.raises(LeaseLost):
        await hub.run(replay_bite(dead, rest))
    assert len(await replay.queued()) == BITE
    await replay.fail_again()
    await hub.run(run_replay(living, living.job))

    queued = await replay.queued()
    assert len(queued) == len(set(queued)) == COUNT - BITE
    assert (await replay.row()).state is WorkState.SUCCEEDED
    assert await replay.failed() == (COUNT + BITE if as_new else BITE)


@pytest.mark.parametrize("kind", [ReplayKind.FAILED, ReplayKind.MISSING])
async def test_its_bites_follow_the_order_of_events(replay, organization, hub, database, kind: ReplayKind) -> None:
    walk = await replay.begin(organization, kind=kind)
    async with database.write() as session:
        ordered = update(Webhook).where(col(Webhook.id) == replay.webhook.id)
        await session.execute(ordered.values(ordering=WebhookOrdering.ENTITY, event_patterns=["*"]))
        if kind is ReplayKind.MISSING:
            await session.execute(delete(Delivery).where(col(Delivery.webhook_id) == replay.webhook.id))
    worker = await replay.claim()

    await hub.run(run_replay(worker, worker.job))

    order = select(col(Delivery.sequence)).join(Job, col(Job.subject_id) == col(Delivery.id))
    order = order.where(col(Delivery.webhook_id) == replay.webhook.id).order_by(col(Job.position))
    async with database.read() as session:
        sequences = list((await session.execute(order)).scalars())
    assert sequences == list(range(walk.start + 1, walk.upto + 1))


async def test_cancelled_half_way_it_leaves_the_rest_untouched(replay, organization, hub) -> None:
    walk = await replay.begin(organization)
    worker = await replay.claim()
    rest = await hub.run(replay_bite(worker, walk))
    assert (await replay.row()).progress == BITE / COUNT
    cancel = f"mutation($id: ID!) {{ cancelJob(id: $id) {{ __typename {PROBLEM} }} }}"

    answer = await organization.client.query(cancel, id=replay.job_id)
    with pytest.raises(JobCancelled):
        await hub.run(replay_bite(worker, rest))

    assert answer["cancelJob"]["__typename"] == "JobPayload"
    assert (len(await replay.queued()), await replay.failed()) == (BITE, COUNT - BITE)


async def test_a_webhook_that_is_disabled_meanwhile_stops_it_and_a_retry_goes_on(replay, organization, hub) -> None:
    walk = await replay.begin(organization)
    worker = await replay.claim()
    rest = await hub.run(replay_bite(worker, walk))
    await _enable(replay, False)

    assert await hub.run(replay_bite(worker, rest)) is None
    stopped = await replay.row()
    await _enable(replay, True)
    retry = f"mutation($id: ID!) {{ retryJob(id: $id) {{ __typename {PROBLEM} }} }}"
    await organization.client.query(retry, id=replay.job_id)
    again = await replay.claim()
    await hub.run(run_replay(again, again.job))

    assert (stopped.state, "enable it" in stopped.error) == (WorkState.FAILED, True)
    assert len(await replay.queued()) == COUNT
    assert (await replay.row()).state is WorkState.SUCCEEDED


async def test_a_replay_moves_no_position_of_live_events(replay, organization, hub, database) -> None:
    walk = await replay.begin(organization)
    async with database.write() as session:
        at = update(Webhook).where(col(Webhook.id) == replay.webhook.id).values(catch_up_after=7)
        await session.execute(at)
    worker = await replay.claim()

    await hub.run(run_replay(worker, worker.job))

    async with database.read() as session:
        assert (await session.get(Webhook, replay.webhook.id)).catch_up_after == 7
    assert walk.count == COUNT


async def test_one_replay_of_a_webhook_at_a_time(replay, organization) -> None:
    await replay.begin(organization)
    dedupe = {"dedupe_key": f"{organization.id}:{REPLAY}:{replay.webhook.id}"}
    async with replay.database.write() as session:
        await session.execute(update(Job).where(col(Job.id) == replay.job_id).values(**dedupe))
    order = f"""mutation($input: ReplayDeliveriesInput!) {{
      replayDeliveries(input: $input) {{ __typename {PROBLEM} }} }}"""
    given = {"what": {"all": {"webhookId": replay.webhook.id}}}

    refused = (await organization.client.query(order, input=given))["replayDeliveries"]

    assert (refused["code"], refused["existing"]["__typename"]) == ("CONFLICT", "Job")
    assert await replay.queued() == []


async def _enable(replay: Replay, enabled: bool) -> None:
    async with replay.database.write() as session:
        changed = update(Webhook).where(col(Webhook.id) == replay.webhook.id).values(enabled=enabled)
        await session.execute(changed)
