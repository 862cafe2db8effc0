"""A limit of concurrent calls for each lane: callers of a slow host delay nobody else."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from contextlib import suppress

from models.errors import TooMany


class Lanes:
    """Lets `limit` calls of a lane run at once and `queue` more wait in order; refuses the rest, `full` says why."""

    def __init__(
        self, limit: int, queue: int, full: str = "Too many calls to this host are waiting; try again later."
    ) -> None:
        self._limit = limit
        self._queue = queue
        self._full = full
        self._lanes: dict[Hashable, _Lane] = {}

    async def enter(self, key: Hashable) -> None:
        """Take a place; return it with `leave`. Raises TooMany if the queue is full."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
        if lane.running < self._limit:
            lane.running += 1
            return
        if len(lane.waiting) >= self._queue:
            raise TooMany(self._full, retry_after_seconds=1)
        await self._wait(key, lane)

    def leave(self, key: Hashable) -> None:
        """Pass the place to the next in the queue, or free it."""
        lane = self._lanes[key]
        while lane.waiting:
            turn = lane.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        lane.running -= 1
        if not lane.running:
            del self._lanes[key]

    async def _wait(self, key: Hashable, lane: _Lane) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                with suppress(ValueError):  # a leaving call has removed it from the queue already
                    lane.waiting.remove(turn)
            else:  # the caller gave up just when it got the place: pass it to the next
                self.leave(key)
            raise


class _Lane:
    __slots__ = ("running", "waiting")

    def __init__(self) -> None:
        self.running = 0
        self.waiting: deque[asyncio.Future[None]] = deque()
