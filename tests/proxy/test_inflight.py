"""The budget of bytes in flight: bounded for each organization, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from models.errors import TooMany, UpstreamTimeout
from proxy.egress import Egress
from proxy.inflight import FREE_BYTES, Delivery, Inflight, delivery
from tests.proxy.sending import open_egress, request
from tests.upstreams.canned import OK, reply
from tests.upstreams.scripted import read_head, scripted

MEGABYTE = 1024 * 1024
LARGE = bytes(MEGABYTE)


def test_beyond_the_budget_one_call_goes_on_and_the_next_follows_it():
    inflight, admitted = Inflight(FREE_BYTES), []
    shares = [inflight.share("acme") for _ in range(4)]

    taken = [share.take(FREE_BYTES + 1) for share in shares]
    for name, share in zip("bcd", shares[1:], strict=True):
        share.when_room(lambda name=name: admitted.append(name))
    shares[2].release()  # gave up while it waited
    shares[0].release()

    assert taken == [True, False, False, False]
    assert admitted == ["b"]
    shares[1].release()
    assert admitted == ["b", "d"]
    shares[3].release()
    assert inflight._budgets == {}


def test_small_answers_never_wait_and_organizations_do_not_know_each_other():
    inflight = Inflight(1)
    first, second, other = inflight.share("acme"), inflight.share("acme"), inflight.share("other")

    assert [first.take(FREE_BYTES + 1), second.take(FREE_BYTES), other.take(FREE_BYTES + 1)] == [True] * 3


async def test_an_answer_counts_until_it_is_delivered():
    inflight = Inflight(FREE_BYTES)

    with delivery():
        large, small = inflight.share("acme"), inflight.share("acme")
        large.take(3 * FREE_BYTES)  # as received and decoded
        large.keep(2 * FREE_BYTES)
        small.take(FREE_BYTES)
        small.keep(FREE_BYTES)
        held = inflight._budgets["acme"].used
        other = inflight.share("acme")
        other.delivery = Delivery()
        admitted = other.take(FREE_BYTES + 1)

    assert (held, admitted, other.take(1)) == (2 * FREE_BYTES, False, True)
    other.release()
    assert inflight._budgets == {}


async def test_the_delivery_that_is_ahead_stays_so_for_its_next_call():
    inflight = Inflight(FREE_BYTES)
    waiting = inflight.share("acme")

    with delivery():
        first, second = inflight.share("acme"), inflight.share("acme")
        taken = [first.take(2 * FREE_BYTES), waiting.take(2 * FREE_BYTES)]
        first.keep(2 * FREE_BYTES)
        taken += [waiting.take(1), second.take(2 * FREE_BYTES), second.is_beyond]
        second.release()

    assert taken == [True, False, False, True, True]
    assert waiting.take(1)


def test_calls_of_one_delivery_do_not_wait_for_each_other():
    inflight, admitted = Inflight(FREE_BYTES), []
    ahead = inflight.share("acme")
    ahead.take(2 * FREE_BYTES)

    with delivery():
        for _ in range(2):
            share = inflight.share("acme")
            share.take(2 * FREE_BYTES)
            share.when_room(lambda: admitted.append("both"))
    ahead.release()

    assert admitted == ["both", "both"]


async def test_a_client_that_takes_nothing_holds_its_answer_for_a_limited_time():
    inflight = Inflight(FREE_BYTES, kept_seconds=0.01)

    with delivery():
        share = inflight.share("acme")
        share.take(2 * FREE_BYTES)
        share.keep(2 * FREE_BYTES)
        await asyncio.sleep(0.05)

        assert inflight._budgets == {}


async def test_a_request_that_has_filled_the_budget_makes_no_more_calls(upstream):
    upstream.answers["/large"] = reply(LARGE)

    async with open_egress(max_inflight_bytes=MEGABYTE) as egress:
        with delivery():
            for _ in range(2):
                await egress.send(request(f"{upstream.url}/large", pooled=False))
            with pytest.raises(TooMany) as refusal:
                await egress.send(request(f"{upstream.url}/large", pooled=False))
        after = await egress.send(request(f"{upstream.url}/large", pooled=False))

    assert refusal.value.message == "The answers to this request fill 1048576 bytes; make fewer calls in a request."
    assert (len(upstream.requests), len(after.body)) == (3, MEGABYTE)
    assert egress._inflight._budgets == {}


@pytest.mark.parametrize("packed", [False, True])
async def test_many_large_answers_at_once_hold_little_more_than_the_budget(packed):
    body = reply(gzip.compress(LARGE), "text/plain", "200 OK", "Content-Encoding: gzip") if packed else reply(LARGE)

    async def talk(reader, writer):
        while True:
            await read_head(reader)
            writer.write(body)

    async with scripted(talk) as server, open_egress(max_inflight_bytes=2 * MEGABYTE) as egress:
        watch = asyncio.create_task(_most_in_flight(egress))
        calls = [egress.send(request(f"{server.url}/large", seconds=60)) for _ in range(20)]
        answers = await asyncio.gather(*calls)
        watch.cancel()
        most = await watch

    assert [len(answer.body) for answer in answers] == [MEGABYTE] * 20
    # The budget, the one that goes on, a read of each. Less than the budget: they were not counted.
    assert 2 * MEGABYTE < most < 2 * MEGABYTE + MEGABYTE + 20 * 320 * 1024


async def _most_in_flight(egress: Egress) -> int:
    most = 0
    try:
        while True:
            budget = egress._inflight._budgets.get("acme")
            most = max(most, budget.used if budget else 0)
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        return most


async def test_an_organization_that_has_filled_its_budget_delays_only_its_own_large_answers():
    async def talk(reader, writer):
        while b"/stuck" not in (head := await read_head(reader)):
            writer.write(OK if b"/small" in head else reply(LARGE))
        writer.write(reply(LARGE)[:-1])

    async with scripted(talk) as server, open_egress(max_inflight_bytes=256 * 1024) as egress:
        stuck = asyncio.create_task(egress.send(request(f"{server.url}/stuck", seconds=60)))
        while not (budget := egress._inflight._budgets.get("acme")) or budget.ahead is None:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

        with pytest.raises(UpstreamTimeout) as failure:
            await egress.send(request(f"{server.url}/large", seconds=0.3))
        small = await egress.send(request(f"{server.url}/small"))
        other = await egress.send(request(f"{server.url}/large", lane="other"))

        stuck.cancel()
        after = await egress.send(request(f"{server.url}/large"))
    assert failure.value.message == (
        "The answer was not read in time, because other answers of the organization filled the 262144 bytes for"
        " answers; run fewer large calls at once."
    )
    assert (small.status, len(other.body), len(after.body)) == (200, MEGABYTE, MEGABYTE)
    assert egress._inflight._budgets == {}
