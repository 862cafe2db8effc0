"""A database of the folder's own: a hub of another test would start the flows, and be given those of others."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from settings import Settings
from tests.harness.databases import opened
from tests.schedules.planted import Scheduler, planting


@pytest.fixture(scope="session")
async def flows_url(new_migrated_database):
    """The URL of the database."""
    async with new_migrated_database() as url:
        yield url


@pytest.fixture
async def planted(flows_url):
    """Flows of an organization of the test's own."""
    async with opened(flows_url) as database, planting(database) as place:
        yield place


@pytest.fixture
async def new_scheduler(flows_url, master_keys, tmp_path):
    """Makes schedulers, each with connections of its own: `new_scheduler()`."""
    async with AsyncExitStack() as stack:

        def make() -> Scheduler:
            scheduler = Scheduler(Settings(home=tmp_path, database_url=flows_url, master_keys=master_keys))
            stack.push_async_callback(scheduler.close)
            return scheduler

        yield make


@pytest.fixture
def scheduler(new_scheduler):
    """The only scheduler of a test."""
    return new_scheduler()
