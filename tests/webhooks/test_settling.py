"""Deliveries whose job ended without a record."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from jobs.job import NewJob
from jobs.transaction import enqueue
from models.row import new_id
from models.tables import Job
from models.vocabulary import WorkState
from resolvers.caller import Caller
from resolvers.webhooks.settling import settle_deliveries
from tests.harness.backends import both


async def ended_job(records, delivery, state):
    """A delivery's job in a queue without a worker, in this state."""
    new = NewJob(operation="webhook.deliver", caption="Deliver", queue=f"idle-{new_id()}", subject_id=delivery.id)
    async with records.database.write() as session:
        job = await enqueue(session, new)
        await session.execute(update(Job).where(col(Job.id) == job.id).values(state=state, finished_at=1))
    return job.id


async def jobs_of(records, delivery):
    statement = select(Job).where(col(Job.subject_id) == delivery.id)
    async with records.database.read() as session:
        return [job.state for job in (await session.execute(statement)).scalars()]


@both
@pytest.mark.parametrize("state", [WorkState.FAILED, WorkState.CANCELLED])
async def test_a_delivery_ends_like_its_job_and_the_job_is_removed(new_hub, records, state):
    delivery = await records.delivery(await records.webhook())
    await ended_job(records, delivery, state)

    await settle_deliveries(Caller.of_hub(await new_hub()))

    after = await records.read(delivery)
    assert (after.state, after.next_attempt_at, after.error.startswith("Its job")) == (state, None, True)
    assert after.finished_at is not None
    assert await jobs_of(records, delivery) == []


@both
async def test_a_delivery_that_is_sent_again_goes_on(new_hub, records):
    delivery = await records.delivery(await records.webhook())
    await ended_job(records, delivery, WorkState.FAILED)
    await ended_job(records, delivery, WorkState.QUEUED)

    await settle_deliveries(Caller.of_hub(await new_hub()))

    assert (await records.read(delivery)).state is WorkState.QUEUED
    assert await jobs_of(records, delivery) == [WorkState.QUEUED]


@both
async def test_a_record_that_came_after_all_stays(new_hub, records):
    delivery = await records.delivery(await records.webhook(), state=WorkState.SUCCEEDED)
    await ended_job(records, delivery, WorkState.CANCELLED)

    await settle_deliveries(Caller.of_hub(await new_hub()))

    assert (await records.read(delivery)).state is WorkState.SUCCEEDED
