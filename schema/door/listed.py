"""Lists of an answer, completed in turns of the event loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from graphql.pyutils import gather_with_cancel

from resolvers.turns import Share


class Listed:
    """A list while it is completed. `awaited`: the indices of members whose values are still to be awaited."""

    def __init__(
        self,
        items: Iterator[tuple[int, Any]],
        complete: Callable[[int, Any, list[Any]], bool],
        share: Share,
        settle: Callable[[list[Awaitable[Any]]], None],
    ) -> None:
        """`complete` appends the value of an item, and answers whether it is to be awaited.

        `settle` takes the values that nobody awaits once another one has failed.
        """
        self.completed: list[Any] = []
        self.awaited: list[int] = []
        self._items = items
        self._complete = complete
        self._share = share
        self._settle = settle

    def go_on(self) -> bool:
        """Complete members until the turn is over, at least one. Answers whether the list is at its end."""
        going = False
        try:
            at_end = self._go_on()
            going = True
        finally:
            if not going:
                self._abandon()
        return at_end

    async def rest(self) -> list[Any]:
        """Complete the other members in later turns. The list."""
        at_end = False
        try:
            while not at_end:
                await self._share.next()
                at_end = self._go_on()
        finally:
            if not at_end:  # a member failed, or the request is cancelled
                self._abandon()
        return await self.result()

    async def result(self) -> list[Any]:
        """The list, once its members are awaited, all at the same time."""
        values = await gather_with_cancel(*(self.completed[index] for index in self.awaited))
        for index, value in zip(self.awaited, values, strict=True):
            self.completed[index] = value
        return self.completed

    def _go_on(self) -> bool:
        for index, item in self._items:
            if self._complete(index, item, self.completed):
                self.awaited.append(index)
            if self._share.over():
                return False
        return True

    def _abandon(self) -> None:
        if self.awaited:
            self._settle([self.completed[index] for index in self.awaited])
