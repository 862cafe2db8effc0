"""Evaluation aside: the event loop goes on meanwhile, and no lane waits for all of another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from proxy.expressions import Budget, ExpressionRefused, Expressions, evaluate
from tests.harness.effort import effort
from tests.harness.stalls import Stalls

#: Nearly all of the budget: a tenth of a second.
LONG = "map(&to_string(@), @)"
VALUE = [1.5] * 20_000


@pytest.fixture
async def expressions() -> AsyncIterator[Expressions]:
    """As a hub has them."""
    made = Expressions(Budget())
    yield made
    made.close()


async def test_the_loop_goes_on_meanwhile(expressions):
    with effort() as alone:
        evaluate(LONG, VALUE, Budget())

    async with Stalls() as stalls:
        result = await expressions.evaluate(LONG, VALUE, lane="a")

    assert len(result) == 20_000
    assert stalls.longest < alone.seconds / 5
    assert stalls.count > 3


async def test_lanes_take_turns(expressions):
    ended = []

    async def evaluate(lane: str) -> None:
        await expressions.evaluate(LONG, VALUE[:5_000], lane=lane)
        ended.append(lane)

    await asyncio.gather(*(evaluate(lane) for lane in "aaaaaab"))

    assert ended.index("b") <= 1


async def test_a_refusal_comes_back_and_the_lane_goes_on(expressions):
    with pytest.raises(ExpressionRefused, match=r"^There is no function magic; there are abs, "):
        await expressions.evaluate("magic(@)", 1, lane="a")

    assert await expressions.evaluate("@", 1, lane="a") == 1
