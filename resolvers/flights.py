"""What several callers of one process want at the same time is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Flights:
    """Callers join what is under way under their key. It goes on when they leave, and is forgotten when it ends."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, asyncio.Task[Any]] = {}

    async def join(self, key: Hashable, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What comes of it, for each who joined; raises what it raises."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(start())
            flight.add_done_callback(lambda ended: self._land(key, ended))
        return await asyncio.shield(flight)

    async def drain(self) -> None:
        """Wait until nothing is under way."""
        while self._flights:
            await asyncio.wait(list(self._flights.values()))

    def _land(self, key: Hashable, ended: asyncio.Task[Any]) -> None:
        del self._flights[key]
        if not ended.cancelled():
            ended.exception()  # whoever joined has it; where all have left, nobody has to hear of it
