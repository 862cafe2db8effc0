"""Answers that are passed on before their end: their outcome is recorded when they have ended, however that comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from models.errors import UpstreamFailed
from proxy.message import Rest


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The end of a stream: the bytes that were passed on, and the failure that cut it.

    `left`: the caller left, or took no more. `stopped`: the hub was stopped meanwhile.
    """

    size: int
    failure: UpstreamFailed | None = None
    left: bool = False
    stopped: bool = False


class RecordedRest:
    """The rest of an answer, as `proxy.message.Rest`. `record` is called once, before the end is seen.

    Iterating raises UpstreamFailed where the answer is cut, and what `record` raises.
    """

    def __init__(self, rest: Rest, record: Callable[[Ended], Awaitable[None]]) -> None:
        self._rest = rest
        self._record = record
        self._pieces = self._read()
        self._size = 0
        self._recorded: asyncio.Future[None] | None = None

    @property
    def length(self) -> int | None:
        """Bytes of the whole body, if they are known."""
        return self._rest.length

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def aclose(self) -> None:
        """Close the answer; one that has not ended was left by its caller, or by a hub that cancels its tasks."""
        task = asyncio.current_task()
        stopped = task is not None and task.cancelling() > 0
        await self._rest.aclose()
        await self._pieces.aclose()
        await self._end(left=not stopped, stopped=stopped)

    async def _read(self) -> AsyncGenerator[bytes, None]:
        try:
            async for piece in self._rest:
                self._size += len(piece)
                yield piece
        except UpstreamFailed as failure:
            await self._end(failure)
            raise
        await self._end()

    async def _end(self, failure: UpstreamFailed | None = None, *, left: bool = False, stopped: bool = False) -> None:
        """Record the end once. A cancelled caller does not take the record along."""
        if self._recorded is None:
            ended = Ended(size=self._size, failure=failure, left=left, stopped=stopped)
            self._recorded = asyncio.ensure_future(self._record(ended))
            await asyncio.shield(self._recorded)
