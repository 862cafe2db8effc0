"""One attempt at a delivery: the request on the wire, the record of it, and the next one."""

import hashlib
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlmodel import col
from standardwebhooks import Webhook as Verifier

from models.row import now_ms
from models.tables import AuditEntry
from models.vocabulary import BreakerState, IntegrationAccess, OrderFailure, WebhookOrdering, WorkState
from proxy.signing import new_secret
from tests.harness.backends import both
from tests.upstreams.canned import reply
from tests.webhooks.courier import Courier
from tests.webhooks.signed import BODIES, sent

NEAR_MS = 10_000


@both
async def test_a_success_is_recorded_with_its_exchange_and_nothing_is_left_to_do(courier, records, upstream):
    secret = new_secret()
    webhook = await records.webhook(f"{upstream.url}/ok?key=planted", secrets=[secret], headers={"X-Key": "planted"})
    delivery = await courier.delivery(webhook)

    assert await courier.attempt(delivery) is None

    after, (attempt,) = await records.read(delivery), await records.attempts(delivery)
    (received,) = upstream.requests
    Verifier(secret).verify(received.body, sent(received), json_parse=False)
    assert (after.state, after.attempt_count, after.external_status) == (WorkState.SUCCEEDED, 1, 200)
    assert (after.status_class, after.failure, after.error, after.next_attempt_at) == (2, None, None, None)
    assert now_ms() - NEAR_MS < after.first_attempt_at <= after.finished_at <= now_ms()
    assert (attempt.number, attempt.webhook_id, attempt.replayed) == (1, webhook.id, False)
    assert (attempt.external_status, attempt.response_excerpt) == (200, '{"ok":true}')
    assert attempt.url == f"{upstream.url}/ok?key=***"
    assert {"name": "X-Key", "value": "***"} in attempt.request_headers
    assert {"name": "webhook-signature", "value": "***"} in attempt.request_headers


@both
@pytest.mark.parametrize("body", ["letters", "numbers", "escapes"])
async def test_five_attempts_and_a_replay_send_the_same_bytes_freshly_signed(courier, records, upstream, body):
    text, secret = BODIES[body].decode(), new_secret()
    upstream.answers["/"] = reply(b"", status="500 No")
    webhook = await records.webhook(upstream.url + "/", secrets=[secret])
    delivery = await courier.delivery(webhook, text)

    for attempt in range(1, 6):
        assert await courier.attempt(delivery, attempt=attempt) is not None
    await courier.attempt(delivery, replay=True)

    digests = {hashlib.sha256(received.body).hexdigest() for received in upstream.requests}
    assert digests == {hashlib.sha256(text.encode()).hexdigest()}
    for received in upstream.requests:
        Verifier(secret).verify(received.body, sent(received), json_parse=False)
    assert {sent(received)["webhook-id"] for received in upstream.requests} == {f"msg_{delivery.id}"}
    marks = [sent(received)["patchbay-attempt"] for received in upstream.requests]
    assert marks == ["1", "2", "3", "4", "5", "6, replay"]
    assert [each.replayed for each in await records.attempts(delivery)] == [False] * 5 + [True]


async def test_the_signature_has_the_time_of_its_attempt(new_hub, records, upstream):
    """The clock of this hub is 27 hours ahead; the event's own time is in its body."""
    later = now_ms() + 27 * 3_600_000
    courier = Courier(hub=replace(await new_hub(), clock=lambda: later), records=records)
    delivery = await courier.delivery(await records.webhook(f"{upstream.url}/ok"))

    await courier.attempt(delivery, attempt=8)

    assert sent(upstream.requests[0])["webhook-timestamp"] == str(later // 1000)


async def test_url_secret_and_headers_are_those_of_the_moment_of_sending(courier, records, upstream):
    old, new = new_secret(), new_secret()
    webhook = await records.webhook(f"{upstream.url}/reset", secrets=[old], headers={"X-Key": "old"})
    delivery = await courier.delivery(webhook)
    entries = [{"secret": new, "until": None}, {"secret": old, "until": now_ms()}]
    pairs = [{"name": "X-Key", "value": "new"}]
    await records.set(
        webhook,
        url=f"{upstream.url}/ok",
        secrets=records.seal(webhook, "secrets", entries),
        headers=records.seal(webhook, "headers", pairs),
    )

    await courier.attempt(delivery)

    (received,) = upstream.requests
    assert (received.target, sent(received)["x-key"]) == ("/ok", "new")
    assert len(sent(received)["webhook-signature"].split()) == 1
    Verifier(new).verify(received.body, sent(received), json_parse=False)


@both
async def test_a_secret_that_does_not_open_ends_that_delivery_alone_and_is_no_fault_of_the_receiver(
    courier, records, upstream
):
    webhook = await records.webhook(f"{upstream.url}/ok")
    await records.set(webhook, secrets=webhook.secrets[:-1] + b"\0")
    deliveries = [await courier.delivery(webhook) for _ in range(3)]

    for delivery in deliveries:
        assert await courier.attempt(delivery) is None

    after, row = await records.read(deliveries[0]), await records.read(webhook)
    assert (after.state, after.attempt_count, after.failure) == (WorkState.FAILED, 0, None)
    assert after.error.startswith("The webhook's secret cannot be read")
    assert (row.failures, row.failing_since, row.breaker) == (0, None, BreakerState.CLOSED)
    assert upstream.requests == []
    assert await _audited(records) == ["secret.unreadable"]


@both
async def test_a_disabled_webhook_is_waited_for_and_nothing_is_used_up(courier, records, upstream):
    webhook = await records.webhook(f"{upstream.url}/ok", enabled=False)
    delivery = await courier.delivery(webhook)

    retry = await courier.attempt(delivery, attempt=3)

    after = await records.read(delivery)
    assert (retry.refund, retry.leave_lane) == (True, False)
    assert (after.state, after.attempt_count, upstream.requests) == (WorkState.QUEUED, 0, [])
    assert (await records.gate(webhook)).opens_at is None


@pytest.mark.parametrize("state", [WorkState.SUCCEEDED, WorkState.CANCELLED, WorkState.FAILED])
async def test_a_delivery_that_has_ended_is_not_sent(courier, records, upstream, state):
    """A worker died between the record and the end of the job, or a person cancelled it."""
    delivery = await courier.delivery(await records.webhook(f"{upstream.url}/ok"), state=state)

    assert await courier.attempt(delivery) is None
    assert upstream.requests == []
    assert (await records.read(delivery)).state is state


async def test_a_delivery_of_a_removed_webhook_or_none_at_all_ends_quietly(courier, records, upstream):
    removed = await courier.delivery(await records.webhook(f"{upstream.url}/ok", removed_at=1))
    gone = await courier.delivery(await records.webhook(f"{upstream.url}/ok"))
    async with records.database.write() as session:
        await session.delete(await session.get(type(gone), gone.id))

    assert await courier.attempt(removed) is None
    assert await courier.attempt(gone) is None
    assert upstream.requests == []


async def test_a_delivery_of_another_organization_does_not_exist(courier, records, upstream):
    delivery = await courier.delivery(await records.webhook(f"{upstream.url}/ok"))

    assert await courier.attempt(delivery, organization_id="0" * 24) is None
    assert upstream.requests == []


async def test_a_payload_that_has_expired_is_not_sent(courier, records, upstream):
    delivery = await courier.delivery(await records.webhook(f"{upstream.url}/ok"), None)

    assert await courier.attempt(delivery) is None

    after = await records.read(delivery)
    assert (after.state, after.error, after.attempt_count) == (WorkState.FAILED, "Its payload has expired.", 0)
    assert upstream.requests == []


async def test_a_delivery_that_was_cancelled_meanwhile_stays_so_and_its_attempt_is_kept(courier, records, upstream):
    upstream.answers["/"] = reply(b"", status="500 No")
    delivery = await courier.delivery(await records.webhook(upstream.url + "/"))
    apply = records.apply

    async def cancel_first(effects):
        await records.set(delivery, state=WorkState.CANCELLED)
        await apply(effects)

    records.apply = cancel_first
    await courier.attempt(delivery)

    after = await records.read(delivery)
    assert (after.state, after.attempt_count, after.finished_at) == (WorkState.CANCELLED, 1, None)
    assert len(await records.attempts(delivery)) == 1


@pytest.mark.parametrize(
    ("order_failure", "since_first", "leaves"),
    [(OrderFailure.SKIP, 0, True), (OrderFailure.BLOCK, 0, False), (OrderFailure.BLOCK, 3_600_000, True)],
)
async def test_the_head_of_an_entity_holds_it_up_for_an_hour_at_most(
    courier, records, upstream, order_failure, since_first, leaves
):
    upstream.answers["/"] = reply(b"", status="500 No")
    webhook = await records.webhook(upstream.url + "/", ordering=WebhookOrdering.ENTITY, order_failure=order_failure)
    delivery = await courier.delivery(webhook, first_attempt_at=now_ms() - since_first)

    retry = await courier.attempt(delivery, attempt=2, lane="a-lane")
    await courier.attempt(delivery, attempt=3)

    marks = [sent(received).get("patchbay-out-of-order") for received in upstream.requests]
    assert retry.leave_lane is leaves
    assert marks == [None, "true"]


@both
@pytest.mark.parametrize(
    ("filter", "state", "faults"),
    [
        ("payload.total > `5`", WorkState.SUCCEEDED, 0),
        ("payload.total > `9`", None, 0),
        ("length(payload.total) > `5`", None, 1),
        (None, WorkState.SUCCEEDED, 0),
    ],
)
async def test_a_filter_that_was_not_asked_at_emission_is_asked_first(
    courier, records, upstream, filter, state, faults
):
    webhook = await records.webhook(f"{upstream.url}/ok", filter=filter)
    delivery = await courier.delivery(webhook, unjudged=True)

    assert await courier.attempt(delivery) is None

    after, row = await records.read(delivery), await records.read(webhook)
    assert (after and after.state, len(upstream.requests)) == (state, 1 if state else 0)
    assert (row.filter_faults, bool(row.filter_fault)) == (faults, bool(faults))
    assert after is None or after.unjudged is False


async def test_an_answer_that_repeats_secrets_shows_none_of_them(courier, records, upstream):
    """It repeats the request: its signature, its own header, its secret."""
    secret = new_secret()
    webhook = await records.webhook(f"{upstream.url}/echo", secrets=[secret], headers={"X-Key": "planted-value"})
    delivery = await courier.delivery(webhook, f'{{"secret":"{secret}"}}')

    await courier.attempt(delivery)

    (attempt,) = await records.attempts(delivery)
    assert "webhook-id" in attempt.response_excerpt
    assert [word for word in (secret, "planted", "v1,A") if word in attempt.response_excerpt] == []


async def _audited(records):
    own = col(AuditEntry.organization_id) == records.organization_id
    async with records.database.read() as session:
        return list((await session.execute(select(col(AuditEntry.action)).where(own))).scalars())


@both
async def test_what_waits_is_not_sent_on_if_the_webhook_may_not_see_it_any_more(courier, records, upstream):
    hidden = await records.integration(access=IntegrationAccess.RESTRICTED)
    webhook = await records.webhook(f"{upstream.url}/ok", sees_restricted=True)
    events = [await courier.event(integration_id=hidden) for _ in range(2)]
    waiting = [await records.delivery(webhook, event.id, integration_id=hidden) for event in events]
    await courier.attempt(waiting[0])
    await records.set(webhook, sees_restricted=False)

    await courier.attempt(waiting[1])

    states = [(await records.read(delivery)).state for delivery in waiting]
    assert states == [WorkState.SUCCEEDED, WorkState.CANCELLED]
    assert len(upstream.requests) == 1
