"""The memory for answers that are being received: a budget for each organization."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from typing import Final

#: The part of an answer that never waits: small answers are not delayed by large ones.
FREE_BYTES: Final = 64 * 1024
_READ_BYTES: Final = 256 * 1024  # as many as one read of asyncio may bring


class Inflight:
    """Counts the bytes of answers by organization, as received and while they are decoded.

    While an organization's calls hold more than `limit` bytes, they wait: all but one, which may go on to its end, so
    that calls which hold a part each never wait for each other for ever.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._budgets: dict[Hashable, _Budget] = {}

    def share(self, lane: Hashable) -> Share:
        """The part of one call; give it back with `release`."""
        budget = self._budgets.get(lane)
        if budget is None:
            budget = self._budgets[lane] = _Budget(self.limit)
        budget.calls += 1
        return Share(budget, lambda: self._left(lane, budget))

    def _left(self, lane: Hashable, budget: _Budget) -> None:
        budget.calls -= 1
        if not budget.calls:
            del self._budgets[lane]


class Share:
    """The bytes that one call holds."""

    __slots__ = ("_budget", "_leave", "_ready", "size")

    def __init__(self, budget: _Budget, leave: Callable[[], None]) -> None:
        self.size = 0
        self._budget = budget
        self._leave = leave
        self._ready: Callable[[], None] | None = None

    @property
    def waits(self) -> bool:
        """Whether the call waits for room."""
        return self._ready is not None

    def take(self, size: int) -> bool:
        """Count bytes that are there. False: receive no more until `when_room` says so."""
        self.size += size
        self._budget.used += size
        return self.size <= FREE_BYTES or self._budget.admits(self)

    def when_room(self, ready: Callable[[], None]) -> None:
        """Call `ready` once, when there is room. Calls get their turn in order."""
        self._ready = ready
        self._budget.waiting.append(self)

    async def room(self, size: int) -> None:
        """Count bytes that are there, and wait until more may come."""
        if not self.take(size):
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.when_room(lambda: None if turn.done() else turn.set_result(None))
            await turn

    def release(self) -> None:
        """Give everything back."""
        budget = self._budget
        if self._ready is not None:
            self._ready = None
            budget.waiting.remove(self)
        budget.used -= self.size
        self.size = 0
        if budget.ahead is self:
            budget.ahead = None
        budget.admit_waiting()
        self._leave()

    def go_on(self) -> None:
        """The turn of a waiting call has come."""
        ready, self._ready = self._ready, None
        if ready is not None:
            ready()


class _Budget:
    """The bytes of one organization. `ahead`: the call that may exceed the limit."""

    __slots__ = ("ahead", "calls", "limit", "used", "waiting")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.calls = 0
        self.ahead: Share | None = None
        self.waiting: deque[Share] = deque()

    def admits(self, share: Share) -> bool:
        """Whether this call may receive more: there is room, or nobody else is ahead."""
        if self.used <= self.limit or self.ahead is share:
            return True
        if self.ahead is None:
            self.ahead = share
        return self.ahead is share

    def admit_waiting(self) -> None:
        """Let those in that there is room for, and one in any case."""
        room = self.limit - self.used
        while self.waiting and (room > 0 or self.ahead is None):
            share = self.waiting.popleft()
            if room <= 0:
                self.ahead = share
            room -= _READ_BYTES
            share.go_on()
