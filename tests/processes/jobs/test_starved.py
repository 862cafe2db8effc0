"""A worker whose loop is blocked, and one whose time is over."""

import asyncio
import time

from jobs.bus import Bus
from jobs.kind import JobKind
from jobs.worker import Worker
from models.database import Database
from models.vocabulary import WorkState
from tests.harness.backends import both

LEASE_MS = 1_000
KNOBS = {"lease_ms": LEASE_MS}


@both
async def test_a_job_that_blocks_the_loop_keeps_its_lease(queue, start_worker, database_url):
    """The one that would take it over looks from a worker in another thread, whose loop is free."""
    runs = []

    async def block(context):
        runs.append(context.job.attempt)
        time.sleep(2.5 * LEASE_MS / 1000)  # noqa: ASYNC251

    job_id = await queue.add()
    await start_worker(work=block, knobs=KNOBS)
    await asyncio.to_thread(_take_over, database_url, queue.name, runs)

    row = await queue.reached(job_id, WorkState.SUCCEEDED)
    assert runs == [1]
    assert row.attempt == 1


async def test_draining_gives_running_jobs_their_time_and_back_what_they_do_not_end_in_it(queue, start_worker):
    async def short(context):
        await asyncio.sleep(0.2)

    async def long(context):
        await asyncio.sleep(60)

    quick, slow = await queue.add("short"), await queue.add("long")
    worker = await start_worker(short=short, long=long, knobs={"grace_seconds": 0.5})
    await queue.reached(slow, WorkState.RUNNING)
    began = time.monotonic()

    draining = asyncio.create_task(worker.drain())
    await asyncio.sleep(0)
    late = await queue.add("short")
    await draining

    rows = [await queue.row(job_id) for job_id in (quick, slow, late)]
    assert time.monotonic() - began < 12  # a fifth of the long job's time
    assert [(row.state, row.attempt, row.lease_owner) for row in rows] == [
        (WorkState.SUCCEEDED, 1, None),
        (WorkState.QUEUED, 0, None),
        (WorkState.QUEUED, 0, None),
    ]


def _take_over(url, name, runs):
    async def watch():
        async def run(context):
            runs.append(context.job.attempt)

        database = Database(url)
        bus = Bus(database)
        worker = Worker(database, [JobKind(name="work", run=run)], bus, queue=name, **KNOBS)
        async with bus.running(), worker.running():
            await asyncio.sleep(2.3 * LEASE_MS / 1000)
        await database.close()

    asyncio.run(watch())
