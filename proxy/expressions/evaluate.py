"""Evaluation of an expression on a value: within its budget, and aside from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from proxy.expressions.budget import Budget, ExpressionRefused, Meter, Misfit, OverBudget
from proxy.expressions.interpret import Interpreter
from proxy.expressions.parse import parse
from proxy.expressions.values import require_size
from proxy.lanes import Lanes

_SHOWN: Final = 60
_WAITING: Final = 10_000


def evaluate(text: str, value: object, budget: Budget, *, strict: bool = False) -> Any:
    """The result of an expression on a JSON value; None also if it does not fit the value.

    Pure. It may take 250 ms of CPU: coroutines use `Expressions`. Raises ExpressionRefused for an expression that is
    none, or that goes beyond the budget on this value; with `strict` also for one that does not fit the value.
    """
    node = parse(text, budget)
    try:
        result = Interpreter(Meter(budget)).visit(node, value)
        require_size(result, budget)
    except Misfit as misfit:
        if strict:
            raise ExpressionRefused(_sentence(text, "compares or takes values of other types")) from misfit
        return None
    except OverBudget as excess:
        raise ExpressionRefused(_sentence(text, str(excess))) from excess
    except RecursionError as excess:
        raise ExpressionRefused(_sentence(text, "compares or writes values that are nested too deep")) from excess
    return result


class Expressions:
    """Evaluates on one thread of its own, so that the event loop waits at most for one switch between threads.

    A lane, such as an organization, has one evaluation in the queue at a time: a lane with many delays the others by
    one each.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._lanes = Lanes(1, _WAITING)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="expressions")

    async def evaluate(self, text: str, value: object, *, lane: Hashable, strict: bool = False) -> Any:
        """Like `evaluate`. Raises also TooMany if thousands of the lane wait already."""
        await self._lanes.enter(lane)
        try:
            loop = asyncio.get_running_loop()
            call = partial(evaluate, text, value, self.budget, strict=strict)
            return await loop.run_in_executor(self._thread, call)
        finally:
            self._lanes.leave(lane)

    def close(self) -> None:
        """Let the thread end with its current evaluation."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _sentence(text: str, excess: str) -> str:
    start = "".join(letter if letter.isprintable() else " " for letter in text[:_SHOWN])
    shown = start if len(text) <= _SHOWN else f"{start}…"
    return f"The expression `{shown}` {excess} on this value; simplify it, or let it select less."
