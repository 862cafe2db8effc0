"""Fixtures of the runs' tests: a hub over a database of their own, whose worker runs flows and nothing else."""

from contextlib import asynccontextmanager

import pytest

from hub.wiring import build_hub
from jobs.queues import FLOWS
from jobs.worker import Worker
from models.pace import Pace
from resolvers.background import kinds
from resolvers.runs.background import BACKGROUND
from settings import Settings
from tests.harness.waiting import eventually
from tests.runs.plant import new_plant
from tests.runs.shop import open_shop

QUICK = Pace(upstream_retry=0.01, run_slice=0.01, run_look=0.05, run_pause=0.2, run_pause_longest=1.0, job_lease=3.0)


@pytest.fixture(scope="module")
async def runs_url(new_migrated_database):
    """A database for the tests of a module: no other hub works on its jobs."""
    async with new_migrated_database() as url:
        yield url


@pytest.fixture
async def runs_hub(runs_url, master_keys, tmp_path):
    """A hub that reaches loopback, without a worker."""
    settings = Settings(
        home=tmp_path,
        database_url=runs_url,
        master_keys=master_keys,
        egress_allow="127.0.0.0/8",
        pace=QUICK,
        worker=False,
    )
    hub = build_hub(settings)
    async with hub.egress:
        yield hub
    await hub.recorder.close()
    hub.expressions.close()
    await hub.database.close()


@pytest.fixture
async def shop():
    """A remote service."""
    async with open_shop() as shop:
        yield shop


@pytest.fixture
async def plant(runs_hub, shop):
    """An organization whose integration is that service."""
    return await new_plant(runs_hub, shop.url)


@pytest.fixture
def worker(runs_hub):
    """A worker for runs: `async with worker(): …`."""

    @asynccontextmanager
    async def running(concurrency=4):
        table = {name: one for name, one in BACKGROUND.items() if one.queue == FLOWS}
        made = Worker(
            runs_hub.database,
            kinds(runs_hub, table),
            runs_hub.bus,
            queue=FLOWS,
            concurrency=concurrency,
            lease_ms=int(runs_hub.pace.job_lease * 1000),
            grace_seconds=1,
        )
        async with made.running():
            yield made

    return running


@pytest.fixture
def done(plant, worker):
    """Lets runs work to their end: `run = await done(run)`."""

    async def work(run):
        async with worker():
            await eventually(lambda: _has_ended(plant, run))
        return await plant.of(run)

    return work


async def _has_ended(plant, run):
    return (await plant.of(run)).finished_at is not None
