"""Deliveries by real workers against real receivers: limits, overload, order, holding, leases."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlmodel import col

from jobs.job import JOBS
from jobs.transaction import enqueue_all
from jobs.worker import Worker
from models.pace import Pace
from models.row import new_id
from models.tables import Delivery, Job
from models.vocabulary import BreakerState, OrderFailure, WebhookOrdering, WorkState
from resolvers.background import kinds
from resolvers.emission.addressing import DELIVER, delivery_job
from resolvers.webhooks.background import BACKGROUND
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.upstreams.canned import reply
from tests.upstreams.scripted import scripted
from tests.webhooks.courier import Courier
from tests.webhooks.signed import sent

#: Everything that a webhook waits for is over soon.
BRISK = Pace(webhook_breaker=0.2, webhook_breaker_longest=0.4, webhook_throttle=3600, webhook_ramp=0.02)


class Depot:
    """A queue of the test's own, with workers and deliveries of one organization."""

    def __init__(self, courier, stack):
        self.courier, self.records, self._stack = courier, courier.records, stack
        self.queue = f"deliveries-{new_id()}"

    async def send(self, webhook, count=1, *, tries=8, **facts):
        """Deliveries of new events, with their jobs, in order."""
        made = [await self.courier.delivery(webhook, **facts) for _ in range(count)]
        jobs = [replace(delivery_job(one.id, webhook, one, tries=tries), queue=self.queue) for one in made]
        async with self.records.database.write() as session:
            await enqueue_all(session, jobs)
        self.courier.hub.bus.wake(JOBS)
        return made

    async def work(self, *hubs, lease_ms=15_000):
        """Start a worker of each hub."""
        for hub in hubs or (self.courier.hub,):
            await self._stack.enter_async_context(hub.bus.running())
            table = kinds(hub, {DELIVER: BACKGROUND[DELIVER]})
            worker = Worker(hub.database, table, hub.bus, queue=self.queue, concurrency=50, lease_ms=lease_ms)
            await self._stack.enter_async_context(worker.running())

    async def emptied(self):
        """Wait until no job is left."""

        async def none_left():
            async with self.records.database.read() as session:
                return (await session.execute(select(Job.id).where(Job.queue == self.queue))).first() is None

        await eventually(none_left, 60)

    async def states(self, deliveries):
        ids = [one.id for one in deliveries]
        statement = select(Delivery).where(col(Delivery.id).in_(ids)).order_by(col(Delivery.sequence))
        async with self.records.database.read() as session:
            return [row.state for row in (await session.execute(statement)).scalars()]


@pytest.fixture
async def new_depot(new_hub, records):
    async with AsyncExitStack() as stack:

        async def make(**facts):
            hub = replace(await new_hub(pace=BRISK), webhook_waits=(1, 1, 1, 1), **facts)
            return Depot(Courier(hub=hub, records=records), stack)

        yield make


@both
async def test_an_overloaded_receiver_gets_one_request_and_the_others_wait_without_a_try(
    new_depot, records, upstream
):
    depot = await new_depot()
    upstream.answers["/"] = reply(b"", "text/plain", "429 Too Many Requests")
    webhook = await records.webhook(upstream.url + "/", gate={"capacity": 1})
    deliveries = await depot.send(webhook, 100)
    await depot.work()

    await upstream.received(1)
    await eventually(lambda: _attempted(records, deliveries), 30)
    await asyncio.sleep(0.3)

    counts = [(await records.read(one)).attempt_count for one in deliveries]
    assert len(upstream.requests) <= 2
    assert sum(counts) == len(upstream.requests)


@both
async def test_after_an_outage_one_request_tries_and_everything_arrives(new_depot, records, upstream):
    depot = await new_depot()
    upstream.answers["/"] = reply(b"", "text/plain", "500 No")
    webhook = await records.webhook(upstream.url + "/", concurrency=4)
    deliveries = await depot.send(webhook, 30, tries=30)
    await depot.work()
    await eventually(lambda: _is(records, webhook, BreakerState.OPEN), 30)

    upstream.answers["/"] = reply(b"")
    await depot.emptied()

    ended = await records.read(webhook)
    assert await depot.states(deliveries) == [WorkState.SUCCEEDED] * 30
    assert (ended.failures, ended.failing_since) == (0, None)
    ids = {one.id for one in deliveries}
    assert {sent(one)["webhook-id"].removeprefix("msg_") for one in upstream.requests} == ids


@both
@pytest.mark.parametrize("order_failure", OrderFailure)
async def test_a_failed_head_blocks_its_entity_or_is_passed(new_depot, records, upstream, order_failure):
    depot = await new_depot()
    path = "/flaky?times=1&status=500"
    webhook = await records.webhook(upstream.url + path, ordering=WebhookOrdering.ENTITY, order_failure=order_failure)
    first, *others = await depot.send(webhook, 3)
    await depot.work()
    await depot.emptied()

    order = [sent(one)["webhook-id"] for one in upstream.requests]
    late = [sent(one).get("patchbay-out-of-order") for one in upstream.requests]
    head, rest = f"msg_{first.id}", [f"msg_{one.id}" for one in others]
    if order_failure is OrderFailure.BLOCK:
        assert (order, late) == ([head, head, *rest], [None] * 4)
    else:
        assert (order, late) == ([head, *rest, head], [None, None, None, "true"])


async def test_one_stuck_entity_holds_up_only_itself(new_depot, records, upstream):
    depot = await new_depot()
    stuck = await records.webhook(upstream.url + "/held", ordering=WebhookOrdering.ENTITY)
    await depot.send(stuck, 2, entity_id="stuck")
    await depot.work()
    await upstream.received(1)
    for number in range(10):
        await depot.send(stuck, 2, entity_id=f"order-{number}")

    await upstream.received(1 + 9)  # the capacity is ten
    upstream.let_go.set()
    await depot.emptied()

    assert len(upstream.requests) == 22


@both
async def test_no_delivery_is_sent_twice_though_each_takes_longer_than_a_lease(new_depot, records):
    depot = await new_depot()
    seen = []

    async def slow(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head)
        await asyncio.sleep(1.5)
        writer.write(reply(b"", "text/plain", "200 OK", "Connection: close"))

    async with scripted(slow) as receiver:
        webhook = await records.webhook(receiver.url, concurrency=50)
        deliveries = await depot.send(webhook, 20)
        await depot.work(lease_ms=600)
        await depot.emptied()

    assert len(seen) == 20
    assert await depot.states(deliveries) == [WorkState.SUCCEEDED] * 20


async def test_limits_hold_over_three_workers(new_depot, new_hub, records):
    depot = await new_depot()
    now, most = 0, 0

    async def counted(reader, writer):
        nonlocal now, most
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
            now, most = now + 1, max(most, now + 1)
            await asyncio.sleep(0.02)
            now -= 1
            writer.write(reply(b""))

    async with scripted(counted) as receiver:
        webhook = await records.webhook(receiver.url, concurrency=3)
        await depot.send(webhook, 40)
        await depot.work(*[await new_hub(pace=BRISK) for _ in range(3)])
        await depot.emptied()

    assert most == 3


@both
@pytest.mark.parametrize("shut", ["gate", "webhook"])
async def test_disabling_holds_what_waits_and_enabling_resumes_in_order(new_depot, records, upstream, shut):
    """Each of the two is enough, since a job may be claimed before its gate closes. The first one fails once."""
    depot = await new_depot()
    webhook = await records.webhook(f"{upstream.url}/flaky?times=1&status=500", ordering=WebhookOrdering.ENTITY)
    if shut == "gate":
        await records.set(await records.gate(webhook), opens_at=None)
    else:
        await records.set(webhook, enabled=False)
    deliveries = await depot.send(webhook, 5)
    await depot.work()
    await asyncio.sleep(0.3)
    held = (len(upstream.requests), await depot.states(deliveries))

    await _enable(records, webhook)
    depot.courier.hub.bus.wake(JOBS)
    await depot.emptied()

    assert held == (0, [WorkState.QUEUED] * 5)
    ids = [sent(one)["webhook-id"] for one in upstream.requests]
    assert ids == [f"msg_{one.id}" for one in (deliveries[0], *deliveries)]


async def test_a_connection_that_went_stale_is_no_failed_try(new_depot, records, upstream):
    upstream.drops_second = True
    upstream.answers["/"] = reply(b"")
    depot = await new_depot()
    webhook = await records.webhook(upstream.url + "/", concurrency=1)
    deliveries = await depot.send(webhook, 6)
    await depot.work()
    await depot.emptied()

    assert [len(await records.attempts(one)) for one in deliveries] == [1] * 6
    assert await depot.states(deliveries) == [WorkState.SUCCEEDED] * 6


@pytest.mark.parametrize("path", ["/drip", "/big?bytes=50000000", "/bomb"])
async def test_an_endless_answer_is_a_success_within_its_head(new_depot, records, upstream, path):
    depot = await new_depot()
    webhook = await records.webhook(upstream.url + path)
    (delivery,) = await depot.send(webhook)
    await depot.work()
    await depot.emptied()

    (attempt,) = await records.attempts(delivery)
    assert (await records.read(delivery)).state is WorkState.SUCCEEDED
    assert len(attempt.response_excerpt or "") <= 4096


async def _attempted(records, deliveries):
    return any([(await records.read(one)).attempt_count for one in deliveries])


async def _is(records, webhook, breaker):
    return (await records.read(webhook)).breaker is breaker


async def _enable(records, webhook):
    await records.set(webhook, enabled=True)
    await records.set(await records.gate(webhook), opens_at=0)
