"""The jobs of the hub: every kind, and a worker that runs them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from jobs.worker import Worker
from resolvers.background import Background, ensure_recurring, kinds
from resolvers.caller import Caller
from resolvers.dispatching import reaping
from resolvers.hub import Hub
from resolvers.integrations import deletion, verification_job
from resolvers.jobs import expiry

_SHARE_OF_JOBS: Final = 0.6  # the rest is for giving back unfinished jobs


def background() -> Mapping[str, Background]:
    """Every kind of job, by name."""
    return {
        **deletion.BACKGROUND,
        **reaping.BACKGROUND,
        **expiry.BACKGROUND,
        **verification_job.BACKGROUND,
    }


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
