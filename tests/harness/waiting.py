"""Waiting for an event or a state."""

import asyncio
import time


async def eventually(look, seconds=60.0):
    """What `look` answers once that is true; AssertionError when it has not been in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < deadline, "It did not come about in time."
        await asyncio.sleep(0.01)
