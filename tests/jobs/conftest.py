"""Fixtures of the engine's tests: jobs of a queue of the test's own, made and read beside the engine."""

from contextlib import AsyncExitStack

import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from jobs.bus import Bus
from jobs.driver import open_driver
from jobs.job import Ended, NewJob
from jobs.kind import JobKind
from jobs.transaction import enqueue
from jobs.worker import Worker
from models.row import new_id
from models.tables import Job, Organization
from models.vocabulary import WorkState
from tests.harness.waiting import eventually

LEASE_MS = 15_000
#: Knobs of a worker whose lease is over soon.
SHORT = {"lease_ms": 2_000}


class Queue:
    """A queue that no other test uses: jobs go in, are read back, and their leases are made to run out."""

    def __init__(self, database):
        self.database = database
        self.name = f"test-{new_id()}"

    async def add(self, operation="work", **facts):
        """A new job's id."""
        return (await self.add_row(operation, **facts)).id

    async def add_row(self, operation="work", **facts):
        """The row that enqueue answers."""
        new = NewJob(operation=operation, caption="Work", queue=self.name, **facts)
        async with self.database.write() as session:
            return await enqueue(session, new)

    async def row(self, job_id):
        """A job as it is stored; None when it is gone."""
        async with self.database.read() as session:
            return (await session.execute(select(Job).where(col(Job.id) == job_id))).scalars().first()

    async def rows(self):
        """All jobs of the queue, by id."""
        async with self.database.read() as session:
            return (await session.execute(select(Job).where(Job.queue == self.name).order_by(Job.id))).scalars().all()

    async def set(self, job_id, **values):
        """Change a job past the engine."""
        async with self.database.write() as session:
            await session.execute(update(Job).where(col(Job.id) == job_id).values(**values))

    async def shift(self, job_id, milliseconds):
        """Move the end of a lease, as the database's clock moves the other way."""
        await self.set(job_id, lease_until=Job.lease_until + milliseconds)

    async def reached(self, job_id, state, seconds=60.0):
        """The row once it is in a state."""
        return await eventually(lambda: self._in_state(job_id, state), seconds)

    async def emptied(self, seconds=60.0):
        """Return once no job of the queue is unfinished."""

        async def none_left():
            unfinished = (WorkState.QUEUED, WorkState.RUNNING)
            return all(row.state not in unfinished for row in await self.rows())

        await eventually(none_left, seconds)

    async def _in_state(self, job_id, state):
        row = await self.row(job_id)
        return row if row is not None and row.state is state else None


@pytest.fixture
async def tenant(database):
    """The id of an organization of the test's own."""
    async with database.write() as session:
        session.add(organization := Organization(name="Acme", slug=f"acme-{new_id()}"))
    return organization.id


@pytest.fixture
def queue(database):
    """An empty queue."""
    return Queue(database)


@pytest.fixture
async def driver(database):
    """The driver of the database under test."""
    driver = open_driver(database)
    yield driver
    await driver.close()


@pytest.fixture
async def bus(database):
    """A bus that hears other processes."""
    bus = Bus(database)
    async with bus.running():
        yield bus


@pytest.fixture
async def start_worker(database, bus, queue):
    """Starts workers of the queue that stop with the test: `await start_worker(work=function)`."""
    async with AsyncExitStack() as stack:

        async def start(*, keep_when_done=True, first_retry_ms=10, knobs=None, **kinds):
            made = [
                JobKind(name=name, run=run, keep_when_done=keep_when_done, first_retry_ms=first_retry_ms)
                for name, run in kinds.items()
            ]
            worker = Worker(database, made, bus, queue=queue.name, **(knobs or {}))
            await stack.enter_async_context(worker.running())
            return worker

        yield start


async def database_time(database):
    """The database's clock, in ms."""
    statement = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    if not database.is_sqlite:
        statement = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    async with database.read() as session:
        return (await session.execute(text(statement))).scalar_one()


async def claim(driver, queue, owner="a", limit=10, operations=("work",)):
    return [job.id for job in await claim_rows(driver, queue, owner, limit, operations)]


async def claim_rows(driver, queue, owner="a", limit=10, operations=("work",)):
    return await driver.claim(owner, queue.name, operations, limit, LEASE_MS)


async def end(driver, job, state=WorkState.SUCCEEDED, **how):
    return await driver.end(job.owner, [Ended(lease=job.lease, state=state, **how)])
