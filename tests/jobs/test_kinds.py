"""The kinds of jobs that a worker runs: every room's table is found."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from types import ModuleType

import pytest
from sqlalchemy import select

import resolvers
from hub.wiring import build_hub
from hub.working import background, working
from jobs.job import NewJob
from jobs.queues import DEFAULT_QUEUE, DELIVERIES
from jobs.transaction import enqueue
from models.migrations import upgrade
from models.secret import Keyring
from models.tables import Job
from models.vocabulary import WorkState
from resolvers.background import Background
from resolvers.jobs import background as of_jobs
from settings import Settings


def test_no_table_of_jobs_is_left_out():
    modules = [importlib.import_module(one.name) for one in pkgutil.walk_packages(resolvers.__path__, "resolvers.")]

    declared = {name: module.__name__ for module in modules for name in _kinds_in(module)}

    assert len(declared) >= 10
    assert {name: module for name, module in declared.items() if name not in background()} == {}


def test_refuses_a_kind_that_two_rooms_have(monkeypatch):
    monkeypatch.setitem(of_jobs.BACKGROUND, "upload.expire", of_jobs.BACKGROUND["job.remove"])

    with pytest.raises(ValueError, match=r"resolvers\.uploads and another room both name a job upload\.expire"):
        background()


@pytest.fixture
async def own_hub(tmp_path):
    """A hub over an empty file of its own."""
    address = f"sqlite:///{tmp_path / 'own.sqlite3'}"
    hub = build_hub(Settings(home=tmp_path, database_url=address, master_keys=Keyring.generate()))
    await upgrade(hub.database)
    yield hub
    await hub.recorder.close()
    await hub.database.close()


async def test_each_queue_has_a_worker_of_its_own(own_hub, monkeypatch):
    started, both_run = [], asyncio.Event()

    async def note(_caller, context):
        started.append(context.job.queue)
        if len(started) == 2:
            both_run.set()
        await both_run.wait()

    table = {"one": Background(run=note), "two": Background(run=note, queue=DELIVERIES, keep_when_done=False)}
    monkeypatch.setattr("hub.working.background", lambda: table)
    for name, one in table.items():
        async with own_hub.database.write() as session:
            await enqueue(session, NewJob(operation=name, caption="Work", queue=one.queue))

    async with working(own_hub, concurrency={DEFAULT_QUEUE: 1, DELIVERIES: 1}, drain_seconds=20):
        await asyncio.wait_for(both_run.wait(), 30)

    async with own_hub.database.read() as session:
        kept = (await session.execute(select(Job.operation, Job.state))).all()
    assert sorted(started) == [DEFAULT_QUEUE, DELIVERIES]
    assert [tuple(row) for row in kept] == [("one", WorkState.SUCCEEDED)]


async def test_refuses_a_kind_in_a_queue_without_a_worker(own_hub, monkeypatch):
    async def run(_caller, _context):
        """Nothing."""

    monkeypatch.setattr("hub.working.background", lambda: {"one": Background(run=run, queue="lost")})

    with pytest.raises(ValueError, match="No worker runs the queues lost"):
        async with working(own_hub, concurrency={DEFAULT_QUEUE: 1}, drain_seconds=1):
            pass


def _kinds_in(module: ModuleType) -> list[str]:
    tables = [value for value in vars(module).values() if isinstance(value, dict)]
    return [name for table in tables for name, one in table.items() if isinstance(one, Background)]
