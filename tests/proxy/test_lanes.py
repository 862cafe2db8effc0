"""The cap on concurrent calls: fair, bounded, leak-free."""

from __future__ import annotations

import asyncio

import pytest

from models.errors import TooMany, UpstreamTimeout
from proxy.lanes import Lanes
from tests.proxy.sending import open_egress, request


async def turn() -> None:
    """Let every task that can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_lets_so_many_in_and_the_next_in_order():
    lanes, order = Lanes(2, 10), []

    async def enter(name):
        await lanes.enter("a")
        order.append(name)

    tasks = [asyncio.create_task(enter(name)) for name in range(5)]
    await turn()
    entered_at_first = list(order)
    for _ in range(5):
        lanes.leave("a")
        await turn()
    await asyncio.gather(*tasks)

    assert entered_at_first == [0, 1]
    assert order == [0, 1, 2, 3, 4]
    assert lanes._lanes == {}


async def test_lanes_do_not_know_each_other():
    lanes = Lanes(1, 0)

    await lanes.enter("a")
    await lanes.enter("b")

    with pytest.raises(TooMany):
        await lanes.enter("a")


async def test_refuses_when_the_queue_is_full():
    lanes = Lanes(1, 1)
    await lanes.enter("a")
    waiting = asyncio.create_task(lanes.enter("a"))
    await turn()

    with pytest.raises(TooMany) as refusal:
        await lanes.enter("a")

    assert refusal.value.retry_after_seconds == 1
    lanes.leave("a")
    await waiting


async def test_a_place_given_to_one_who_gave_up_goes_to_the_next():
    lanes, entered = Lanes(1, 10), []

    async def enter(name):
        await lanes.enter("a")
        entered.append(name)

    await lanes.enter("a")
    first, second, third = (asyncio.create_task(enter(name)) for name in "123")
    await turn()
    second.cancel()  # while it waits
    await turn()
    lanes.leave("a")
    first.cancel()  # after the place came, before it ran
    await turn()

    assert entered == ["3"]
    lanes.leave("a")
    assert lanes._lanes == {}
    assert third.done()


async def test_a_failed_call_gives_its_place_back(faults):
    async with open_egress(per_host=1, queue_per_host=0) as egress:
        for _ in range(3):
            with pytest.raises(UpstreamTimeout):
                await egress.send(request(f"{faults.url}/silent", seconds=0.05))
        answer = await egress.send(request(f"{faults.url}/ok"))

    assert answer.status == 200


async def test_one_who_waits_for_the_whole_time_is_told_that_it_never_left(upstream):
    async with open_egress(per_host=1) as egress:
        hanging = asyncio.create_task(egress.send(request(f"{upstream.url}/silent", seconds=30)))
        await upstream.received(1)

        with pytest.raises(TooMany):
            await egress.send(request(f"{upstream.url}/ok", seconds=0.1))

        hanging.cancel()
    assert [received.target for received in upstream.requests] == ["/silent"]


async def test_a_hanging_upstream_slows_no_other_and_no_other_organization(upstream, faults):
    loop = asyncio.get_running_loop()

    async def timed(egress, url, lane):
        began = loop.time()
        answer = await egress.send(request(url, lane=lane))
        return answer.status, loop.time() - began

    async with open_egress(per_host=20, queue_per_host=200) as egress:
        calls = [egress.send(request(f"{upstream.url}/silent", seconds=20)) for _ in range(200)]
        hanging = [asyncio.create_task(call) for call in calls]
        await upstream.received(20)

        others = [await timed(egress, f"{faults.url}/ok", "acme") for _ in range(50)]
        same_host = [await timed(egress, f"{upstream.url}/ok", "other") for _ in range(50)]

        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
    assert {status for status, _ in others + same_host} == {200}
    assert max(seconds for _, seconds in others + same_host) < 20  # which those that hang take
    assert len([received for received in upstream.requests if received.target == "/silent"]) == 20
