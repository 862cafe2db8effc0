"""Telling people that a webhook fails, was disabled, has recovered; and disabling it."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.row import new_id, now_ms
from models.tables import AuditEntry, Event
from models.vocabulary import BreakerState, HubEvent, IntegrationAccess, WorkState
from resolvers.webhooks.health import APART_MS, HOUR_MS, MOST_FAILURES, PATIENCE_MS
from tests.harness.backends import both
from tests.upstreams.canned import reply
from tests.webhooks.records import ago

FAILING, DISABLED, RECOVERED = HubEvent.WEBHOOK_FAILING, HubEvent.WEBHOOK_DISABLED, HubEvent.WEBHOOK_RECOVERED
DEAD = {"failing_since": ago(PATIENCE_MS), "first_failed_at": ago(APART_MS + HOUR_MS), "last_failed_at": ago(0)}


@pytest.fixture
async def failing(records, upstream):
    """A webhook of a receiver that refuses everything."""
    upstream.answers["/"] = reply(b"out of order", "text/plain", "500 No")
    return await records.webhook(upstream.url + "/?token=planted")


async def told(records):
    """The notices of the organization, oldest first."""
    own = col(Event.organization_id) == records.organization_id
    about = select(Event).where(own, col(Event.type).startswith("Hub.webhook.")).order_by(col(Event.sequence))
    async with records.database.read() as session:
        return list((await session.execute(about)).scalars())


async def kinds(records):
    return [event.type for event in await told(records)]


@both
async def test_an_outage_under_load_is_told_once_and_its_end_once(courier, records, failing, upstream):
    for _ in range(30):
        await courier.attempt(await courier.delivery(failing))
    during = await kinds(records)
    upstream.answers["/"] = reply(b"")
    for _ in range(5):
        await courier.attempt(await courier.delivery(failing))

    assert during == [FAILING]
    assert await kinds(records) == [FAILING, RECOVERED]


async def test_a_notice_says_how_the_receiver_failed(courier, records, failing):
    await records.set(failing, failures=MOST_FAILURES - 1)
    delivery = await courier.delivery(failing)

    await courier.attempt(delivery)

    (event,) = await told(records)
    facts = event.payload
    assert (event.entity_id, facts["webhookId"], facts["deliveryId"]) == (failing.id, failing.id, delivery.id)
    assert (facts["lastStatus"], facts["lastAnswer"], facts["eventType"]) == (500, "out of order", "Shop.ORDERED")
    assert "planted" not in str(facts)


async def test_a_quiet_webhook_is_told_of_half_way(courier, records, failing):
    await courier.attempt(await courier.delivery(failing))
    before = await kinds(records)
    await records.set(failing, failing_since=ago(PATIENCE_MS // 2))
    await courier.attempt(await courier.delivery(failing))

    assert (before, await kinds(records)) == ([], [FAILING])


async def test_the_same_is_told_once_an_hour_at_most(courier, records, failing, upstream):
    refusal = upstream.answers["/"]
    for _ in range(3):
        upstream.answers["/"] = refusal
        await records.set(failing, failures=MOST_FAILURES)
        await courier.attempt(await courier.delivery(failing))
        upstream.answers["/"] = reply(b"")
        await courier.attempt(await courier.delivery(failing))

    assert await kinds(records) == [FAILING, RECOVERED]


async def test_another_outage_an_hour_later_is_told_again(courier, records, failing):
    await records.set(failing, failures=MOST_FAILURES)
    await courier.attempt(await courier.delivery(failing))
    async with records.database.write() as session:
        earlier = new_id(ago(HOUR_MS + 2_000))
        own = col(Event.organization_id) == records.organization_id
        await session.execute(update(Event).where(own, col(Event.type) == FAILING).values(id=earlier))
    await courier.attempt(await courier.delivery(failing))
    same_outage = await kinds(records)
    await records.set(failing, noticed_at=None)
    await courier.attempt(await courier.delivery(failing))

    assert same_outage == [FAILING]
    assert await kinds(records) == [FAILING, FAILING]


@both
async def test_410_disables_at_once_and_the_delivery_waits(courier, records, failing, upstream):
    upstream.answers["/"] = reply(b"", "text/plain", "410 Gone")
    delivery = await courier.delivery(failing)

    retry = await courier.attempt(delivery)

    row, after = await records.read(failing), await records.read(delivery)
    assert retry is not None
    assert (row.enabled, "410" in row.disabled_reason, row.version) == (False, True, 2)
    assert now_ms() - 10_000 < row.disabled_at <= now_ms()
    assert (await records.gate(failing)).opens_at is None
    assert (after.state, after.external_status) == (WorkState.QUEUED, 410)
    assert await kinds(records) == [DISABLED]
    assert await audited(records) == ["webhook.disabled"]


@both
async def test_five_days_of_nothing_but_failures_disable_it(courier, records, failing):
    await records.set(failing, **DEAD, noticed_at=1)
    await courier.attempt(await courier.delivery(failing))

    row = await records.read(failing)
    assert (row.enabled, await kinds(records)) == (False, [DISABLED])
    assert row.disabled_reason.startswith("Nothing but failures for five days.")


async def test_one_event_that_fails_on_a_quiet_webhook_does_not(courier, records, failing):
    long_ago = ago(PATIENCE_MS + HOUR_MS)
    await records.set(failing, failing_since=long_ago, noticed_at=1)
    await courier.attempt(await courier.delivery(failing), attempt=8)

    assert (await records.read(failing)).enabled is True


async def test_after_it_is_enabled_one_failure_does_not_disable_it_again(courier, records, failing):
    """Enabling forgets what was counted."""
    await records.set(failing, failures=0, failing_since=None, first_failed_at=None, breaker=BreakerState.CLOSED)
    await courier.attempt(await courier.delivery(failing), attempt=8)

    row = await records.read(failing)
    assert (row.enabled, row.failures) == (True, 1)


async def test_failing_disabled_and_recovered_are_one_notice_each(courier, records, failing, upstream):
    """Nobody but the log hears of it: there is no other webhook."""
    for _ in range(MOST_FAILURES + 2):
        await courier.attempt(await courier.delivery(failing))
    await records.set(failing, **DEAD)
    for _ in range(3):
        await courier.attempt(await courier.delivery(failing))
    await records.set(failing, enabled=True, failures=0, failing_since=None)
    upstream.answers["/"] = reply(b"")
    await courier.attempt(await courier.delivery(failing))

    assert await kinds(records) == [FAILING, DISABLED, RECOVERED]


async def test_a_notice_goes_to_other_webhooks_and_never_to_its_own(courier, records, failing):
    other = await records.webhook(event_patterns=["Hub.*"])
    await records.set(failing, event_patterns=["Hub.*"], failures=MOST_FAILURES)
    await courier.attempt(await courier.delivery(failing))

    (event,) = await told(records)
    assert await records.receivers(event) == [other.id]


@pytest.mark.parametrize("status", ["500 No", "410 Gone"])
async def test_the_delivery_of_a_notice_causes_no_notice_of_its_kind(courier, records, failing, upstream, status):
    upstream.answers["/"] = reply(b"", "text/plain", status)
    await records.set(failing, failures=MOST_FAILURES)
    kind = DISABLED if status.startswith("410") else FAILING
    await courier.attempt(await courier.delivery(failing, event_type=kind))

    assert await kinds(records) == []


async def test_a_notice_says_nothing_of_an_event_that_others_must_not_see(courier, records, failing):
    hidden = await records.integration(access=IntegrationAccess.RESTRICTED)
    await records.set(failing, failures=MOST_FAILURES)
    await courier.attempt(await courier.delivery(failing, integration_id=hidden))

    (event,) = await told(records)
    assert (event.payload["eventType"], event.payload["lastAnswer"]) == (None, None)


async def test_a_notice_that_cannot_be_written_costs_the_attempt_nothing(courier, records, failing):
    """The number of its event is taken."""
    await records.set(failing, failures=MOST_FAILURES)
    await courier.event(sequence=1)
    delivery = await courier.delivery(failing)

    retry = await courier.attempt(delivery)

    assert 4_000 <= retry.after_ms <= 6_000
    assert await kinds(records) == []
    assert (await records.read(delivery)).attempt_count == 1


async def audited(records):
    own = col(AuditEntry.organization_id) == records.organization_id
    async with records.database.read() as session:
        return list((await session.execute(select(col(AuditEntry.action)).where(own))).scalars())
