"""A claim: look which lots wait, share the free places out among them, and take jobs. The same on both databases."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

from jobs.allotting import Allotment, Limits, Lot, any_ungated, gates_of

_LOTS_A_MS: Final = 20
_LONGEST_MS: Final = 250


class Taking(Protocol):
    """The statements of one claim."""

    async def look(self) -> list[Lot]:
        """The lots with a job that is due."""

    async def limits(self, gates: Sequence[str]) -> Limits:
        """The jobs in flight, and these gates. Nothing is locked: the answer may be old."""

    async def take(self, lots: Sequence[Lot], places: int) -> tuple[Sequence[Any], list[Lot]]:
        """Claim up to so many jobs by an `Allotment` of what is in flight now.

        Answers their rows, and the lots that may have more. Claims of a queue are made one after the other, so that
        the limits hold for all processes together.
        """


class Survey:
    """The lots of a queue as they were found. Many of them are used again for a while, since finding them costs.

    A claim that they cannot fill looks anew: at most a new lot waits, and not while places are free.
    """

    def __init__(self) -> None:
        self._lots: dict[str, list[Lot]] = {}
        self._until: dict[str, float] = {}

    async def claim(self, queue: str, taking: Taking, places: int) -> list[Any]:
        """The rows of up to so many jobs."""
        rows: list[Any] = []
        if time.monotonic() < self._until.get(queue, 0.0):
            rows += await self._take(queue, taking, places)
        if len(rows) < places:
            lots = self._lots[queue] = await taking.look()
            # A thousand lots for 50 ms, none for longer than 250 ms.
            self._until[queue] = time.monotonic() + min(len(lots) // _LOTS_A_MS, _LONGEST_MS) / 1000
            rows += await self._take(queue, taking, places - len(rows))
        return rows

    async def _take(self, queue: str, taking: Taking, places: int) -> Sequence[Any]:
        lots = self._lots[queue]
        if not lots or not (any_ungated(lots) or await _any_free(taking, lots)):
            return ()  # most wake-ups are about other rows: lock nothing for them
        rows, self._lots[queue] = await taking.take(lots, places)
        return rows


async def _any_free(taking: Taking, lots: Sequence[Lot]) -> bool:
    """Whether a gate lets a job in."""
    return bool(Allotment(lots, await taking.limits(gates_of(lots)), 1).round())
