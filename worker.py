"""The face for jobs: joins the nouns' tables and runs them, inside the server or as `python worker.py`."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from jobs.worker import Worker
from resolvers.background import Background, ensure_recurring, kinds
from resolvers.caller import Caller, Hub
from resolvers.dispatching import reaping
from resolvers.integrations import deletion as integration_deletion
from resolvers.integrations import verification_job
from resolvers.jobs import expiry
from settings import Settings, read_settings
from starting import CannotStart, starting, warn_of_open_keys
from wire.log import log_to_stderr
from wiring import build_hub, opened

_log = logging.getLogger("patchbay.worker")
_SHARE_OF_JOBS: Final = 0.6  # the rest is for giving back what does not end in it


def background() -> Mapping[str, Background]:
    """Every kind of job, by name."""
    return {
        **integration_deletion.BACKGROUND,
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


def main() -> None:
    """Work until told to stop. Exits with 1 and a sentence when it cannot start."""
    try:
        with starting():
            log_to_stderr("info")
            settings = read_settings()
            log_to_stderr(settings.log_level)
        asyncio.run(_work(settings))
    except CannotStart as why:
        sys.exit(f"The worker cannot start. {why}")


async def _work(settings: Settings) -> None:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with AsyncExitStack() as stack:
        with starting():
            hub = build_hub(settings)
            warn_of_open_keys(settings)
            await stack.enter_async_context(opened(hub))
            jobs = working(hub, concurrency=settings.job_concurrency, drain_seconds=settings.drain_seconds)
            await stack.enter_async_context(jobs)
        gc.collect()
        gc.freeze()  # what lives as long as the process need not be looked through again
        _log.info("Working on up to %d jobs at once", settings.job_concurrency)
        await told.wait()
        _log.info("Stopping: what is under way has %d seconds", settings.drain_seconds)
    _log.info("Stopped")


if __name__ == "__main__":
    main()
