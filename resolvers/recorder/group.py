"""Group commit: what arrives while one write is under way goes together in the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from models.errors import Unavailable
from resolvers.recorder.records import Record, Recorded

Batch = Sequence[Record]
Write = Callable[[Batch], Awaitable[Sequence[Recorded]]]


class GroupCommit:
    """Lets many callers share a transaction; each learns of its own records only, once they are durable.

    A group that fails is written again batch by batch, so that nobody pays for another's fault.
    """

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: list[tuple[Batch, asyncio.Future[Sequence[Recorded]]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, batch: Batch) -> Sequence[Recorded]:
        """As `Recorder.write`. What was handed in is written even when its caller leaves."""
        done: asyncio.Future[Sequence[Recorded]] = asyncio.get_running_loop().create_future()
        self._waiting.append((batch, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await done

    async def drain(self) -> None:
        """Wait until everything that was handed in is written."""
        if self._writing is not None:
            await self._writing

    async def _write_all(self) -> None:
        # Nothing is awaited between seeing that nobody waits and saying so: else a newcomer would wait for ever.
        while self._waiting:
            group, self._waiting = self._waiting, []
            if len(group) == 1 or not await self._write_together(group):
                for batch, done in group:
                    await self._write_alone(batch, done)
        self._writing = None

    async def _write_together(self, group: list[tuple[Batch, asyncio.Future[Sequence[Recorded]]]]) -> bool:
        try:
            recorded = iter(await self._write([record for batch, _ in group for record in batch]))
        except Unavailable as refusal:  # nobody's fault: one after the other they would only wait longer
            for _, done in group:
                if not done.done():
                    done.set_exception(refusal)
            return True
        except Exception:  # noqa: BLE001  whose fault it is shows when each is written alone
            return False
        for batch, done in group:
            mine = [next(recorded) for _ in batch]
            if not done.done():
                done.set_result(mine)
        return True

    async def _write_alone(self, batch: Batch, done: asyncio.Future[Sequence[Recorded]]) -> None:
        try:
            recorded = await self._write(batch)
        except Exception as error:  # noqa: BLE001  it is the caller's to know, and the loop goes on
            if not done.done():
                done.set_exception(error)
            return
        if not done.done():
            done.set_result(recorded)
