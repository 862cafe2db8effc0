"""Stalls of an event loop: how long its thread works without giving other tasks their turn."""

from __future__ import annotations

import asyncio
import gc
import time


class Stalls:
    """`async with Stalls() as stalls` in the loop to watch: `longest` in seconds, `count` of the turns in between.

    Of the CPU of the loop's thread, so that other programs on the machine do not count. Nor does the collector, which
    looks at what thousands of tests have left in this process: the hub itself freezes what it makes at its start.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.count = 0

    async def __aenter__(self) -> Stalls:
        gc.disable()
        self._ticking = asyncio.create_task(self._tick())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)
        self._ticking.cancel()
        await asyncio.wait([self._ticking])
        gc.enable()

    async def _tick(self) -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.thread_time() - began)
            self.count += 1
