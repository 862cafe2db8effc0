"""Answers that are no success, and no answer at all: the record, the next attempt, the receiver's gate."""

import pytest

from models.row import now_ms
from models.vocabulary import UpstreamFailure, WorkState
from tests.harness.backends import both
from tests.upstreams.canned import reply

#: Answers on the wire, with the state of the delivery after its first attempt and how it failed.
REFUSALS = {
    "301 Moved Permanently": ("301", UpstreamFailure.ERROR_STATUS),
    "302 Found": ("302", UpstreamFailure.ERROR_STATUS),
    "400 Bad Request": ("400", UpstreamFailure.ERROR_STATUS),
    "404 Not Found": ("404", UpstreamFailure.ERROR_STATUS),
    "429 Too Many Requests": ("429", UpstreamFailure.ERROR_STATUS),
    "500 Internal Server Error": ("500", UpstreamFailure.ERROR_STATUS),
    "503 Service Unavailable": ("503", UpstreamFailure.ERROR_STATUS),
}
OVERLOADED = ("429", "502", "503", "504")


@pytest.mark.parametrize(("status", "expected"), REFUSALS.items(), ids=REFUSALS)
async def test_another_status_is_tried_again_and_slows_an_overloaded_receiver(
    courier, records, upstream, status, expected
):
    word, failure = expected
    upstream.answers["/"] = reply(b"because", "text/plain", status, "Location: /ok")
    webhook = await records.webhook(upstream.url + "/")
    delivery = await courier.delivery(webhook)

    retry = await courier.attempt(delivery)

    after, gate = await records.read(delivery), await records.gate(webhook)
    assert 4_000 <= retry.after_ms <= 6_000
    assert len(upstream.requests) == 1
    assert (after.state, after.external_status, after.failure) == (WorkState.QUEUED, int(word), failure)
    assert now_ms() + 3_000 < after.next_attempt_at <= now_ms() + 6_000
    assert word in after.error
    assert (gate.opens_at > now_ms()) is (word in OVERLOADED)


@pytest.mark.parametrize(
    ("path", "failure"),
    [("/reset", UpstreamFailure.UNREACHABLE), ("/garbage", UpstreamFailure.BAD_RESPONSE), ("/silent", "TIMEOUT")],
)
async def test_no_answer_is_tried_again(courier, records, upstream, path, failure):
    webhook = await records.webhook(upstream.url + path, timeout_seconds=1)
    delivery = await courier.delivery(webhook)

    retry = await courier.attempt(delivery)

    after, (attempt,) = await records.read(delivery), await records.attempts(delivery)
    assert 4_000 <= retry.after_ms <= 6_000
    assert (after.state, after.external_status, after.failure, after.status_class) == (
        WorkState.QUEUED,
        None,
        failure,
        None,
    )
    assert (attempt.failure, attempt.error) == (after.failure, after.error)
    assert "127.0.0.1" not in after.error


async def test_a_name_that_is_not_found_is_tried_again(courier, records):
    delivery = await courier.delivery(await records.webhook("https://receiver.invalid/hook"))

    retry = await courier.attempt(delivery)

    assert retry is not None
    assert (await records.read(delivery)).failure is UpstreamFailure.UNREACHABLE


async def test_an_address_that_the_policy_refuses_fails_at_once_and_is_not_named(courier, records, canary):
    webhook = await records.webhook("https://169.254.169.254/latest")
    delivery = await courier.delivery(webhook)

    assert await courier.attempt(delivery) is None

    after, (attempt,) = await records.read(delivery), await records.attempts(delivery)
    assert (after.state, after.failure) == (WorkState.FAILED, UpstreamFailure.BLOCKED)
    assert "169.254" not in f"{after.error}{attempt.error}"
    assert after.finished_at is not None


@both
async def test_the_last_try_ends_the_delivery(courier, records, upstream):
    upstream.answers["/"] = reply(b"", status="500 No")
    webhook = await records.webhook(upstream.url + "/")
    delivery = await courier.delivery(webhook)

    assert await courier.attempt(delivery, attempt=8) is None

    after, row = await records.read(delivery), await records.read(webhook)
    assert (after.state, after.next_attempt_at) == (WorkState.FAILED, None)
    assert None not in (after.finished_at, row.first_failed_at, row.last_failed_at)
    assert row.failures == 1


async def test_waits_as_the_receiver_asks(courier, records, upstream):
    upstream.answers["/"] = reply(b"", "text/plain", "503 Later", "Retry-After: 1800")
    webhook = await records.webhook(upstream.url + "/")

    retry = await courier.attempt(await courier.delivery(webhook))

    assert retry.after_ms >= 1_800_000
    assert (await records.gate(webhook)).opens_at >= now_ms() + 1_790_000
