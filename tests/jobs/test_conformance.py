"""What the engine asks of a database, held against both drivers through their one protocol."""

import asyncio

from jobs.driver import open_driver
from jobs.job import Ended
from models.vocabulary import WorkState
from tests.harness.backends import both
from tests.harness.databases import opened
from tests.jobs.conftest import LEASE_MS, claim, claim_rows, database_time, end

pytestmark = both
HOUR_MS = 3_600_000


async def test_a_claimed_job_carries_what_was_asked_for(driver, queue, tenant):
    subject, cause, person = f"{1:024x}", f"{2:024x}", f"{3:024x}"
    job_id = await queue.add(
        organization_id=tenant, payload={"b": 1, "a": [None, "ü"]}, subject_kind="Integration", subject_id=subject,
        priority=-3, max_attempts=7, lane="one", created_by=person, cause_kind="EVENT", cause_id=cause,
        correlation_id=cause,
    )  # fmt: skip

    (job,) = await claim_rows(driver, queue)

    assert (job.id, job.organization_id, job.operation) == (job_id, tenant, "work")
    assert list(job.payload.items()) == [("b", 1), ("a", [None, "ü"])]
    assert (job.subject_kind, job.subject_id, job.created_by) == ("Integration", subject, person)
    assert (job.cause_kind, job.cause_id, job.correlation_id) == ("EVENT", cause, cause)
    assert (job.priority, job.attempt, job.max_attempts, job.lane, job.owner) == (-3, 1, 7, "one", "a")


async def test_a_claim_is_written_with_a_lease_by_the_clock_of_the_database(driver, queue, database):
    job_id = await queue.add()
    before = await database_time(database)

    await claim(driver, queue)

    row, after = await queue.row(job_id), await database_time(database)
    assert (row.state, row.lease_owner, row.attempt) == (WorkState.RUNNING, "a", 1)
    assert before + LEASE_MS <= row.lease_until <= after + LEASE_MS
    assert before <= row.started_at <= after


async def test_claims_the_lowest_priority_number_first_then_what_is_due_longest_then_by_id(driver, queue):
    ids = [await queue.add(priority=1, run_at=5), await queue.add(priority=0, run_at=7)]
    ids += [await queue.add(priority=0, run_at=6), await queue.add(priority=0, run_at=6)]

    first = await claim(driver, queue, limit=3)
    second = await claim(driver, queue, limit=3)

    assert first == [ids[2], ids[3], ids[1]]
    assert second == [ids[0]]


async def test_claims_what_it_knows_and_is_due_in_its_queue_only(driver, queue, database):
    await queue.add("other")
    await queue.add(delay_ms=60_000)
    await queue.add(run_at=await database_time(database) + 60_000)
    due = await queue.add(run_at=await database_time(database) - 1)

    assert await claim(driver, queue) == [due]
    assert await driver.claim("a", "elsewhere", ("work",), 10, LEASE_MS) in ((), [])


async def test_two_workers_that_claim_at_once_share_no_job(driver, queue, database_url):
    ids = [await queue.add() for _ in range(60)]
    async with opened(database_url) as other_database:
        other = open_driver(other_database)

        claims = await asyncio.gather(
            *(claim(one, queue, owner, 7) for one, owner in [(driver, "a"), (other, "b")] * 6)
        )
        await other.close()

    taken = [job_id for claimed in claims for job_id in claimed]
    assert sorted(taken) == ids


async def test_a_lane_lets_one_go_at_a_time_in_the_order_of_ids(driver, queue):
    ids = [await queue.add(lane="x", priority=-index) for index in range(3)]
    free = await queue.add()

    first = await claim_rows(driver, queue)
    while_held = await claim(driver, queue)
    await end(driver, first[0])
    second = await claim(driver, queue)

    assert [job.id for job in first] == [ids[0], free]
    assert while_held == []
    assert second == [ids[1]]


async def test_a_lane_waits_for_the_one_that_is_to_be_tried_again(driver, queue):
    ids = [await queue.add(lane="y") for _ in range(2)]
    (job,) = await claim_rows(driver, queue)
    await end(driver, job, WorkState.QUEUED, delay_ms=60_000)

    blocked = await claim(driver, queue)
    await queue.set(ids[0], run_at=0)
    freed = await claim(driver, queue)

    assert blocked == []
    assert freed == [ids[0]]


async def test_many_claims_at_once_never_hold_a_lane_twice(driver, queue, database_url):
    for _ in range(20):
        await queue.add(lane="z")
    async with opened(database_url) as other_database:
        other = open_driver(other_database)
        held, order = set(), []

        async def work(one, owner):
            while len(order) < 20:
                for job in await claim_rows(one, queue, owner):
                    assert not held, "Two jobs of one lane are held."
                    held.add(job.id)
                    order.append(job.id)
                    await asyncio.sleep(0)
                    held.clear()
                    await end(one, job)

        await asyncio.gather(
            *(work(one, f"{owner}{n}") for n in range(3) for one, owner in ((driver, "a"), (other, "b")))
        )
        await other.close()

    assert order == sorted(order)


async def test_a_finished_job_shows_how_it_ended(driver, queue):
    await queue.add()
    await queue.add()
    first, second = await claim_rows(driver, queue)

    recorded = await driver.end(
        "a",
        [
            Ended(lease=first.lease, state=WorkState.SUCCEEDED),
            Ended(lease=second.lease, state=WorkState.FAILED, error="It is broken."),
        ],
    )

    rows = [await queue.row(first.id), await queue.row(second.id)]
    assert recorded == {first.id, second.id}
    assert [(row.state, row.error, row.lease_owner, row.lease_until) for row in rows] == [
        (WorkState.SUCCEEDED, None, None, None),
        (WorkState.FAILED, "It is broken.", None, None),
    ]
    assert all(row.finished_at >= row.started_at for row in rows)


async def test_a_job_that_is_not_kept_is_removed_when_it_succeeded(driver, queue):
    await queue.add()
    (job,) = await claim_rows(driver, queue)

    recorded = await end(driver, job, drop=True)

    assert recorded == {job.id}
    assert await queue.row(job.id) is None


async def test_a_retry_waits_by_the_clock_of_the_database(driver, queue, database):
    await queue.add()
    (job,) = await claim_rows(driver, queue)
    before = await database_time(database)

    await end(driver, job, WorkState.QUEUED, delay_ms=5_000, error="Not now.")

    row = await queue.row(job.id)
    assert (row.state, row.attempt, row.error, row.finished_at) == (WorkState.QUEUED, 1, "Not now.", None)
    assert before + 5_000 <= row.run_at <= await database_time(database) + 5_000
    assert await claim(driver, queue) == []
    due = await driver.next_due(queue.name, ("work",), 0)
    assert 0 < due.at - due.now <= 5_000


async def test_what_is_given_back_costs_no_try(driver, queue):
    await queue.add()
    (job,) = await claim_rows(driver, queue)

    await end(driver, job, WorkState.QUEUED, refund=True)
    (again,) = await claim_rows(driver, queue, "b")

    assert again.id == job.id
    assert again.attempt == 1


async def test_reports_how_far_a_job_is(driver, queue):
    await queue.add()
    (job,) = await claim_rows(driver, queue)

    await driver.report(job.lease, 0.25, '[{"caption": "One"}]')

    row = await queue.row(job.id)
    assert (row.progress, row.tasks, row.state) == (0.25, [{"caption": "One"}], WorkState.RUNNING)


async def test_says_when_the_next_job_is_due(driver, queue, database):
    nothing = await driver.next_due(queue.name, ("work",), 0)
    await queue.add("other", delay_ms=10)
    await queue.add(delay_ms=60_000)
    await queue.add(delay_ms=30_000)
    overdue = await queue.add_row(run_at=nothing.now - 10_000)

    earlier = await driver.next_due(queue.name, ("work",), nothing.now - 10_001)
    later = await driver.next_due(queue.name, ("work",), nothing.now - 10_000)

    assert nothing.at is None
    assert earlier.at == overdue.run_at
    assert 20_000 < later.at - later.now <= 30_000
    assert nothing.now <= earlier.now <= later.now <= await database_time(database)


async def test_a_job_with_the_key_of_an_unfinished_one_is_that_one(driver, queue):
    first = await queue.add_row(dedupe_key=queue.name)
    while_queued = await queue.add_row(dedupe_key=queue.name)
    (job,) = await claim_rows(driver, queue)
    while_running = await queue.add_row(dedupe_key=queue.name)
    await end(driver, job)
    afterwards = await queue.add_row(dedupe_key=queue.name)

    assert while_queued.id == while_running.id == first.id
    assert while_running.state is WorkState.RUNNING
    assert afterwards.id != first.id
    assert len(await queue.rows()) == 2


async def test_a_key_is_nothing_to_another_organization(queue, tenant):
    one = await queue.add_row(dedupe_key=queue.name, organization_id=tenant)

    other = await queue.add_row(dedupe_key=queue.name)

    assert other.id != one.id


async def test_the_same_key_twenty_times_at_once_is_one_job(queue):
    rows = await asyncio.gather(*(queue.add_row(dedupe_key=queue.name) for _ in range(20)))

    assert len({row.id for row in rows}) == 1
    assert len(await queue.rows()) == 1
