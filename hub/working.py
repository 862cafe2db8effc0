"""The jobs of the hub: every kind, and the workers that run them."""

from __future__ import annotations

import asyncio
import pkgutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Final

import resolvers
from jobs.queues import DELIVERIES, FLOWS
from jobs.worker import Worker
from resolvers.background import Background, ensure_recurring, kinds
from resolvers.caller import Caller
from resolvers.hub import Hub

_SHARE_OF_JOBS: Final = 0.6  # the rest of the time returns unfinished jobs to the queue


def background() -> Mapping[str, Background]:
    """Every kind of job, by name: the BACKGROUND of each room of `resolvers` that has a `background` module.

    Raises ValueError for a name that two rooms use.
    """
    table: dict[str, Background] = {}
    for room in pkgutil.iter_modules(resolvers.__path__, "resolvers."):
        if room.ispkg and find_spec(f"{room.name}.background"):
            jobs: Mapping[str, Background] = import_module(f"{room.name}.background").BACKGROUND
            if twice := table.keys() & jobs.keys():
                raise ValueError(f"{room.name} and another room both name a job {', '.join(twice)}; rename one.")
            table |= jobs
    return table


@asynccontextmanager
async def working(hub: Hub, *, concurrency: Mapping[str, int], drain_seconds: float) -> AsyncIterator[None]:
    """A worker for each queue over an open hub; they drain at once, within `drain_seconds`, when the block ends.

    `concurrency`: the most jobs of each queue that run at once. Raises ValueError for a kind in another queue.
    """
    table = background()
    if lost := {one.queue for one in table.values()} - concurrency.keys():
        raise ValueError(f"No worker runs the queues {', '.join(sorted(lost))}.")
    await ensure_recurring(Caller.of_hub(hub), {name: one.recurs for name, one in table.items() if one.recurs})
    workers = [
        Worker(
            hub.database,
            kinds(hub, {name: one for name, one in table.items() if one.queue == queue}),
            hub.bus,
            queue=queue,
            concurrency=most,
            reserves=queue in (DELIVERIES, FLOWS),
            lease_ms=int(hub.pace.job_lease * 1000),
            grace_seconds=drain_seconds * _SHARE_OF_JOBS,
            clock=hub.clock,
        )
        for queue, most in concurrency.items()
    ]
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker.running())
        try:
            yield
        finally:
            await asyncio.gather(*(worker.drain() for worker in workers))
