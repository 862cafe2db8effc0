"""Leases, held against both drivers through their one protocol: lost, expired, extended, cancelled."""

import asyncio

import pytest

from jobs.job import JobCancelled, LeaseLost
from models.vocabulary import WorkState
from tests.harness.backends import both
from tests.jobs.conftest import LEASE_MS, claim, claim_rows, database_time, end

pytestmark = both
HOUR_MS = 3_600_000


@pytest.mark.parametrize("how", [{}, {"drop": True}, {"state": WorkState.FAILED}])
async def test_who_lost_the_lease_records_nothing(driver, queue, how):
    job_id = await queue.add()
    (job,) = await claim_rows(driver, queue, "a")
    await queue.shift(job_id, -HOUR_MS)
    await driver.reap()
    (other,) = await claim_rows(driver, queue, "b")
    before = await queue.row(job_id)

    recorded = await end(driver, job, **how)
    with pytest.raises(LeaseLost):
        await driver.report(job.lease, 0.5, None)

    assert recorded == frozenset()
    assert await queue.row(job_id) == before
    assert (before.lease_owner, before.attempt) == ("b", other.attempt) == ("b", 2)


async def test_a_worker_does_not_take_its_own_later_attempt_for_the_earlier(driver, queue):
    job_id = await queue.add()
    (first,) = await claim_rows(driver, queue, "a")
    await queue.shift(job_id, -HOUR_MS)
    await driver.reap()
    await claim(driver, queue, "a")
    before = await queue.row(job_id)

    recorded = await end(driver, first)

    assert recorded == frozenset()
    assert await queue.row(job_id) == before


async def test_what_was_cancelled_while_it_ran_stays_cancelled_and_is_let_go(driver, queue):
    await queue.add(lane="c")
    waiting = await queue.add(lane="c")
    (job,) = await claim_rows(driver, queue)
    await queue.set(job.id, state=WorkState.CANCELLED)

    with pytest.raises(JobCancelled):
        await driver.report(job.lease, 0.5, None)
    while_held = await claim(driver, queue)
    recorded = await end(driver, job, drop=True)

    row = await queue.row(job.id)
    assert while_held == []
    assert recorded == {job.id}
    assert (row.state, row.lease_owner, row.error) == (WorkState.CANCELLED, None, None)
    assert await claim(driver, queue) == [waiting]


async def test_what_was_cancelled_and_asked_for_again_waits_until_it_is_let_go(driver, queue):
    await queue.add()
    (job,) = await claim_rows(driver, queue)
    await queue.set(job.id, state=WorkState.QUEUED)

    while_held = await claim(driver, queue)
    await end(driver, job)
    (again,) = await claim_rows(driver, queue)

    assert while_held == []
    assert (again.id, again.attempt) == (job.id, 2)


async def test_frees_a_job_whose_lease_is_over_and_fails_it_when_its_tries_are_used_up(driver, queue):
    once, twice, alive = await queue.add(max_attempts=1), await queue.add(max_attempts=2), await queue.add()
    await claim(driver, queue)
    await queue.shift(once, -HOUR_MS)
    await queue.shift(twice, -HOUR_MS)

    await driver.reap()

    rows = [await queue.row(job_id) for job_id in (once, twice, alive)]
    assert [row.state for row in rows] == [WorkState.FAILED, WorkState.QUEUED, WorkState.RUNNING]
    assert [row.lease_owner for row in rows] == [None, None, "a"]
    assert [row.error for row in rows] == ["The worker stopped before the job ended."] * 2 + [None]
    assert [row.finished_at is None for row in rows] == [False, True, True]
    assert await claim(driver, queue, "b") == [twice]


async def test_frees_a_job_whose_lease_was_given_before_the_clock_was_set_back(driver, queue):
    job_id = await queue.add()
    await claim(driver, queue)
    await queue.shift(job_id, HOUR_MS)

    await driver.reap()

    assert (await queue.row(job_id)).state is WorkState.QUEUED


async def test_a_beat_extends_the_leases_that_are_still_held(driver, queue, database):
    ids = [await queue.add() for _ in range(3)]
    jobs = await claim_rows(driver, queue)
    await queue.set(ids[1], state=WorkState.CANCELLED)
    await queue.set(ids[2], lease_owner="b")
    await queue.shift(ids[0], -10_000)

    heart = await asyncio.to_thread(driver.heart)
    alive = await asyncio.to_thread(heart.beat, "a", {job.id: job.attempt for job in jobs}, LEASE_MS)
    await asyncio.to_thread(heart.close)

    assert alive == {ids[0]: WorkState.RUNNING, ids[1]: WorkState.CANCELLED}
    assert (await queue.row(ids[0])).lease_until >= await database_time(database) + LEASE_MS - 5_000
