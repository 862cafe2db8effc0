"""One attempt at a job: how it fails, tells, stops, and has its effect once."""

import asyncio
import threading

import pytest
from sqlalchemy import select

from jobs.backoff import backoff_ms
from jobs.job import GiveUp, JobCancelled, LeaseLost, Retry
from jobs.transaction import finish
from models.errors import Conflict
from models.row import new_id
from models.tables import Place
from models.vocabulary import PlaceKind, WorkState
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.jobs.conftest import SHORT


@pytest.mark.parametrize(
    ("error", "attempts", "sentence"),
    [
        (GiveUp("It is gone."), 1, "It is gone."),
        (Conflict("It is taken."), 2, "It is taken."),
        (Retry("Too early.", after_ms=1), 2, "Too early."),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_job_says_how_it_failed(queue, start_worker, error, attempts, sentence):
    async def work(context):
        raise error

    job_id = await queue.add(max_attempts=2)
    await start_worker(work=work)

    row = await queue.reached(job_id, WorkState.FAILED)

    assert (row.attempt, row.error) == (attempts, sentence)


async def test_a_retry_waits_for_as_long_as_the_other_side_said(queue, start_worker):
    async def work(context):
        raise Retry("Too many calls.", after_ms=60_000)

    job_id = await queue.add()
    await start_worker(work=work)

    row = await eventually(lambda: _after_first_try(queue, job_id))

    assert 50_000 < row.run_at - row.updated_at <= 60_000


async def test_a_job_tells_how_far_it_is(queue, start_worker):
    seen = []

    async def work(context):
        async with context.progress.task("Count"):
            async with context.progress.step("One", "The first"):
                pass
            seen.append(await queue.row(context.job.id))
            await context.progress.report(0.5)
        async with context.progress.task("Break"):
            raise Conflict("It is taken.")

    job_id = await queue.add(max_attempts=1)
    await start_worker(work=work)

    row = await queue.reached(job_id, WorkState.FAILED)

    (step,) = seen[0].tasks[0]["steps"]
    assert seen[0].tasks[0]["state"] == "RUNNING"
    assert (step["caption"], step["description"]) == ("One", "The first")
    assert step["startedAt"] <= step["finishedAt"]
    assert [(task["caption"], task["state"], task["error"]) for task in row.tasks] == [
        ("Count", "SUCCEEDED", None),
        ("Break", "FAILED", "It is taken."),
    ]
    assert row.progress == 0.5


@both
async def test_a_cancelled_job_stops_at_its_next_checkpoint(queue, start_worker):
    reached, after = asyncio.Event(), []

    async def work(context):
        await context.progress.report(0.1)
        reached.set()
        await asyncio.to_thread(stopped.wait)
        await context.progress.report(0.2)
        after.append("went on")

    stopped = threading.Event()
    job_id = await queue.add()
    await start_worker(work=work)
    await reached.wait()
    await queue.set(job_id, state=WorkState.CANCELLED)
    stopped.set()

    async def let_go():
        return (await queue.row(job_id)).lease_owner is None

    await eventually(let_go)
    row = await queue.row(job_id)
    assert (row.state, row.progress, after) == (WorkState.CANCELLED, 0.1, [])


@both
async def test_the_heartbeat_tells_a_job_that_it_was_cancelled(queue, start_worker):
    fate = []

    async def work(context):
        try:
            while True:
                context.progress.checkpoint()
                await asyncio.sleep(0.01)
        except (JobCancelled, LeaseLost) as error:
            fate.append(type(error))
            raise

    job_id = await queue.add()
    await start_worker(work=work, knobs=SHORT)
    await queue.reached(job_id, WorkState.RUNNING)
    await queue.set(job_id, state=WorkState.CANCELLED)

    async def told():
        return fate

    assert await eventually(told) == [JobCancelled]


@both
async def test_a_job_that_ends_in_its_own_transaction_has_its_effect_once(queue, start_worker, tenant):
    async def work(context):
        async with queue.database.write() as session:
            session.add(_place(tenant, context.job.id))
            await finish(session, context)

    job_id = await queue.add()
    await start_worker(work=work)

    row = await queue.reached(job_id, WorkState.SUCCEEDED)
    assert (row.attempt, row.lease_owner, row.finished_at is None) == (1, None, False)


@both
async def test_an_effect_is_rolled_back_when_the_lease_is_lost_before_the_commit(queue, start_worker, driver, tenant):
    async def work(context):
        if context.job.attempt == 1:
            await queue.shift(context.job.id, -3_600_000)
            await driver.reap()
        async with queue.database.write() as session:
            session.add(_place(tenant, f"attempt {context.job.attempt}"))
            await finish(session, context)

    job_id = await queue.add()
    await start_worker(work=work)

    row = await queue.reached(job_id, WorkState.SUCCEEDED)
    async with queue.database.read() as session:
        names = (await session.execute(select(Place.name).where(Place.organization_id == tenant))).scalars().all()
    assert row.attempt == 2
    assert names == ["attempt 2"]


def test_waits_double_and_are_spread_over_their_upper_half():
    assert [backoff_ms(attempt, 1.0) for attempt in (1, 2, 3, 11, 1000)] == [1000, 2000, 4000, 600_000, 600_000]
    assert [backoff_ms(attempt, 0.0) for attempt in (1, 2, 3)] == [500, 1000, 2000]


def _place(tenant, name):
    return Place(id=new_id(), organization_id=tenant, kind=PlaceKind.SPACE, name=name, name_key=name)


async def _after_first_try(queue, job_id):
    row = await queue.row(job_id)
    return row if row.attempt == 1 and row.state is WorkState.QUEUED else None
