"""A worker over a real database: what it runs, when, how often, and what it leaves behind."""

import asyncio
import time

import pytest
from sqlalchemy import text

from jobs.job import GiveUp, NewJob
from jobs.transaction import enqueue
from models.vocabulary import WorkState
from tests.harness.backends import both, on_postgresql

#: Of a worker that looks by itself every sixteen seconds.
FAR = {"lease_ms": 50_000}


class Seen:
    """What ran, in order, and how many at most at a time."""

    def __init__(self):
        self.ids, self.now, self.most = [], 0, 0

    async def run(self, context):
        self.now += 1
        self.most = max(self.most, self.now)
        self.ids.append(context.job.id)
        await asyncio.sleep(0.03)
        self.now -= 1


async def test_runs_a_job_as_soon_as_it_is_committed(queue, bus, start_worker):
    seen = Seen()
    await start_worker(work=seen.run)
    await asyncio.sleep(0.1)
    began = time.monotonic()

    job_id = await queue.add()
    bus.wake("jobs")
    row = await queue.reached(job_id, WorkState.SUCCEEDED)

    assert time.monotonic() - began < 10
    assert seen.ids == [job_id]
    assert (row.attempt, row.error, row.lease_owner) == (1, None, None)


@both
async def test_a_transaction_that_is_rolled_back_asks_for_nothing(queue, bus, start_worker):
    seen = Seen()
    await start_worker(work=seen.run)

    with pytest.raises(RuntimeError):
        await _enqueue_and_break(queue)
    last = await queue.add()
    bus.wake("jobs")
    await queue.reached(last, WorkState.SUCCEEDED)

    assert seen.ids == [last]


@both
async def test_runs_at_most_so_many_at_a_time_and_each_once(queue, bus, start_worker):
    seen = Seen()
    ids = [await queue.add() for _ in range(30)]

    await start_worker(work=seen.run, knobs={"concurrency": 4, "batch": 3})
    await queue.emptied()

    assert sorted(seen.ids) == ids
    assert seen.most == 4


@both
async def test_two_workers_keep_a_lane_in_order(queue, bus, start_worker):
    seen = Seen()
    ids = [await queue.add(lane="l") for _ in range(15)]

    await start_worker(work=seen.run)
    await start_worker(work=seen.run)
    await queue.emptied()

    assert seen.ids == ids
    assert seen.most == 1


@both
async def test_waits_for_the_time_of_a_job_and_not_longer(queue, bus, start_worker):
    started = []

    async def note(context):
        started.append(time.monotonic() - began)

    await start_worker(work=note, knobs=FAR)
    began = time.monotonic()
    job_id = await queue.add(delay_ms=300)
    bus.wake("jobs")
    await queue.reached(job_id, WorkState.SUCCEEDED)

    assert 0.3 <= started[0] < 12


@on_postgresql
async def test_a_job_that_comes_due_while_the_database_is_asked_for_it_is_not_passed_by(queue, bus, start_worker):
    """Its question is held up; the look that would find the job otherwise comes much later."""
    started = []

    async def note(context):
        started.append(time.monotonic() - began)

    await start_worker(work=note, knobs=FAR)
    began = time.monotonic()
    job_id = await queue.add(delay_ms=200)
    bus.wake("jobs")
    await asyncio.sleep(0.01)  # it has tried to claim, and asks in a moment
    async with queue.database.write() as session:
        await session.execute(text("LOCK TABLE job IN ACCESS EXCLUSIVE MODE"))
        await asyncio.sleep(0.3)
    await queue.reached(job_id, WorkState.SUCCEEDED)

    assert 0.2 <= started[0] < 12


async def test_a_poison_job_dies_after_its_tries_and_the_queue_moves(queue, bus, start_worker):
    tries = []

    async def work(context):
        if context.job.id == poison:
            tries.append(context.job.attempt)
            raise ValueError("postgres://user:secret@host")

    poison = await queue.add(max_attempts=3)
    others = [await queue.add() for _ in range(5)]
    await start_worker(work=work)

    row = await queue.reached(poison, WorkState.FAILED)
    await queue.emptied()

    assert tries == [1, 2, 3]
    assert row.error.startswith("Internal error, id ")
    assert "secret" not in row.error
    assert [(await queue.row(one)).state for one in others] == [WorkState.SUCCEEDED] * 5


async def test_what_is_not_kept_is_gone_when_done_and_stays_when_it_failed(queue, start_worker):
    async def work(context):
        if context.job.id == bad:
            raise GiveUp("No.")

    good, bad = await queue.add(), await queue.add()
    await start_worker(work=work, keep_when_done=False)

    await queue.reached(bad, WorkState.FAILED)
    await queue.emptied()

    assert await queue.row(good) is None


async def _enqueue_and_break(queue):
    async with queue.database.write() as session:
        await enqueue(session, NewJob(operation="work", caption="Work", queue=queue.name))
        raise RuntimeError


@both
async def test_jobs_of_one_organization_that_hang_leave_places_for_others(queue, bus, start_worker, tenant):
    """Jobs of the hub's own are another organization's in this."""
    hang = asyncio.Event()

    async def work(context):
        if context.job.organization_id == tenant:
            await hang.wait()

    for _ in range(20):
        await queue.add(organization_id=tenant)
    await start_worker(work=work, knobs={"concurrency": 8, "reserves": True})
    await asyncio.sleep(0.2)

    job_id = await queue.add()
    bus.wake("jobs")

    await queue.reached(job_id, WorkState.SUCCEEDED)
    hang.set()
    await queue.emptied()
