"""A call with its retries, against an upstream that fails as told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.errors import InvalidInput, UpstreamBlocked
from models.vocabulary import UpstreamFailure
from proxy.call import Answer, Failure, call
from proxy.guard import EgressPolicy
from tests.proxy.sending import open_egress, request


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.seconds += seconds

    def now(self) -> datetime:
        return datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


async def outcome_of(made, clock=None, **settings):
    clock = clock or Clock()
    async with open_egress(**settings) as egress:
        return await call(
            egress, made, clock=clock, now=clock.now, sleep=clock.sleep, jitter=lambda: 0.5
        ), clock.slept


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_tries_idempotent_methods_again(method, upstream):
    outcome, slept = await outcome_of(request(f"{upstream.url}/flaky?times=2", method))

    assert isinstance(outcome, Answer)
    assert (outcome.status, outcome.attempts) == (200, 3)
    assert slept == [0.2, 0.8]
    assert len(upstream.requests) == 3


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("path", ["/flaky", "/flaky?how=reset", "/flaky?status=429&retry_after=0"])
async def test_sends_others_once(method, path, upstream):
    outcome, slept = await outcome_of(request(f"{upstream.url}{path}", method, body=b"{}"))

    assert outcome.attempts == 1
    assert slept == []
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("path", ["/flaky", "/flaky?how=reset"])
async def test_sends_a_post_with_a_key_again(path, upstream):
    made = request(f"{upstream.url}{path}", "POST", body=b"{}", retry_safe=True)

    outcome, _ = await outcome_of(made)

    assert (outcome.status, outcome.attempts) == (200, 2)
    assert [received.body for received in upstream.requests] == [b"{}", b"{}"]


@pytest.mark.parametrize("path", ["/garbage", "/bad-chunk", "/two-lengths", "/bad-gzip", "/cut-gzip", "/huge-header"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_malformed_answer_stands(method, path, upstream):
    outcome, _ = await outcome_of(request(f"{upstream.url}{path}", method))

    assert (outcome.error.reason, outcome.attempts) == (UpstreamFailure.BAD_RESPONSE, 1)


@pytest.mark.parametrize(("method", "attempts"), [("GET", 3), ("PUT", 1), ("DELETE", 1)])
@pytest.mark.parametrize("path", ["/short", "/cut-chunk"])
async def test_an_answer_that_was_cut_is_asked_for_again_but_nothing_is_done_twice(method, attempts, path, upstream):
    outcome, _ = await outcome_of(request(f"{upstream.url}{path}", method))

    assert (outcome.error.external_status, outcome.attempts) == (200, attempts)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
@pytest.mark.parametrize(
    "rest", ["Content-Length: 9\r\n\r\nnot empty", "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "\r\n{}"]
)
async def test_an_answer_without_a_body_ends_with_its_head(status, rest, upstream):
    upstream.answers["/done"] = f"HTTP/1.1 {status}\r\n{rest}".encode()

    outcome, _ = await outcome_of(request(f"{upstream.url}/done", "DELETE"))

    assert (outcome.status, outcome.body, outcome.attempts) == (int(status[:3]), b"", 1)
    assert len(upstream.requests) == 1


async def test_a_lasting_failure_is_an_outcome_with_its_tries(upstream):
    outcome, _ = await outcome_of(request(f"{upstream.url}/empty"))

    assert isinstance(outcome, Failure)
    assert (outcome.error.reason, outcome.attempts) == (UpstreamFailure.UNREACHABLE, 3)


async def test_a_lasting_status_is_an_answer_with_its_tries(upstream):
    outcome, _ = await outcome_of(request(f"{upstream.url}/flaky?times=9&status=502"))

    assert isinstance(outcome, Answer)
    assert (outcome.status, outcome.attempts) == (502, 3)


@pytest.mark.parametrize(
    ("retry_after", "attempts", "slept"),
    [
        ("2", 2, [2.1]),
        ("Fri,%2001%20May%202026%2012:00:03%20GMT", 2, [3.1]),
        ("-5", 2, [0.2]),
        ("junk", 2, [0.2]),
        ("5", 1, []),
        ("99999999999999999999", 1, []),
        ("Fri,%2031%20Dec%209999%2023:59:59%20GMT", 1, []),
    ],
)
async def test_waits_as_asked_within_its_time(retry_after, attempts, slept, upstream):
    made = request(f"{upstream.url}/flaky?status=429&retry_after={retry_after}", seconds=5.0)

    outcome, waited = await outcome_of(made)

    assert (outcome.status, outcome.attempts) == (200 if attempts == 2 else 429, attempts)
    assert waited == slept


async def test_a_refusal_by_the_policy_is_final(canary):
    outcome, slept = await outcome_of(request(f"{canary.url}/"), policy=EgressPolicy())

    assert isinstance(outcome, Failure)
    assert isinstance(outcome.error, UpstreamBlocked)
    assert (outcome.attempts, slept, canary.connections) == (1, [], 0)


async def test_all_tries_share_one_deadline(upstream):
    clock = Clock()
    clock_started = request(f"{upstream.url}/flaky?times=1", seconds=0.2)

    outcome, _ = await outcome_of(clock_started, clock)

    assert (outcome.status, outcome.attempts) == (503, 1)


async def test_what_is_the_hubs_own_fault_is_raised(upstream):
    with pytest.raises(InvalidInput):
        await outcome_of(request(f"{upstream.url}/", headers=(("X", "a\nb"),)))

    assert upstream.requests == []


async def test_runs_on_the_real_clock_too(upstream):
    async with open_egress() as egress:
        outcome = await call(egress, request(f"{upstream.url}/flaky?status=503"))

    assert (outcome.status, outcome.attempts) == (200, 2)
