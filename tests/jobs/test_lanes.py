"""Lanes, held against both drivers: in the order of commits, one at a time, and every way out lets the next go."""

import asyncio

import pytest
from sqlalchemy import text

from jobs import statements
from jobs.job import NewJob
from jobs.transaction import enqueue, enqueue_all
from models.row import new_id
from models.statement import spelled
from models.vocabulary import WorkState
from tests.harness.backends import both, on_postgresql, on_sqlite
from tests.harness.databases import opened
from tests.jobs.conftest import claim, claim_rows, end

pytestmark = both


def job(queue, **facts):
    return NewJob(**{"operation": "work", "caption": "Work", "queue": queue.name, "lane": queue.name} | facts)


async def run_all(driver, queue):
    """Run every job, and answer their ids in the order of their starts."""
    order = []
    while rows := await claim_rows(driver, queue):
        order += [row.id for row in rows]
        for row in rows:
            await end(driver, row)
    return order


async def test_runs_in_the_order_of_commits_though_two_clocks_differ(driver, queue, database_url, database):
    """Ids come from the clocks of the two processes, ten seconds apart."""
    sent = []
    async with opened(database_url) as other:
        for number in range(40):
            skew, where = ((-5_000, database), (5_000, other))[number % 2]
            async with where.write() as session:
                new = job(queue, id=new_id(1_800_000_000_000 + skew + number), gate=queue.name[-24:])
                sent.append((await enqueue(session, new)).id)

    assert sent != sorted(sent)
    assert await run_all(driver, queue) == sent


async def test_runs_in_the_order_of_commits_though_transactions_overlap(driver, queue, database_url, database):
    committed = []

    async def commit(where, count):
        for _ in range(count):
            async with where.write() as session:
                new = await enqueue(session, job(queue))
                await asyncio.sleep(0.002)  # holds the lane until it commits
                committed.append(new.id)

    async with opened(database_url) as other:
        await asyncio.gather(commit(database, 10), commit(database, 10), commit(other, 10))

    assert await run_all(driver, queue) == committed


async def test_many_at_once_keep_their_order_in_every_lane(driver, queue, database):
    ids = [f"{number:024x}" for number in range(999, 969, -1)]
    prefix = new_id()[:16]
    batch = [job(queue, id=prefix + one[16:], lane=f"{queue.name}{n % 3}") for n, one in enumerate(ids)]
    async with database.write() as session:
        await enqueue_all(session, batch)

    order = await run_all(driver, queue)

    for lane in range(3):
        mine = [new.id for new in batch if new.lane == f"{queue.name}{lane}"]
        assert [one for one in order if one in mine] == mine


async def test_a_lane_that_one_leaves_goes_on_and_the_one_that_left_is_tried_beside_it(driver, queue):
    first, second, third = [await queue.add(lane="s" + queue.name) for _ in range(3)]
    (head,) = await claim_rows(driver, queue)

    await end(driver, head, WorkState.QUEUED, delay_ms=60_000, leave_lane=True)
    (next_one,) = await claim_rows(driver, queue)
    await queue.set(first, run_at=0)
    beside = await claim(driver, queue)

    assert (next_one.id, beside) == (second, [first])
    assert (await queue.row(first)).lane is None
    await end(driver, next_one)
    assert await claim(driver, queue) == [third]


@pytest.mark.parametrize("state", [WorkState.SUCCEEDED, WorkState.FAILED])
@pytest.mark.parametrize("drop", [False, True])
async def test_the_end_of_the_head_lets_the_next_go(driver, queue, state, drop):
    await queue.add(lane="e" + queue.name)
    second = await queue.add(lane="e" + queue.name)
    (head,) = await claim_rows(driver, queue)
    await end(driver, head, state, drop=drop and state is WorkState.SUCCEEDED)

    assert await claim(driver, queue) == [second]


@pytest.mark.parametrize("tries", [1, 2])
async def test_a_head_of_a_stopped_worker_keeps_its_place_or_lets_the_next_go(driver, queue, tries):
    first = await queue.add(lane="r" + queue.name, max_attempts=tries)
    second = await queue.add(lane="r" + queue.name)
    await claim(driver, queue, "dead")
    await queue.shift(first, -3_600_000)
    await driver.reap()

    assert await claim(driver, queue) == [second if tries == 1 else first]


async def test_one_lane_is_nothing_to_another(driver, queue):
    await queue.add(lane="a" + queue.name, delay_ms=60_000)
    await queue.add(lane="a" + queue.name)
    free = [await queue.add(lane=f"{number}{queue.name}") for number in range(20)]

    assert await claim(driver, queue, limit=50) == free


async def test_a_waiting_lane_has_one_job_that_is_ready(queue):
    await queue.add(lane="b" + queue.name)
    for _ in range(5):
        await queue.add(lane="b" + queue.name)

    assert [row.blocked for row in await queue.rows()] == [False] + [True] * 5


@pytest.fixture
async def crowded(queue):
    """The queue with 100,000 jobs of one lane, all but the first blocked, and 100 that are free."""
    async with queue.database.write() as session:
        await enqueue_all(session, [job(queue, delay_ms=3_600_000), job(queue)])
        columns = (
            "created_at, updated_at, queue, operation, caption, payload, state, priority, run_at, attempt,"
            " max_attempts, lane, correlation_id, gate, lot, blocked"
        )
        series = "generate_series(1, 100000) AS s(n)"
        number = "lpad(to_hex(s.n), 24, '0')"
        if queue.database.is_sqlite:
            series = (
                "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100000) SELECT n FROM s) s"
            )
            number = "printf('%024x', s.n)"
        copy = f"INSERT INTO job (id, position, {columns}) SELECT {number}, s.n + 2, {columns} FROM job, {series}"
        await session.execute(text(f"{copy} WHERE queue = :q AND blocked"), {"q": queue.name})
        await enqueue_all(session, [job(queue, lane=None) for _ in range(100)])
    lot = f"//{2**31:010d}"
    yield lot
    async with queue.database.write() as session:
        await session.execute(text("DELETE FROM job WHERE queue = :q"), {"q": queue.name})


async def plan_of(queue, sql, *values):
    """The plan of a statement on PostgreSQL, as its lines."""
    async with queue.database.driver() as driver:
        transaction = driver.transaction()
        await transaction.start()
        try:
            plan = await driver.fetch(f"EXPLAIN (ANALYZE, TIMING OFF) {spelled(sql, sqlite=False)}", *values)
        finally:
            await transaction.rollback()
    return [row[0] for row in plan]


@on_postgresql
async def test_a_claim_reads_no_blocked_row_on_postgresql(queue, driver, crowded):
    looked = await plan_of(queue, statements.LOTS_POSTGRESQL, *[queue.name, ["work"]] * 2)
    claimed = await plan_of(queue, statements.CLAIM_POSTGRESQL, [crowded], [10], queue.name, ["work"], "a", 1000)
    opened_next = await plan_of(queue, statements.OPEN, queue.name, queue.name)

    for plan in (looked, claimed, opened_next):
        # Jobs of other tests that run or ran may be looked at, some hundreds, but not those that are blocked.
        assert not [line for line in plan if "Rows Removed by" in line and int(line.rsplit(":", 1)[1]) > 5_000], plan
        assert not [line for line in plan if "Seq Scan on job" in line or "Sort" in line], plan
    assert any("ix_job_ready" in line for line in looked)
    assert any("ix_job_ready" in line for line in claimed)
    assert any("ix_job_lane" in line for line in opened_next)
    assert len(await claim(driver, queue, limit=200)) == 100


@on_sqlite
async def test_a_claim_reads_no_blocked_row_on_sqlite(queue, driver, crowded):
    connection = queue.database.connect_sqlite()

    def plan(sql, *values):
        return " ".join(
            str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {spelled(sql, sqlite=True)}", values)
        )

    looked = plan(statements.LOTS_SQLITE, *[queue.name, '["work"]'] * 2)
    claimed = plan(statements.CLAIM_SQLITE, "a", 1000, queue.name, '["work"]', crowded, crowded, 10)
    opened_next = plan(statements.OPEN, queue.name, queue.name)
    connection.close()

    for one in (looked, claimed, opened_next):
        assert "SCAN job" not in one
        assert "SCAN j " not in one
        assert "TEMP B-TREE" not in one
    assert "ix_job_ready (queue=? AND lot>?)" in looked
    assert "ix_job_ready (queue=? AND lot>? AND lot<?)" in claimed
    assert "ix_job_lane (lane=?)" in opened_next
    assert len(await claim(driver, queue, limit=200)) == 100
