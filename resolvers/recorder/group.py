"""Group commit: batches that arrive during one write go together into the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from models.errors import Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """One transaction for the batches of many callers. Each gets the results of its own batch when it is durable.

    After an error the batches of a group are written one by one, so that one bad batch does not fail the others.
    """

    def __init__(
        self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], *, most: int | None = None
    ) -> None:
        """`write`: one transaction, with a result for each item. `most`: batches of one group; None: all."""
        self._write = write
        self._most = most
        self._waiting: list[tuple[Sequence[Item], asyncio.Future[Sequence[Result]]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, batch: Sequence[Item]) -> Sequence[Result]:
        """The results of a batch's items, in order. The batch is written even if its caller stops waiting."""
        done: asyncio.Future[Sequence[Result]] = asyncio.get_running_loop().create_future()
        self._waiting.append((batch, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await done

    async def drain(self) -> None:
        """Wait until all batches are written."""
        if self._writing is not None:
            await self._writing

    async def _write_all(self) -> None:
        # No await between the last look at `_waiting` and `_writing = None`: a batch in between would stay unwritten.
        while self._waiting:
            group = self._waiting[: self._most]
            del self._waiting[: len(group)]
            if len(group) == 1 or not await self._write_together(group):
                for batch, done in group:
                    await self._write_alone(batch, done)
        self._writing = None

    async def _write_together(self, group: list[tuple[Sequence[Item], asyncio.Future[Sequence[Result]]]]) -> bool:
        try:
            recorded = iter(await self._write([record for batch, _ in group for record in batch]))
        except Unavailable as refusal:  # not a batch's fault: writing one by one would only take longer
            for _, done in group:
                if not done.done():
                    done.set_exception(refusal)
            return True
        except Exception:  # noqa: BLE001  each batch is written alone next, and the bad one fails
            return False
        for batch, done in group:
            mine = [next(recorded) for _ in batch]
            if not done.done():
                done.set_result(mine)
        return True

    async def _write_alone(self, batch: Sequence[Item], done: asyncio.Future[Sequence[Result]]) -> None:
        try:
            recorded = await self._write(batch)
        except Exception as error:  # noqa: BLE001  the caller gets it, and the loop continues
            if not done.done():
                done.set_exception(error)
            return
        if not done.done():
            done.set_result(recorded)
