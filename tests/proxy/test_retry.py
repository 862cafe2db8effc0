"""When a call is tried again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.vocabulary import UpstreamFailure
from proxy.retry import next_delay, wait_asked

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


def delay(result=503, *, attempt=1, repeatable=True, retry_after=None, remaining=30.0, jitter=0.5):
    return next_delay(
        attempt=attempt,
        repeatable=repeatable,
        result=result,
        retry_after=retry_after,
        now=NOW,
        remaining=remaining,
        jitter=jitter,
    )


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_tries_again_after_statuses_that_pass(status):
    assert delay(status) == pytest.approx(0.2)


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 404, 409, 500, 501])
def test_other_statuses_stand(status):
    assert delay(status) is None


@pytest.mark.parametrize("reason", [UpstreamFailure.UNREACHABLE, UpstreamFailure.TIMEOUT])
def test_tries_again_after_broken_connections(reason):
    assert delay(reason) == pytest.approx(0.2)


@pytest.mark.parametrize("reason", [UpstreamFailure.BLOCKED, UpstreamFailure.TOO_LARGE, UpstreamFailure.BAD_RESPONSE])
def test_what_would_fail_again_stands(reason):
    assert delay(reason) is None


def test_never_repeats_what_is_not_repeatable():
    assert delay(503, repeatable=False) is None
    assert delay(UpstreamFailure.UNREACHABLE, repeatable=False) is None


def test_waits_longer_the_second_time_and_ends_with_the_third():
    assert delay(attempt=2) == pytest.approx(0.8)
    assert delay(attempt=3) is None


def test_jitter_spreads_the_wait():
    assert (delay(jitter=0.0), delay(jitter=1.0)) == (pytest.approx(0.1), pytest.approx(0.3))


def test_gives_up_when_the_time_left_is_shorter_than_the_wait():
    assert delay(remaining=0.1) is None
    assert delay(retry_after="5", remaining=4.0) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5.0),
        (" 5 ", 5.0),
        ("0", 0.0),
        ("999999999999999999999999", 999999999999.0),
        ("Fri, 01 May 2026 12:00:07 GMT", 7.0),
        ("Fri, 01 May 2026 14:00:07 +0200", 7.0),
        ("Fri, 01 May 2026 11:00:00 GMT", 0.0),
        ("Friday, 01-May-26 12:00:07 GMT", 7.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 251624663999.0),
        ("-5", None),
        ("5.5", None),
        ("٥", None),
        ("soon", None),
        ("Fri, 99 Foo 2026 12:00:07 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_reads_what_retry_after_asks(text, seconds):
    assert wait_asked(text, NOW) == seconds


def test_waits_what_is_asked_and_a_little_more():
    assert delay(429, retry_after="5", jitter=0.5) == pytest.approx(5.1)


def test_takes_a_senseless_retry_after_for_none():
    assert delay(429, retry_after="-5") == pytest.approx(0.2)


def test_does_not_wait_for_ever():
    assert delay(429, retry_after="9" * 50) is None
