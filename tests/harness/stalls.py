"""Stalls of an event loop: how long its thread works without giving other tasks their turn."""

from __future__ import annotations

import asyncio
import time

from tests.harness.effort import collector_left_out


class Stalls:
    """`async with Stalls() as stalls` in the loop to watch: `longest` in seconds, `count` of the turns in between.

    Of the CPU of the loop's thread, so that other programs on the machine do not count. Nor does the collector.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.count = 0
        self._collector = collector_left_out()
        self._turned = asyncio.Event()

    async def __aenter__(self) -> Stalls:
        self._collector.__enter__()
        self._ticking = asyncio.create_task(self._tick())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._turned.clear()
        await self._turned.wait()  # the turn that goes on counts, too
        self._ticking.cancel()
        await asyncio.wait([self._ticking])
        self._collector.__exit__(None, None, None)

    async def _tick(self) -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.thread_time() - began)
            self.count += 1
            self._turned.set()
