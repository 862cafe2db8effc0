"""Evaluation of an expression on a value: within its budget, and aside from the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from proxy.expressions.budget import Budget, ExpressionRefused, Meter, Misfit, OverBudget
from proxy.expressions.interpret import Interpreter
from proxy.expressions.parse import Node, Trees, parse
from proxy.expressions.values import require_size
from proxy.lanes import Lanes

R = TypeVar("R")
_SHOWN: Final = 60
_WAITING: Final = 10_000
#: The turn of a lane that evaluates on many values: after it, the lanes that wait go first.
_TURN_SECONDS: Final = 0.02


def evaluate(text: str, value: object, budget: Budget, *, strict: bool = False) -> Any:
    """The result of an expression on a JSON value; None also if it does not fit the value.

    Pure. It may take 250 ms of CPU: coroutines use `Expressions`. Raises ExpressionRefused for an expression that is
    none, or that goes beyond the budget on this value; with `strict` also for one that does not fit the value.
    """
    return _evaluate(parse(text, budget), text, value, budget, strict=strict)


class Expressions:
    """Evaluates on one thread of its own, so that the event loop waits at most for one switch between threads.

    A lane, such as an organization, has one evaluation in the queue at a time: a lane with many delays the others by
    one each.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._lanes = Lanes(1, _WAITING)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="expressions")
        self._trees = Trees(budget)  # of the thread alone

    async def evaluate(self, text: str, value: object, *, lane: Hashable, strict: bool = False) -> Any:
        """Like `evaluate`. Raises also TooMany if thousands of the lane wait already."""
        return await self._aside(lane, partial(self._evaluate, text, value, strict=strict))

    async def each(
        self, text: str, values: Sequence[object], then: Callable[[int, Any], R], *, lane: Hashable
    ) -> list[R]:
        """`then(index, result)` of each value, in order; a strict evaluation's ExpressionRefused is a result too.

        Both run on the thread, within the budget for each value. A turn has 20 ms: a page of small values costs one
        change of threads, and other lanes go before the rest of a page of large ones. Raises TooMany.
        """
        done: list[R] = []
        while len(done) < len(values):
            done += await self._aside(lane, partial(self._some, text, values, then, len(done)))
        return done

    async def aside(self, call: Callable[[], R], *, lane: Hashable) -> R:
        """The result of a call that works on an expression, made on the thread. Raises TooMany."""
        return await self._aside(lane, call)

    def close(self) -> None:
        """Let the thread end with its current evaluation."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _aside(self, lane: Hashable, call: Callable[[], R]) -> R:
        await self._lanes.enter(lane)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, call)
        finally:
            self._lanes.leave(lane)

    def _evaluate(self, text: str, value: object, *, strict: bool) -> Any:
        return _evaluate(self._trees.of(text), text, value, self.budget, strict=strict)

    def _some(self, text: str, values: Sequence[object], then: Callable[[int, Any], R], start: int) -> list[R]:
        """The results from `start` on, of as many values as fit into a turn, at least one."""
        done: list[R] = []
        end = time.monotonic() + _TURN_SECONDS
        for index in range(start, len(values)):
            try:
                result = self._evaluate(text, values[index], strict=True)
            except ExpressionRefused as refusal:
                result = refusal
            done.append(then(index, result))
            if time.monotonic() > end:
                break
        return done


def _evaluate(node: Node, text: str, value: object, budget: Budget, *, strict: bool) -> Any:
    try:
        result = Interpreter(Meter(budget)).visit(node, value)
        require_size(result, budget)
    except Misfit as misfit:
        if strict:
            raise ExpressionRefused(_misfit(text, misfit)) from misfit
        return None
    except OverBudget as excess:
        raise ExpressionRefused(_excess(text, str(excess))) from excess
    except RecursionError as excess:
        raise ExpressionRefused(_excess(text, "compares or writes values that are nested too deep")) from excess
    return result


def _excess(text: str, excess: str) -> str:
    return f"The expression {shown(text)} {excess} on this value; simplify it, or let it select less."


def _misfit(text: str, misfit: Misfit) -> str:
    place = f" at {'.'.join(misfit.place)}" if misfit.place else ""
    return f"The expression {shown(text)} does not fit this value{place}: {misfit}."


def shown(text: str) -> str:
    """The start of an expression in grave accents, for a sentence."""
    start = "".join(letter if letter.isprintable() else " " for letter in text[:_SHOWN])
    return f"`{start}`" if len(text) <= _SHOWN else f"`{start}…`"
