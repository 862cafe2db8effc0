"""Effects: statements that are written in the transaction that ends an attempt, or not at all."""

import pytest
from sqlalchemy import select

from jobs.job import Effect, Ended, GiveUp, LeaseLost, Retry
from jobs.transaction import finish
from models.row import new_id
from models.tables import Place
from models.vocabulary import WorkState
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.jobs.conftest import claim, claim_rows, end

pytestmark = both
INSERT = (
    "INSERT INTO place (id, organization_id, created_at, updated_at, kind, name, name_key, details)"
    " VALUES (?, ?, NOW, NOW, 'SPACE', ?, ?, '{}')"
)
RENAME = "UPDATE place SET name = name || ? WHERE organization_id = ?"


def named(tenant, name, order="place"):
    """An effect that inserts a place."""
    return Effect(order=order, sql=INSERT, parameters=(new_id(), tenant, name, name))


async def names(queue, tenant):
    """The places of an organization, by name."""
    async with queue.database.read() as session:
        statement = select(Place.name).where(Place.organization_id == tenant).order_by(Place.name_key)
        return (await session.execute(statement)).scalars().all()


async def test_are_written_in_their_order_whichever_attempt_named_them(driver, queue, tenant):
    await queue.add()
    await queue.add()
    first, second = await claim_rows(driver, queue)
    rename = Effect(order="b", sql=RENAME, parameters=("!", tenant))

    await driver.end("a", [
        Ended(lease=first.lease, state=WorkState.SUCCEEDED, effects=(named(tenant, "z", "c"), rename)),
        Ended(lease=second.lease, state=WorkState.QUEUED, effects=(named(tenant, "y", "a"), named(tenant, "x", "a"))),
    ])  # fmt: skip

    assert await names(queue, tenant) == ["x!", "y!", "z"]


async def test_of_an_attempt_that_lost_its_job_are_not_written(driver, queue, tenant):
    job_id = await queue.add()
    (job,) = await claim_rows(driver, queue)
    await queue.shift(job_id, -3_600_000)
    await driver.reap()

    recorded = await end(driver, job, effects=(named(tenant, "late"),))

    assert (recorded, await names(queue, tenant)) == (frozenset(), [])


async def test_of_an_attempt_that_a_person_cancelled_are_written(driver, queue, tenant):
    await queue.add()
    (job,) = await claim_rows(driver, queue)
    await queue.set(job.id, state=WorkState.CANCELLED)

    await end(driver, job, WorkState.QUEUED, refund=True, effects=(named(tenant, "sent"),))

    assert await names(queue, tenant) == ["sent"]
    assert (await queue.row(job.id)).state is WorkState.CANCELLED


async def test_a_removed_jobs_effects_are_written(driver, queue, tenant):
    await queue.add()
    (job,) = await claim_rows(driver, queue)

    await end(driver, job, drop=True, effects=(named(tenant, "done"),))

    assert (await queue.row(job.id), await names(queue, tenant)) == (None, ["done"])


@pytest.mark.parametrize("error", [None, GiveUp("No."), ValueError(), Retry("Later.", after_ms=60_000)], ids=repr)
async def test_are_written_however_the_attempt_ends(queue, start_worker, tenant, error):
    async def work(context):
        context.effects.append(named(tenant, "done"))
        if error is not None:
            raise error

    job_id = await queue.add(max_attempts=1)
    await start_worker(work=work)

    async def let_go():
        row = await queue.row(job_id)
        return row.attempt == 1 and row.lease_owner is None

    await eventually(let_go)
    assert await names(queue, tenant) == ["done"]


async def test_are_written_by_a_job_that_ends_in_its_own_transaction(queue, start_worker, tenant):
    async def work(context):
        context.effects.append(named(tenant, "done"))
        async with queue.database.write() as session:
            await finish(session, context)

    job_id = await queue.add()
    await start_worker(work=work)
    await queue.reached(job_id, WorkState.SUCCEEDED)

    assert await names(queue, tenant) == ["done"]


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        (INSERT.replace("?, ?, NOW", "?, NULL, NOW"), ("0" * 24, "x", "x")),
        ("UPDATE nothing SET id = ?", ("x",)),
        (RENAME, ("x",)),
        (RENAME, ("x", "y", "z")),
        ("UPDATE place SET created_at = ? WHERE id = 'x'", (10**30,)),
    ],
    ids=["a constraint", "no such table", "too few values", "too many values", "a value that fits no column"],
)
async def test_a_refused_effect_fails_its_own_job_and_no_other(queue, start_worker, tenant, caplog, sql, parameters):
    async def work(context):
        if context.job.id == bad:
            context.effects.append(Effect(order="a", sql=sql, parameters=parameters))
        else:
            context.effects.append(named(tenant, context.job.id[-6:]))

    good = [await queue.add() for _ in range(3)]
    bad = await queue.add(max_attempts=1)
    good += [await queue.add() for _ in range(3)]
    await start_worker(work=work)

    row = await queue.reached(bad, WorkState.FAILED)
    await queue.emptied()
    last = await queue.add()  # the worker goes on
    await queue.emptied()

    assert row.error.startswith("Internal error, id ")
    assert row.error.removeprefix("Internal error, id ") in caplog.text
    assert set(await names(queue, tenant)) == {one[-6:] for one in [*good, last]}
    assert [(await queue.row(one)).attempt for one in good] == [1] * 6


async def test_a_try_that_does_not_count_comes_back_after_its_wait(driver, queue, start_worker):
    seen = []

    async def work(context):
        seen.append(context.job.attempt)
        if len(seen) < 4:
            raise Retry("The endpoint is busy.", after_ms=1, refund=True)

    job_id = await queue.add(max_attempts=1)
    await start_worker(work=work)

    row = await queue.reached(job_id, WorkState.SUCCEEDED)
    assert (seen, row.attempt) == ([1, 1, 1, 1], 1)


async def test_a_finish_without_the_lease_writes_no_effect(driver, queue, start_worker, tenant):
    lost = []

    async def work(context):
        if context.job.attempt == 1:
            await queue.shift(context.job.id, -3_600_000)
            await driver.reap()
        context.effects.append(named(tenant, f"attempt {context.job.attempt}"))
        try:
            async with queue.database.write() as session:
                await finish(session, context)
        except LeaseLost:
            lost.append(context.job.attempt)
            raise

    job_id = await queue.add()
    await start_worker(work=work)
    await queue.reached(job_id, WorkState.SUCCEEDED)

    assert (lost, await names(queue, tenant)) == ([1], ["attempt 2"])
    assert await claim(driver, queue) == []
