"""The jobs of the hub: every kind, and a worker that runs them."""

from __future__ import annotations

import pkgutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Final

import resolvers
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
async def working(hub: Hub, *, concurrency: int, drain_seconds: float) -> AsyncIterator[Worker]:
    """A worker over an open hub, which drains within `drain_seconds` when the block ends."""
    table = background()
    await ensure_recurring(Caller.of_hub(hub), {name: one.recurs for name, one in table.items() if one.recurs})
    grace = drain_seconds * _SHARE_OF_JOBS
    worker = Worker(
        hub.database,
        kinds(hub, table),
        hub.bus,
        concurrency=concurrency,
        lease_ms=int(hub.pace.job_lease * 1000),
        grace_seconds=grace,
        clock=hub.clock,
    )
    async with worker.running():
        yield worker
