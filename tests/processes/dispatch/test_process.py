"""A process that dies, and one that is stopped, while a call is under way."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.harness.acting import listed
from tests.harness.backends import both
from tests.harness.calling import app, capability
from tests.harness.installed import Installed
from tests.harness.server import ServerProcess
from tests.harness.waiting import eventually

SLOW = capability("SLOW", "POST", "/silent", timeoutSeconds=120)
HELD = capability("HELD", "GET", "/held", timeoutSeconds=20)
ROW = "outcome error attemptCount durationMs"


@both
async def test_a_call_whose_process_died_is_unknown_at_the_next_start(installed: Installed, upstream) -> None:
    first = installed.start()
    await installed.found()
    async with installed.client(first) as client:
        shop = await app(client, upstream.url, SLOW)
        running = asyncio.create_task(shop.run("SLOW", idempotencyKey="k"))
        await upstream.received(1)
        before = await listed(client, "dispatches", ROW)
        first.kill()
        with pytest.raises(httpx.TransportError):
            await running
    assert [row["outcome"] for row in before] == [None]

    second = installed.start()
    async with installed.client(second) as client:
        (row,) = await listed(client, "dispatches", ROW)
        again = await shop.by(client).run("SLOW", idempotencyKey="k")

    assert row["outcome"] == "OUTCOME_UNKNOWN"
    assert row["error"] == "The hub stopped between sending the call and recording its outcome."
    assert row["durationMs"] >= 0
    assert (again["replayed"], again["dispatch"]["outcome"], again["response"]) == (True, "OUTCOME_UNKNOWN", None)
    assert len(upstream.requests) == 1, "what may have been done is not done again"


@both
async def test_a_call_of_a_living_process_is_not_given_up_by_another(installed: Installed, upstream) -> None:
    living = installed.start()
    await installed.found()
    async with installed.client(living) as client:
        shop = await app(client, upstream.url, SLOW)
        running = asyncio.create_task(shop.run("SLOW"))
        await upstream.received(1)

        other = await asyncio.to_thread(installed.start)
        async with installed.client(other) as elsewhere:
            (during,) = await listed(elsewhere, "dispatches", ROW)
        running.cancel()
        (after,) = await listed(client, "dispatches", ROW)

    assert (during["outcome"], after["outcome"]) == (None, None)


async def test_a_process_that_is_stopped_finishes_its_calls(installed: Installed, upstream) -> None:
    first = installed.start()
    await installed.found()
    async with installed.client(first) as client:
        shop = await app(client, upstream.url, HELD)
        running = asyncio.create_task(shop.run("HELD"))
        await upstream.received(1)

        stopping = asyncio.create_task(asyncio.to_thread(first.terminate))
        await eventually(lambda: _stops(first))
        await asyncio.wait([running], timeout=0.3)
        cut_short = running.done()
        upstream.let_go.set()
        done = await running
        await stopping

    second = installed.start()
    async with installed.client(second) as client:
        (row,) = await listed(client, "dispatches", ROW)
    assert not cut_short
    assert (done["dispatch"]["outcome"], done["response"]["status"]) == ("SUCCEEDED", 200)
    assert row == {name: done["dispatch"][name] for name in row}


async def _stops(process: ServerProcess) -> bool:
    return "Stopping" in process.output
