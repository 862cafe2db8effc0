"""LastUsed: values that are costly to make, kept by a key, the longest unused ones thrown away first."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class LastUsed(Generic[V]):
    """The last used values, as many as `weigh` finds to weigh at most `most` together."""

    def __init__(self, most: int, weigh: Callable[[V], int]) -> None:
        self._most, self._weigh = most, weigh
        self._kept: OrderedDict[str, V] = OrderedDict()
        self._weight = 0

    async def get(self, key: str, make: Callable[[], V], takes_long: Callable[[], bool] = lambda: False) -> V:
        """The value of this key; made if it is not kept, in a thread if that takes long."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        made = await asyncio.to_thread(make) if takes_long() else make()
        if key in self._kept:  # somebody else was faster
            return self._kept[key]
        self._kept[key] = made
        self._weight += self._weigh(made)
        while self._weight > self._most and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._weight -= self._weigh(dropped)
        return made

    def __len__(self) -> int:
        return len(self._kept)
