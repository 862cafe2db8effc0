"""The transaction of an operation: commit or roll back, accept its events, and start again on contention."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from models.errors import Contended
from resolvers.caller import Caller
from resolvers.work import Work

R = TypeVar("R")

_TRIES: Final = 4
_PAUSE_SECONDS: Final = 0.01


async def transact(caller: Caller, writes: bool, use: Callable[[Work], Awaitable[R]]) -> R:
    """Run `use` in a transaction, and return its result after the commit. On contention it starts again."""
    run = _write if writes else _read
    for attempt in range(1, _TRIES):
        try:
            return await run(caller, use)
        except Contended:
            await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS * 2**attempt))  # noqa: S311  not for security
    return await run(caller, use)


async def _read(caller: Caller, use: Callable[[Work], Awaitable[R]]) -> R:
    async with caller.hub.database.reading() as session:
        work = Work(caller, session)
        result = await use(work)
        if work.announced:
            raise RuntimeError("An event was announced in a transaction that only reads.")
        return result


async def _write(caller: Caller, use: Callable[[Work], Awaitable[R]]) -> R:
    async with caller.hub.database.write() as session:
        work = Work(caller, lambda: session)
        result = await use(work)
        await work.flush()  # here, so that the database's refusals become ours
        if work.announced:
            await work.accept_announced()
    caller.hub.bus.wake(*work.woken)
    return result
