"""The process that only runs jobs: `python worker.py`."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from contextlib import AsyncExitStack

from hub.starting import CannotStart, starting, warn_of_open_keys
from hub.wiring import build_hub, catalogue_of, opened
from hub.working import working
from settings import Settings, read_settings
from wire.log import log_to_stderr

_log = logging.getLogger("patchbay.worker")


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
            await stack.enter_async_context(opened(hub, catalogue_of(settings)))
            jobs = working(hub, concurrency=settings.worker_concurrency, drain_seconds=settings.drain_seconds)
            await stack.enter_async_context(jobs)
        gc.collect()
        gc.freeze()  # these objects live as long as the process: collections skip them from now on
        most = settings.worker_concurrency.values()
        _log.info("Working on up to %d jobs, %d deliveries and %d runs of flows at once", *most)
        await told.wait()
        _log.info("Stopping: jobs under way have %d seconds", settings.drain_seconds)
    _log.info("Stopped")


if __name__ == "__main__":
    main()
