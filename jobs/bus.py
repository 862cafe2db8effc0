"""Bus: wakes the listeners of a topic. It carries no data: the listeners read the rows."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from jobs.outage import Outage
from jobs.signals import open_signals
from models.database import Database

_log = logging.getLogger("patchbay.jobs")
_SOUND_SECONDS: Final = 10.0
_LONGEST_PAUSE_SECONDS: Final = 2.0


class Bus:
    """The bus of one process. In this process a wake-up arrives at once, in others after a few milliseconds.

    Wake-ups may be spurious. Some may be missed while a connection is lost; all topics are woken after that.
    """

    def __init__(self, database: Database) -> None:
        self._signals = open_signals(database)
        self._ears: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._outage = Outage(_log, "Other processes cannot be heard", "Other processes are heard again")

    def wake(self, *topics: str) -> None:
        """Wake the listeners of these topics in every process. Call it after the commit."""
        if topics:
            self._ring(topics)
            self._signals.send(topics)

    @contextmanager
    def listening(self, topic: str) -> Iterator[asyncio.Event]:
        """An event that each wake-up sets. Clear it before reading the rows."""
        event = asyncio.Event()
        self._ears[topic].add(event)
        try:
            yield event
        finally:
            self._ears[topic].discard(event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Exchange wake-ups with other processes for as long as the block lasts."""
        task = asyncio.create_task(self._hear())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _hear(self) -> None:
        pause = 0.1
        while True:
            began = time.monotonic()
            try:
                await self._signals.run(self._heard)
            except Exception as error:  # noqa: BLE001  a run loop outlives what goes wrong in it
                self._outage.meet(error)
            pause = 0.1 if time.monotonic() - began > _SOUND_SECONDS else min(pause * 2, _LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(pause)

    def _heard(self, topics: Iterable[str] | None) -> None:
        self._outage.end()
        self._ring(topics)

    def _ring(self, topics: Iterable[str] | None) -> None:
        """Set the events of these topics; None: of all topics."""
        for topic in list(self._ears) if topics is None else topics:
            for event in self._ears.get(topic, ()):
                event.set()
