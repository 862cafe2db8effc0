"""Failed jobs are announced: once for each end, whatever process stops between, and never those of deliveries."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from models.job import UNTOLD
from models.tables import Event, Job
from models.vocabulary import HubEvent, WorkState
from resolvers.caller import Caller
from resolvers.jobs.failures import announce_failed_jobs
from resolvers.jobs.mutations import retry_job
from tests.events.telling import Telling
from tests.harness.acting import act
from tests.harness.backends import both
from tests.jobs.test_graph import add_job, rows, set_job

FAILED = {"state": WorkState.FAILED, "attempt": 3, "error": "It broke."}


@pytest.fixture
async def telling(hub, organization) -> Telling:
    return Telling(hub=hub, tenant=organization)


@pytest.fixture
def announce(hub) -> Any:
    """Announces the failures that nobody was told of; so does the hub's own worker, at its own times."""
    return lambda: hub.run(announce_failed_jobs(Caller.operator(hub.app.state.hub)))


@both
async def test_announces_a_failed_job_once_for_each_end(telling, database, organization, announce):
    job_id = await add_job(database, organization, subject_kind="Event", subject_id="1" * 24)
    for _ in range(2):
        await set_job(database, job_id, **FAILED)
        for _ in range(2):
            await announce()
        await telling.run(retry_job, job_id)

    told = {"jobId": job_id, "operation": "test.work", "subjectKind": "Event", "subjectId": "1" * 24, "attempts": 3}
    assert await telling.news() == [(HubEvent.JOB_FAILED, job_id, told)] * 2


@both
async def test_tells_nothing_of_deliveries_and_of_jobs_that_may_still_succeed(
    telling, database, organization, announce
):
    delivery = await add_job(database, organization, queue="deliveries", operation="webhook.deliver")
    waiting = await add_job(database, organization)
    cancelled = await add_job(database, organization)
    await set_job(database, delivery, **FAILED)
    await set_job(database, waiting, attempt=1, error="It broke.")
    await set_job(database, cancelled, state=WorkState.CANCELLED)

    await announce()

    assert await telling.news() == []
    assert [job.failure_told_at for job in await rows(database, Job, Job.organization_id == organization.id)] == [
        None,
        None,
        None,
    ]


async def test_a_job_without_a_place_is_told_to_administrators_only(telling, database, organization, announce):
    made = await act(organization.client, "createIntegration", {"name": "Shop"}, "databaseId")
    own = await add_job(database, organization, principal_id=organization.admin_id, integration_id=made["databaseId"])
    placed = await add_job(database, organization, integration_id=made["databaseId"])
    for job_id in (own, placed):
        await set_job(database, job_id, **FAILED)
    await organization.add_user("other")
    client = await organization.signed_in("EVENTS_READ", username="other")

    await announce()

    seen = [entity for word, entity, _ in await telling.news(client) if word == HubEvent.JOB_FAILED]
    assert seen == [placed]
    assert sorted(entity for word, entity, _ in await telling.news() if word == HubEvent.JOB_FAILED) == [own, placed]


@both
async def test_tells_no_error_of_a_job(database, organization, announce):
    job_id = await add_job(database, organization)
    await set_job(database, job_id, **FAILED | {"error": "s3cr3t"})

    await announce()

    (event,) = await rows(database, Event, Event.entity_id == job_id)
    assert "s3cr3t" not in str(event.payload)


@both
async def test_looks_for_failures_along_their_index(database):
    statement = f"SELECT id FROM job WHERE {UNTOLD} ORDER BY id LIMIT 100"
    async with database.read() as session:
        if database.is_sqlite:
            plan = await session.execute(text(f"EXPLAIN QUERY PLAN {statement}"))
        else:
            for other in ("seqscan", "bitmapscan", "sort"):  # the planner has no statistics of these few rows
                await session.execute(text(f"SET LOCAL enable_{other} = off"))
            plan = await session.execute(text(f"EXPLAIN {statement}"))
        lines = [str(line) for line in plan]

    assert any("ix_job_untold" in line for line in lines), lines
    assert not any("TEMP B-TREE" in line or "Sort" in line for line in lines), lines
