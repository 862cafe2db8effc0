"""Evaluation aside: the event loop goes on meanwhile, and no lane waits for all of another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from proxy.expressions import Budget, ExpressionRefused, Expressions, evaluate
from proxy.expressions.parse import Trees
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


async def test_a_page_has_its_results_in_order_and_a_refusal_in_its_place(expressions):
    results = await expressions.each("abs(@)", [-1, "x", -3], lambda index, found: (index, found), lane="a")
    (refusal,) = await expressions.each("@", [[2] * 100_001], lambda _, found: found, lane="a")
    none = await expressions.each("@", [], lambda _, found: found, lane="a")

    assert (results[0], results[1][0], results[2], none) == ((0, 1), 1, (2, 3), [])
    assert str(results[1][1]).endswith("does not fit this value: argument 1 of abs is string, not number.")
    assert isinstance(refusal, ExpressionRefused)


async def test_another_lane_goes_before_the_rest_of_a_page(expressions):
    ended = []

    async def page() -> None:
        await expressions.each(LONG, [VALUE[:2_000]] * 40, lambda *_: ended.append("a"), lane="a")

    async def one() -> None:
        await expressions.evaluate("@", 1, lane="b")
        ended.append("b")

    await asyncio.gather(page(), one())

    assert ended.index("b") <= 10
    assert ended.count("a") == 40


def test_an_expression_is_parsed_once_until_others_were_used():
    trees = Trees(Budget())
    first = trees.of("a.b")

    for number in range(499):
        trees.of(f"a{number}")
    assert trees.of("a.b") is first

    for number in range(25):
        trees.of(f"'{'x' * 4_000}{number:02}'")
    assert trees.of("a.b") is not first


def test_a_refused_expression_leaves_others_kept():
    trees = Trees(Budget())
    first = trees.of("a.b")

    for number in range(600):
        with pytest.raises(ExpressionRefused):
            trees.of(f"a-b{number}")

    assert trees.of("a.b") is first
