"""Shared work: if several callers of one process need the same work at the same time, it is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Flights:
    """Work under way, by key. Callers join it; it continues when they leave, and is forgotten when it ends."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, asyncio.Task[Any]] = {}

    async def join(self, key: Hashable, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Join the work with this key, or start it. Returns its result, and raises its error."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(start())
            flight.add_done_callback(lambda ended: self._land(key, ended))
        return await asyncio.shield(flight)

    async def drain(self) -> None:
        """Wait until no work is under way."""
        while self._flights:
            await asyncio.wait(list(self._flights.values()))

    def _land(self, key: Hashable, ended: asyncio.Task[Any]) -> None:
        del self._flights[key]
        if not ended.cancelled():
            ended.exception()  # read it, so that asyncio does not log it when all callers have left
