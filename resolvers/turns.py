"""Turns of the event loop: long work of all requests together gives way to others every few milliseconds."""

from __future__ import annotations

from asyncio import Event, Future, get_running_loop, sleep
from collections import deque
from time import thread_time
from typing import Final

_SECONDS: Final = 0.02
#: Waiting tasks that go on in one turn of the loop; each may find that the others took all of its time.
_WOKEN: Final = 16
#: Turns of the loop in which a task begins all that it begins: each level of selections takes one.
_CALM: Final = 20


class Turns:
    """The time of a turn. All requests share it: a thousand tasks in one turn do not take a thousand times as long.

    In the event loop's thread only.
    """

    def __init__(self, seconds: float = _SECONDS) -> None:
        """`seconds`: the time of a turn, of the processor: a busy machine does not make turns shorter."""
        self._seconds = seconds
        self._end: float | None = None  # of this turn; None before its first step
        self._over = self._renewing = False
        self._waiting: deque[Future[None]] = deque()

    def share(self) -> Share:
        """The turns as one request takes them."""
        return Share(self)

    def over(self) -> bool:
        """Whether the time of this turn of the loop is used up. Its first call begins the time."""
        if self._over:
            return True
        now = thread_time()
        if self._end is None:
            self._end = now + self._seconds
            self._renew_soon()
        self._over = now >= self._end
        return self._over

    async def next(self) -> None:
        """Wait for a later turn of the loop, with time left. Others are served meanwhile."""
        while True:
            self._renew_soon()
            waiting: Future[None] = get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting
            if not self._over:
                return

    def _renew_soon(self) -> None:
        if not self._renewing:
            self._renewing = True
            get_running_loop().call_soon(self._renew)

    def _renew(self) -> None:
        """Begin another turn. Tasks that wait go on in the one after it, once others were served in this one."""
        self._end, self._over, self._renewing = None, False, False
        for _ in range(min(_WOKEN, len(self._waiting))):
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
        if self._waiting:
            self._renew_soon()


class Share:
    """The turns of one request. Work in steps asks `over` at each step, and awaits `next` once it is."""

    def __init__(self, turns: Turns) -> None:
        self.over = turns.over
        self._turns = turns
        self._waiting = 0
        self._none_waits = Event()

    async def next(self) -> None:
        """Like `Turns.next`."""
        self._waiting += 1
        self._none_waits.clear()
        try:
            await self._turns.next()
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._none_waits.set()

    async def all_went_on(self) -> None:
        """Wait until no task of the request waits for its turn, and those that waited have begun what they begin."""
        calm = 0 if self._waiting else _CALM
        while calm < _CALM:
            if self._waiting:
                calm = 0
                await self._none_waits.wait()
            calm += 1
            await sleep(0)
