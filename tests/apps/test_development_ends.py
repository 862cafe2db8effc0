"""The end of a development mode: by hand, by ten failures, after a day; nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import orjson
from sqlmodel import col

from models.tables import AuditEntry, Delivery, Event, Job
from models.vocabulary import HubEvent, WebhookKind
from resolvers.apps.development import LASTS_MS
from resolvers.apps.ending import DeadTunnel, end_dead_development, end_old_developments
from resolvers.apps.tasks import QueueTask, queue_task
from resolvers.caller import Caller
from resolvers.webhooks.of_apps import END_DEVELOPMENT
from tests.apps.conftest import Market
from tests.apps.developing import NO, TUNNEL, at, develop, shown_mode
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.webhooks.courier import Courier
from tests.webhooks.records import Records


@both
async def test_ended_by_hand_it_hands_over_what_the_tunnel_did_not_take(developed):
    await developed.close(await developed.webhook(WebhookKind.TUNNEL))
    event_id = await developed.announce(developed.home, of=developed.publisher)
    await developed.run(queue_task, QueueTask(app=developed.ref, task={"due": True}))
    await eventually(lambda: _count(developed, 2))

    await develop(developed, None)

    await developed.told(3)
    bodies = [orjson.loads(one.body) for one in at(developed, "/ok")]
    assert {body["type"] for body in bodies} == {HubEvent.INSTALLATION_CREATED, HubEvent.TASK_DUE}
    assert event_id in {body["id"] for body in bodies}
    assert at(developed, TUNNEL) == []
    assert await shown_mode(developed, developed.publisher.client) is None
    await _assert_told(developed, "Ended by admin.")


@both
async def test_ten_failures_in_a_row_end_it_and_production_gets_the_event(developed):
    tunnel = await developed.webhook(WebhookKind.TUNNEL)
    await developed.close(tunnel)  # the attempts are made here
    developed.upstream.answers[TUNNEL] = NO
    event_id = await developed.announce(developed.home, of=developed.publisher)
    hub = developed.hub.app.state.hub
    records = Records(database=hub.database, keyring=hub.keyring, organization_id=developed.publisher.id)
    courier = Courier(hub=hub, records=records)
    [delivery] = await _deliveries(developed, tunnel)

    for number in range(1, 10):
        retry = await developed.hub.run(courier.attempt(delivery, attempt=number, max_attempts=12))
        assert retry.after_ms <= 6_000
    asked = col(Job.operation) == END_DEVELOPMENT, col(Job.integration_id) == developed.app.id
    assert await developed.rows(Job, *asked) == []
    assert (await developed.publication()).tunnel_url is not None
    await developed.hub.run(courier.attempt(delivery, attempt=10, max_attempts=12))

    await developed.upstream.received(12)
    assert [orjson.loads(one.body)["id"] for one in at(developed, "/ok")] == [event_id]
    await _assert_told(developed, "The tunnel failed 10 times in a row. The receiver answered 500")


@both
async def test_a_day_after_the_last_order_a_timer_ends_it(developed):
    await developed.close(await developed.webhook(WebhookKind.TUNNEL))
    event_id = await developed.announce(developed.home, of=developed.publisher)
    until = (await developed.publication()).tunnel_until
    hub = developed.hub.app.state.hub

    def clocked(now: int) -> Caller:
        return Caller.of_hub(replace(hub, clock=lambda: now))

    await developed.hub.run(end_old_developments(clocked(until - 1)))
    assert (await developed.publication()).tunnel_until == until
    await develop(developed)
    assert (await developed.publication()).tunnel_until > until
    await developed.hub.run(end_old_developments(clocked(until)))
    assert (await developed.publication()).tunnel_url is not None

    await developed.close(await developed.webhook(WebhookKind.TUNNEL))
    await developed.hub.run(end_old_developments(clocked(until + LASTS_MS)))

    await developed.upstream.received(3)
    assert event_id in [orjson.loads(one.body)["id"] for one in (*at(developed, "/ok"), *at(developed, TUNNEL))]
    await _assert_told(developed, "It lasted for 24 hours, the longest time.")


@both
async def test_another_organization_ends_no_development_mode(developed):
    tunnel = await developed.webhook(WebhookKind.TUNNEL)
    dead = DeadTunnel(webhook_id=tunnel.id, version=tunnel.version, reason="It is dead.")

    await developed.run(end_dead_development, dead, of=developed.installer)
    await developed.run(end_dead_development, replace(dead, version=dead.version + 1))

    assert (await developed.publication()).tunnel_url == tunnel.url
    await developed.run(end_dead_development, dead)
    assert (await developed.publication()).tunnel_url is None


async def _count(market: Market, count: int) -> bool:
    return len(await market.events()) == count


async def _deliveries(market: Market, webhook):
    return await market.rows(Delivery, col(Delivery.webhook_id) == webhook.id)


async def _assert_told(market: Market, reason: str) -> None:
    """The owner is told by an event and the audit log, and the tunnel's rows are removed."""

    async def told():
        kind = col(Event.type) == HubEvent.INTEGRATION_DEVELOPMENT_ENDED
        return await market.rows(Event, col(Event.integration_id) == market.app.id, kind)

    [event] = await eventually(told)
    assert event.payload["reason"].startswith(reason)
    ended = await market.rows(
        AuditEntry,
        col(AuditEntry.integration_id) == market.app.id,
        col(AuditEntry.action) == "integration.development_ended",
    )
    assert len(ended) == 1
    assert await market.webhook(WebhookKind.TUNNEL) is None
    assert await market.rows(Job, col(Job.operation) == END_DEVELOPMENT, col(Job.state) == "FAILED") == []
