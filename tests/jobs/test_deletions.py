"""What is being deleted is never left: its job is taken up again, and no secret that does not open is in its way."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.errors import NotFound
from models.row import new_id
from models.tables import AuditEntry, Connection, Integration, Job, Registration
from models.vocabulary import IntegrationState, WorkState
from resolvers.caller import Caller
from resolvers.credentials.register import register
from resolvers.integrations.deletion import DeletedIntegration, finish_deletion, forget_connections
from resolvers.jobs.background import remove_old_jobs
from resolvers.jobs.deletions import take_up_deletions
from resolvers.work import Work
from tests.harness.acting import act, remove
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.jobs.test_graph import add_job, rows, set_job

FINISH, REVOKE = "integration.delete", "connection.revoke"
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
SHOP = {
    "name": "Shop",
    "mode": "SHARED",
    "auth": {"type": "API_KEY", "apiBaseUrl": "https://shop.example.com"},
    "secret": {"apiKey": "key-1"},
}


@pytest.fixture
def operator(hub) -> Caller:
    """The hub itself."""
    return Caller.operator(hub.app.state.hub)


async def deleting(organization, database) -> str:
    """An integration whose deletion has begun, and has no job."""
    made = await act(organization.client, "createIntegration", SHOP, "databaseId")
    values = {"state": IntegrationState.DELETING, "removed_at": 1}
    async with database.write() as session:
        await session.execute(update(Integration).where(col(Integration.id) == made["databaseId"]).values(values))
    return made["databaseId"]


async def ended(database, organization, operator, *, minutes_ago: int, tried: int = 0, **facts) -> str:
    """A job that ended so long ago, after it was tried for so many minutes."""
    state, attempt = facts.pop("state", WorkState.FAILED), facts.pop("attempt", 10)
    job_id = await add_job(database, organization, max_attempts=10, **facts)
    at = operator.hub.clock() - minutes_ago * MINUTE_MS
    stamps = {"created_at": at - tried * MINUTE_MS, "finished_at": at}
    await set_job(database, job_id, state=state, attempt=attempt, error="It broke.", **stamps)
    return job_id


async def state_of(database, job_id: str) -> WorkState:
    (job,) = await rows(database, Job, Job.id == job_id)
    return job.state


@both
@pytest.mark.parametrize("state", [WorkState.FAILED, WorkState.CANCELLED])
async def test_a_deletion_whose_job_has_ended_is_taken_up_again(organization, database, hub, operator, state):
    gone = await deleting(organization, database)
    job_id = await ended(
        database, organization, operator, minutes_ago=6, operation=FINISH, subject_id=gone, state=state
    )

    await hub.run(take_up_deletions(operator))

    (job,) = await rows(database, Job, Job.id == job_id)
    audited = await rows(database, AuditEntry, AuditEntry.resource_id == job_id)
    assert (job.state, job.attempt, job.max_attempts, job.error) == (WorkState.QUEUED, 10, 11, None)
    assert [(entry.action, entry.source, entry.actor_name) for entry in audited] == [("job.retried", "HUB", "hub")]
    assert len(await rows(database, Job, Job.subject_id == gone)) == 1


@both
@pytest.mark.parametrize(
    ("minutes_ago", "tried", "state"),
    [
        (4, 0, WorkState.FAILED),
        (6, 5, WorkState.QUEUED),
        (6, 60, WorkState.FAILED),
        (61, 60, WorkState.QUEUED),
        (300, 9000, WorkState.FAILED),
        (361, 9000, WorkState.QUEUED),
    ],
)
async def test_it_rests_for_as_long_as_it_was_tried(organization, database, hub, operator, minutes_ago, tried, state):
    gone = await deleting(organization, database)
    facts = {"minutes_ago": minutes_ago, "tried": tried, "operation": FINISH, "subject_id": gone}
    job_id = await ended(database, organization, operator, **facts)

    await hub.run(take_up_deletions(operator))

    assert await state_of(database, job_id) is state


@both
async def test_a_deletion_that_has_lost_its_job_gets_another_and_ends(organization, database, hub, operator):
    gone = await deleting(organization, database)

    await hub.run(take_up_deletions(operator))

    async def emptied():
        (row,) = await rows(database, Integration, Integration.id == gone)
        return row.state is IntegrationState.DELETED

    await eventually(emptied)
    assert await rows(database, Connection, Connection.organization_id == organization.id) == []


@both
async def test_the_job_of_an_unfinished_deletion_outlives_others(organization, database, hub, operator):
    gone = await deleting(organization, database)
    old = {"minutes_ago": 8 * 24 * 60, "operation": FINISH}
    kept = await ended(database, organization, operator, subject_id=gone, **old)
    other = await ended(database, organization, operator, subject_id=new_id(), **old)

    await hub.run(remove_old_jobs(operator))

    assert [job.id for job in await rows(database, Job, col(Job.id).in_([kept, other]))] == [kept]


@both
async def test_a_revocation_is_taken_up_for_a_week_unless_it_gave_up(organization, database, hub, operator):
    facts = {"minutes_ago": 400, "operation": REVOKE}
    failed = await ended(database, organization, operator, **facts)
    gave_up = await ended(database, organization, operator, attempt=1, **facts)
    old = await ended(database, organization, operator, tried=7 * 24 * 60, **facts)

    await hub.run(take_up_deletions(operator))

    found = [await state_of(database, one) for one in (failed, gave_up, old)]
    assert found == [WorkState.QUEUED, WorkState.FAILED, WorkState.FAILED]


@both
async def test_a_connection_of_two_deleted_integrations_is_left_by_neither(organization, database, hub):
    first, second = [await deleting(organization, database) for _ in range(2)]
    (shared, own) = await rows(database, Connection, Connection.organization_id == organization.id)
    async with database.write() as session:
        session.add(_registration(organization, second, shared.id))
    worker = Caller.of_hub(hub.app.state.hub, organization.id)

    with pytest.raises(Exception, match="registered meanwhile"):
        await hub.run(finish_deletion(worker, first))
    for gone in (first, second):
        await hub.run(forget_connections(worker, DeletedIntegration(id=gone)))
        await hub.run(finish_deletion(worker, gone))

    assert await rows(database, Connection, col(Connection.id).in_([shared.id, own.id])) == []


@both
async def test_nothing_is_registered_once_the_deletion_has_begun(organization, database, hub, operator):
    """The integration was read before that."""
    gone = await deleting(organization, database)
    given = {"mode": "SHARED", "secret": {"apiKey": "key-2"}}
    made = await act(organization.client, "createConnection", given, "databaseId")
    (integration,) = await rows(database, Integration, Integration.id == gone)
    (connection,) = await rows(database, Connection, Connection.id == made["databaseId"])

    async def late():
        async with database.write() as session:
            work = Work(Caller.of_hub(operator.hub, organization.id), lambda: session)
            await register(work, integration, connection, default=False, confirmed=True)

    with pytest.raises(NotFound):
        await late()
    assert await rows(database, Registration, Registration.connection_id == connection.id) == []


@pytest.mark.parametrize("field", ["deleteConnection", "deleteIntegration", "deletePrincipal"])
async def test_a_secret_that_does_not_open_is_removed_like_others(organization, database, field):
    """Its tokens cannot be revoked, which the job says."""
    user = await organization.add_user("grace")
    oauth = {"type": "OAUTH2", "apiBaseUrl": "https://v.example", "clientId": "id"}
    oauth |= {"tokenUrl": "https://v.example/t", "revocationUrl": "https://v.example/r"}
    oauth |= {"authorizationUrl": "https://v.example/a"}
    shop = await act(organization.client, "createIntegration", {"name": "S", "auth": oauth}, "id databaseId")
    given = {"integrationId": shop["id"], "secret": {"oauth2": {"accessToken": "a", "refreshToken": "r"}}}
    made = await act(organization.client, "createConnection", given, "id databaseId")
    mine = update(Connection).where(col(Connection.id) == made["databaseId"])
    async with database.write() as session:
        await session.execute(mine.values(secret=b"no envelope", principal_id=user))
    target = {"deleteConnection": made["id"], "deleteIntegration": shop["id"], "deletePrincipal": user}[field]

    answer = await remove(organization.client, field, target)

    async def gone():
        return not await rows(database, Connection, Connection.id == made["databaseId"])

    async def gave_up():
        jobs = await rows(database, Job, Job.organization_id == organization.id, Job.operation == REVOKE)
        return [job.error for job in jobs if job.state is WorkState.FAILED]

    assert "deletedId" in answer
    await eventually(gone)
    (error,) = await eventually(gave_up)
    audited = await rows(database, AuditEntry, AuditEntry.resource_id == made["databaseId"])
    assert error.startswith("The tokens do not open")
    assert {"secret.unreadable", "connection.deleted"} <= {entry.action for entry in audited}


def _registration(organization, integration_id: str, connection_id: str):
    facts = {"organization_id": organization.id, "integration_id": integration_id, "connection_id": connection_id}
    return Registration(**facts)
