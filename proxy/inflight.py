"""The memory for answers that are received and passed on: a budget for each organization."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

#: The part of an answer that never waits: small answers are not delayed by large ones.
FREE_BYTES: Final = 64 * 1024
#: A client that takes no more of its answer holds up its organization for so long.
KEPT_SECONDS: Final = 30.0
_READ_BYTES: Final = 256 * 1024  # as many as one read of asyncio may bring


class Delivery:
    """The answers that one request to the hub waits for, or has got and not yet passed on."""

    __slots__ = ("shares",)

    def __init__(self) -> None:
        self.shares: list[Share] = []


_delivery: ContextVar[Delivery | None] = ContextVar("delivery", default=None)


@contextmanager
def delivery() -> Iterator[None]:
    """Count the answers that are received inside until the end: they are in memory until somebody has got them."""
    opened = Delivery()
    token = _delivery.set(opened)
    try:
        yield
    finally:
        _delivery.reset(token)
        for share in opened.shares:
            share.release()


class Inflight:
    """Counts the bytes of answers by organization: as received, while they are decoded, and until they are delivered.

    While an organization's calls hold more than `limit` bytes, they wait: all but those of one delivery, which may go
    on to its end, so that calls which hold a part each never wait for each other for ever.
    """

    def __init__(self, limit: int, *, kept_seconds: float = KEPT_SECONDS) -> None:
        self.limit = limit
        self._kept_seconds = kept_seconds
        self._budgets: dict[Hashable, _Budget] = {}

    def share(self, lane: Hashable) -> Share:
        """The part of one call; give it back with `keep` or `release`."""
        budget = self._budgets.get(lane)
        if budget is None:
            budget = self._budgets[lane] = _Budget(self.limit, self._kept_seconds)
        budget.calls += 1
        return Share(budget, _delivery.get() or Delivery(), lambda: self._left(lane, budget))

    def _left(self, lane: Hashable, budget: _Budget) -> None:
        budget.calls -= 1
        if not budget.calls:
            del self._budgets[lane]


class Share:
    """The bytes that one call holds."""

    __slots__ = ("_budget", "_leave", "_ready", "_timer", "delivery", "size")

    def __init__(self, budget: _Budget, delivery: Delivery, leave: Callable[[], None]) -> None:
        self.size = 0
        self.delivery = delivery
        self._budget = budget
        self._leave: Callable[[], None] | None = leave
        self._ready: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waits(self) -> bool:
        """Whether the call waits for room."""
        return self._ready is not None

    @property
    def is_beyond(self) -> bool:
        """Whether the delivery's other answers fill the budget by themselves, so that waiting would not help."""
        return sum(share.size for share in self.delivery.shares) > self._budget.limit

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

    def give(self, size: int) -> None:
        """Give bytes back that have been passed on, while more of the answer comes."""
        self.size -= size
        self._budget.used -= size
        self._budget.admit_waiting()

    def keep(self, size: int) -> None:
        """Hold the bytes of the answer until it is delivered, at most `KEPT_SECONDS`; a small one is given back."""
        if size <= FREE_BYTES or _delivery.get() is not self.delivery:
            self.release()
            return
        budget = self._budget
        budget.used -= self.size - size
        self.size = size
        self.delivery.shares.append(self)
        self._timer = asyncio.get_running_loop().call_later(budget.kept_seconds, self.release)
        budget.admit_waiting()

    def release(self) -> None:
        """Give everything back. The second time does nothing."""
        leave, self._leave = self._leave, None
        if leave is None:
            return
        budget = self._budget
        if self._timer is not None:
            self._timer.cancel()
        if self._ready is not None:
            self._ready = None
            budget.waiting.remove(self)
        budget.used -= self.size
        self.size = 0
        if budget.ahead is self.delivery and not any(share.size for share in self.delivery.shares):
            budget.ahead = None
        budget.admit_waiting()
        leave()

    def go_on(self) -> None:
        """The turn of a waiting call has come."""
        ready, self._ready = self._ready, None
        if ready is not None:
            ready()


class _Budget:
    """The bytes of one organization. `ahead`: the delivery that may exceed the limit."""

    __slots__ = ("ahead", "calls", "kept_seconds", "limit", "used", "waiting")

    def __init__(self, limit: int, kept_seconds: float) -> None:
        self.limit = limit
        self.kept_seconds = kept_seconds
        self.used = 0
        self.calls = 0
        self.ahead: Delivery | None = None
        self.waiting: deque[Share] = deque()

    def admits(self, share: Share) -> bool:
        """Whether this call may receive more: there is room, or nobody else is ahead."""
        if self.used <= self.limit:
            return True
        if self.ahead is None:
            self.ahead = share.delivery
        return self.ahead is share.delivery

    def admit_waiting(self) -> None:
        """Let those in that there is room for, and one in any case, with the other calls of its delivery."""
        room = self.limit - self.used
        while self.waiting and (room > 0 or self.ahead is None):
            share = self.waiting.popleft()
            if room <= 0:
                self.ahead = share.delivery
            room -= _READ_BYTES
            share.go_on()
        for share in [share for share in self.waiting if share.delivery is self.ahead]:
            self.waiting.remove(share)
            share.go_on()
