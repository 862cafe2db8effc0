"""The face for jobs: joins the nouns' tables and runs them, inside the server or as `python worker.py`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from jobs.worker import Worker
from models.errors import DomainError
from resolvers.background import Background, ensure_recurring, kinds
from resolvers.caller import Caller, Hub
from resolvers.mutations import expiry, integration_deletion, reaping, verification_job
from settings import Settings, read_settings
from wire.log import log_to_stderr
from wiring import build_hub, opened


def background() -> Mapping[str, Background]:
    """Every kind of job, by name."""
    return {
        **integration_deletion.BACKGROUND,
        **reaping.BACKGROUND,
        **expiry.BACKGROUND,
        **verification_job.BACKGROUND,
    }


@asynccontextmanager
async def working(hub: Hub, *, concurrency: int) -> AsyncIterator[Worker]:
    """A worker over an open hub, which drains when the block ends."""
    table = background()
    await ensure_recurring(Caller.operator(hub), {name: one.recurs for name, one in table.items() if one.recurs})
    worker = Worker(hub.database, kinds(hub, table), hub.bus, concurrency=concurrency, clock=hub.clock)
    async with worker.running():
        yield worker


def main() -> None:
    """Work until told to stop. Exits with 1 and a sentence when it cannot start."""
    try:
        settings = read_settings()
        log_to_stderr(settings.log_level)
        asyncio.run(_work(settings))
    except (ValueError, DomainError) as refusal:
        sys.exit(f"The worker cannot start. {refusal}")


async def _work(settings: Settings) -> None:
    hub, told = build_hub(settings), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with opened(hub), working(hub, concurrency=settings.job_concurrency):
        await told.wait()


if __name__ == "__main__":
    main()
