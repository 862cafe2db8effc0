"""Lanes that a fault left without a job that may start are found and go on. Both databases."""

from sqlalchemy import text

from jobs.transaction import enqueue_all
from models.vocabulary import WorkState
from tests.harness.backends import both
from tests.jobs.conftest import claim
from tests.jobs.test_lanes import job

pytestmark = both


async def strand(queue, lane, count=2):
    """Jobs of a lane that are all blocked, as no statement of the engine leaves them."""
    ids = [await queue.add(lane=lane) for _ in range(count)]
    await queue.set(ids[0], blocked=True)
    return ids


async def test_a_lane_that_only_has_blocked_jobs_is_opened_at_the_next_look(queue, start_worker, caplog):
    ids = await strand(queue, "w" + queue.name)

    async def work(context):
        """Nothing."""

    await start_worker(work=work)
    await queue.emptied(14)

    assert {(row.id, row.state) for row in await queue.rows()} == {(one, WorkState.SUCCEEDED) for one in ids}
    assert "1 lanes of jobs had no job that may start" in caplog.text


async def test_a_lane_with_a_job_that_runs_or_waits_is_not_stranded(driver, queue):
    """One of a person's retries may stand at the end, blocked, while its worker still holds it."""
    await open_all(driver)
    held, next_one = [await queue.add(lane="h" + queue.name) for _ in range(2)]
    await claim(driver, queue)
    await queue.set(held, state=WorkState.QUEUED, position=3, blocked=True)
    late = [await queue.add(lane="l" + queue.name, delay_ms=60_000) for _ in range(2)]
    before = [row.blocked for row in await queue.rows()]

    opened = await open_all(driver)

    assert opened == 0
    assert [row.blocked for row in await queue.rows()] == before
    assert before == [True, True, False, True], (held, next_one, late)


async def test_every_lane_is_looked_at_a_thousand_at_a_time(driver, queue, database):
    async with database.write() as session:
        await enqueue_all(session, [job(queue, lane=f"{queue.name}{number:04}") for number in range(1_100)])
    ids = await strand(queue, queue.name + "1100")
    early = await strand(queue, queue.name + "0")

    opened, after = await driver.open_stranded(queue.name)
    rest = await driver.open_stranded(after)

    assert (opened, after, rest[0]) == (1, queue.name + "0998", 1)
    assert [(await queue.row(one)).blocked for one in (*early, *ids)] == [False, True] * 2
    async with database.write() as session:
        await session.execute(text("DELETE FROM job WHERE queue = :q"), {"q": queue.name})


async def open_all(driver):
    """Open every stranded lane, and answer their number."""
    opened, after = await driver.open_stranded("")
    return opened + (await driver.open_stranded(after))[0] if after else opened
