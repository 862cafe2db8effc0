"""What a job may not say in the open goes along with it for as long as it may run, and no longer."""

import pytest

from jobs.transaction import finish
from models.vocabulary import WorkState
from tests.harness.backends import both
from tests.jobs.conftest import claim_rows, end

pytestmark = both
SECRET = b"\x01an envelope\0\xff"


async def test_a_job_is_claimed_with_its_secret_in_each_attempt(driver, queue, tenant):
    await queue.add(organization_id=tenant, secret=SECRET, max_attempts=2)
    (first,) = await claim_rows(driver, queue)

    await end(driver, first, WorkState.QUEUED)
    (again,) = await claim_rows(driver, queue)

    assert (first.secret, again.secret, again.attempt) == (SECRET, SECRET, 2)
    assert "envelope" not in repr(again)


@pytest.mark.parametrize(
    ("state", "kept"), [(WorkState.SUCCEEDED, None), (WorkState.FAILED, SECRET), (WorkState.QUEUED, SECRET)]
)
async def test_lets_go_of_its_secret_when_it_has_succeeded(driver, queue, tenant, state, kept):
    job_id = await queue.add(organization_id=tenant, secret=SECRET)
    (job,) = await claim_rows(driver, queue)

    await end(driver, job, state)

    row = await queue.row(job_id)
    assert (row.state, row.secret) == (state, kept)


async def test_a_cancelled_job_keeps_its_secret_for_another_start(driver, queue, tenant):
    job_id = await queue.add(organization_id=tenant, secret=SECRET)
    (job,) = await claim_rows(driver, queue)
    await queue.set(job_id, state=WorkState.CANCELLED)

    await end(driver, job)

    row = await queue.row(job_id)
    assert (row.state, row.secret) == (WorkState.CANCELLED, SECRET)


@pytest.mark.parametrize(
    ("error", "state", "kept"), [(None, WorkState.SUCCEEDED, None), ("It is gone.", WorkState.FAILED, SECRET)]
)
async def test_does_so_in_the_transaction_of_its_effects_too(queue, start_worker, tenant, error, state, kept):
    async def work(context):
        async with queue.database.write() as session:
            await finish(session, context, error=error)

    job_id = await queue.add(organization_id=tenant, secret=SECRET)
    await start_worker(work=work)

    row = await queue.reached(job_id, state)
    assert row.secret == kept
