"""Conversion of many values: in a thread of its own, so that the event loop serves others meanwhile."""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from graphql import FieldNode

from schema.door.values import count_taken

P = ParamSpec("P")
R = TypeVar("R")


class Converter:
    """One thread for all requests: the event loop then waits for one switch between threads, of 5 ms, at a time."""

    def __init__(self, at_once: int) -> None:
        """`at_once`: the most values that are converted in the event loop."""
        self.at_once = at_once
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="graphql")

    async def run(self, values: int, convert: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of a function that looks at so many values."""
        if values <= self.at_once:
            return convert(*args, **kwargs)
        return await get_running_loop().run_in_executor(self._thread, lambda: convert(*args, **kwargs))


class Conversion:
    """The conversion of the arguments of one request."""

    def __init__(self, counts: Mapping[str, int], converter: Converter) -> None:
        """`counts`: the values of each variable. `many`: a field may take long; False for nearly every request."""
        self._counts = counts
        self._converter = converter
        self.many = sum(counts.values()) > converter.at_once

    def takes_long(self, node: FieldNode) -> bool:
        """Whether the arguments of a field have too many values to convert them in the event loop."""
        return self._values(node) > self._converter.at_once

    async def run(self, node: FieldNode, convert: Callable[[], R]) -> R:
        """The result of a function that converts the arguments of a field."""
        return await self._converter.run(self._values(node), convert)

    def _values(self, node: FieldNode) -> int:
        return count_taken((argument.value for argument in node.arguments or ()), self._counts)
