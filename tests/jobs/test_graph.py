"""Jobs as people see them: over GraphQL, on the running hub."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from jobs.job import NewJob
from jobs.transaction import enqueue
from models.row import new_id
from models.tables import AuditEntry, Capability, Connection, Installation, Integration, Job, Registration, Token
from models.vocabulary import IntegrationState, Permission, WorkState
from tests.harness.backends import both
from tests.harness.waiting import eventually

pytestmark = both
JOB = """databaseId operation caption state progress attempt maxAttempts error runAt createdAt startedAt finishedAt
 tasks { caption state error steps { caption description startedAt finishedAt } }
 subject { __typename id } createdBy { username }"""
CREATE = """mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) {
 ... on IntegrationPayload { integration { id databaseId } } ... on Problem { message } } }"""
DELETE = f"""mutation ($id: ID!) {{ deleteIntegration(id: $id) {{
 ... on DeletePayload {{ deletedId job {{ id {JOB} }} }} ... on Problem {{ code }} }} }}"""
CANCEL = """mutation ($id: ID!) { cancelJob(id: $id) {
 ... on JobPayload { job { state finishedAt } } ... on Conflict { code message existing { id } }
 ... on Problem { code } } }"""
RETRY = CANCEL.replace("cancelJob", "retryJob")


async def add_job(database, tenant, **facts):
    """A job of a queue that nobody works on."""
    facts = {"operation": "test.work", "caption": "Work", "queue": f"idle-{new_id()}", **facts}
    async with database.write() as session:
        return (await enqueue(session, NewJob(organization_id=tenant.id, **facts))).id


async def set_job(database, job_id, **values):
    async with database.write() as session:
        await session.execute(update(Job).where(col(Job.id) == job_id).values(**values))


async def rows(database, model, *conditions):
    async with database.read() as session:
        return (
            (await session.execute(select(model).where(*conditions).order_by(*model.__table__.primary_key)))
            .scalars()
            .all()
        )


async def test_shows_a_job_with_its_tasks_and_whom_it_is_for(organization, database):
    subject = await _integration(organization)
    job_id = await add_job(
        database, organization, subject_kind="Integration", subject_id=subject["databaseId"],
        created_by=organization.admin_id,
    )  # fmt: skip
    step = {"caption": "One", "description": "The first", "startedAt": 1000, "finishedAt": None}
    tasks = [{"caption": "Count", "state": "RUNNING", "steps": [step], "error": None}]
    await set_job(database, job_id, tasks=tasks, progress=0.5, run_at=2000)

    found = (await organization.client.query(f"query ($id: ID!) {{ job(id: $id) {{ {JOB} }} }}", id=job_id))["job"]

    shown = {
        "caption": "One",
        "description": "The first",
        "startedAt": "1970-01-01T00:00:01.000Z",
        "finishedAt": None,
    }
    assert found["createdAt"] is not None
    assert found | {"createdAt": None} == {
        "databaseId": job_id, "operation": "test.work", "caption": "Work", "state": "QUEUED", "progress": 0.5,
        "attempt": 0, "maxAttempts": 5, "error": None, "runAt": "1970-01-01T00:00:02.000Z", "createdAt": None,
        "startedAt": None, "finishedAt": None,
        "tasks": [{"caption": "Count", "state": "RUNNING", "error": None, "steps": [shown]}],
        "subject": {"__typename": "Integration", "id": subject["id"]}, "createdBy": {"username": "admin"},
    }  # fmt: skip


async def test_lists_the_newest_first_and_narrows(organization, database):
    first = await add_job(database, organization, operation="test.one")
    second = await add_job(database, organization, operation="test.two", subject_id=f"{7:024x}")
    other = await add_job(database, organization, operation="other.one")
    await set_job(database, first, state=WorkState.FAILED)

    async def ids(**narrowed):
        document = "query ($filter: JobFilter) { jobs(first: 10, filter: $filter) { nodes { databaseId } } }"
        found = await organization.client.query(document, filter=narrowed or None)
        return [row["databaseId"] for row in found["jobs"]["nodes"]]

    assert await ids() == [other, second, first]
    assert await ids(operation=["test.*"]) == [second, first]
    assert await ids(state=["FAILED"]) == [first]
    assert await ids(subjectId=f"{7:024x}") == [second]


async def test_the_hubs_own_jobs_are_nobodys(organization, database):
    (reaping,) = await eventually(lambda: rows(database, Job, Job.operation == "dispatch.reap"))

    found = await organization.client.query("query ($id: ID!) { job(id: $id) { id } }", id=reaping.id)

    assert found["job"] is None


async def test_jobs_of_another_organization_do_not_exist(organization, new_organization, database):
    other = await new_organization()
    job_id = await add_job(database, other)
    before = await rows(database, Job, Job.id == job_id)

    read = await organization.client.query("query ($id: ID!) { job(id: $id) { id } }", id=job_id)
    cancelled = await organization.client.query(CANCEL, id=job_id)
    retried = await organization.client.query(RETRY, id=job_id)

    assert read["job"] is None
    assert cancelled["cancelJob"] == retried["retryJob"] == {"code": "NOT_FOUND"}
    assert await rows(database, Job, Job.id == job_id) == before


@pytest.mark.parametrize("document", [CANCEL, RETRY])
async def test_refuses_without_the_permission_to_write(organization, database, document):
    job_id = await add_job(database, organization)
    reader = await organization.signed_in(Permission.JOBS_READ)
    before = await rows(database, Job, Job.id == job_id)

    answer = await reader.query(document, id=job_id)

    assert list(answer.values()) == [{"code": "FORBIDDEN"}]
    assert await rows(database, Job, Job.id == job_id) == before


async def test_cancels_a_queued_job_at_once_and_once(organization, database):
    job_id = await add_job(database, organization)

    first = (await organization.client.query(CANCEL, id=job_id))["cancelJob"]
    again = (await organization.client.query(CANCEL, id=job_id))["cancelJob"]

    audited = await rows(database, AuditEntry, AuditEntry.resource_id == job_id)
    assert first["job"]["state"] == "CANCELLED"
    assert first == again
    assert [entry.action for entry in audited] == ["job.cancelled"]


async def test_the_task_of_a_cancelled_job_does_not_run_on(organization, database):
    job_id = await add_job(database, organization)
    tasks = [{"caption": state, "state": state, "steps": [], "error": None} for state in ("SUCCEEDED", "RUNNING")]
    await set_job(database, job_id, state=WorkState.RUNNING, attempt=1, lease_owner="w", tasks=tasks)

    await organization.client.query(CANCEL, id=job_id)

    (row,) = await rows(database, Job, Job.id == job_id)
    assert [task["state"] for task in row.tasks] == ["SUCCEEDED", "CANCELLED"]


@pytest.mark.parametrize("operation", ["integration.delete", "connection.revoke"])
@pytest.mark.parametrize("state", [WorkState.QUEUED, WorkState.RUNNING])
async def test_a_deletion_is_not_cancelled_and_left_with_its_secrets(operation, state, organization, database):
    job_id = await add_job(database, organization, operation=operation)
    await set_job(database, job_id, state=state)
    before = await rows(database, Job, Job.id == job_id)

    refused = (await organization.client.query(CANCEL, id=job_id))["cancelJob"]

    assert refused["code"] == "CONFLICT"
    assert refused["message"].endswith("wait until it ends, and retry it if it fails.")
    assert refused["existing"] is not None
    assert await rows(database, Job, Job.id == job_id) == before


async def test_starts_a_failed_job_again_with_one_more_try(organization, database):
    job_id = await add_job(database, organization, max_attempts=2)
    await set_job(database, job_id, state=WorkState.FAILED, attempt=2, error="It broke.", finished_at=5, run_at=5)

    answer = (await organization.client.query(RETRY, id=job_id))["retryJob"]

    (row,) = await rows(database, Job, Job.id == job_id)
    assert answer["job"] == {"state": "QUEUED", "finishedAt": None}
    assert (row.state, row.attempt, row.max_attempts, row.error) == (WorkState.QUEUED, 2, 3, None)
    assert row.run_at > 5


async def test_a_job_is_not_retried_while_another_does_the_same_work(organization, database):
    ended = await add_job(database, organization, dedupe_key="same")
    await set_job(database, ended, state=WorkState.FAILED)
    twin = await add_job(database, organization, dedupe_key="same")
    before = await rows(database, Job, Job.organization_id == organization.id)

    answer = (await organization.client.query(RETRY, id=ended))["retryJob"]

    assert (answer["code"], answer["existing"]) == ("CONFLICT", {"id": await _node_of(organization, twin)})
    assert "wait for it" in answer["message"]
    assert await rows(database, Job, Job.organization_id == organization.id) == before


async def test_a_deletion_that_failed_is_finished_by_a_retry(organization, database):
    made = await _integration(organization)
    begun = (await organization.client.query(DELETE, id=made["id"]))["deleteIntegration"]["job"]["databaseId"]
    await eventually(lambda: _ended(database, begun))
    await set_job(database, begun, state=WorkState.FAILED)
    async with database.write() as session:
        row = update(Integration).where(col(Integration.id) == made["databaseId"])
        await session.execute(row.values(state=IntegrationState.DELETING))

    await organization.client.query(RETRY, id=begun)

    await eventually(lambda: _ended(database, begun))
    (gone,) = await rows(database, Integration, Integration.id == made["databaseId"])
    assert gone.state is IntegrationState.DELETED


async def test_what_has_ended_cannot_be_cancelled_nor_what_succeeded_retried(organization, database):
    job_id = await add_job(database, organization)
    await set_job(database, job_id, state=WorkState.SUCCEEDED)
    before = await rows(database, Job, Job.id == job_id)

    cancelled = (await organization.client.query(CANCEL, id=job_id))["cancelJob"]
    retried = (await organization.client.query(RETRY, id=job_id))["retryJob"]

    assert cancelled["message"] == "The job has ended already."
    assert retried["message"] == "The job has succeeded, so it cannot be retried."
    assert cancelled["existing"] == retried["existing"] is not None
    assert await rows(database, Job, Job.id == job_id) == before


async def test_a_deleted_integration_is_hidden_at_once_and_emptied_by_its_job(organization, database):
    made = await _integration(organization)
    own_token = await organization.client.query(
        """mutation ($id: ID!) { createToken(input: { name: "App", permissions: [], integrationId: $id }) {
        ... on TokenPayload { token { id } } ... on Problem { message } } }""",
        id=made["id"],
    )

    gone = (await organization.client.query(DELETE, id=made["id"]))["deleteIntegration"]
    read = await organization.client.query("query ($id: ID!) { integration(by: { id: $id }) { id } }", id=made["id"])

    job_id, integration_id = gone["job"]["databaseId"], made["databaseId"]
    await eventually(lambda: _ended(database, job_id))
    (job,) = await rows(database, Job, Job.id == job_id)
    (row,) = await rows(database, Integration, Integration.id == integration_id)
    audited = await rows(database, AuditEntry, AuditEntry.resource_id == integration_id)
    assert "token" in own_token["createToken"]
    assert read["integration"] is None
    assert gone["deletedId"] == made["id"]
    assert (gone["job"]["operation"], gone["job"]["createdBy"]) == ("integration.delete", {"username": "admin"})
    assert (job.state, job.error, job.attempt) == (WorkState.SUCCEEDED, None, 1)
    assert [(task["caption"], task["state"]) for task in job.tasks] == [("Remove its connections", "SUCCEEDED")]
    assert (row.state, row.client_secret, row.headers) == (IntegrationState.DELETED, None, None)
    for child in (Token, Installation, Capability, Registration):
        assert await rows(database, child, child.integration_id == integration_id) == []
    assert await rows(database, Connection, Connection.organization_id == organization.id) == []
    assert [(entry.action, entry.source, entry.actor_id) for entry in audited] == [
        ("integration.created", "GRAPHQL", organization.admin_id),
        ("integration.deleted", "GRAPHQL", organization.admin_id),
        ("integration.emptied", "HUB", organization.admin_id),
    ]


async def test_work_on_a_restricted_integration_is_hidden_with_it(organization, database):
    made = await _integration(organization, access="RESTRICTED")
    job_id = await add_job(database, organization, subject_kind="Integration", subject_id=made["databaseId"])
    await organization.add_user("eve")
    stranger = await organization.signed_in(Permission.JOBS_READ, Permission.INTEGRATIONS_READ, username="eve")

    listed = await stranger.query("{ jobs { nodes { id } } }")
    read = await stranger.query("query ($id: ID!) { job(id: $id) { id } }", id=job_id)

    assert listed["jobs"]["nodes"] == []
    assert read["job"] is None


async def _integration(organization, **facts):
    new = {
        "name": "Shop", "mode": "SHARED",
        "auth": {"type": "API_KEY", "apiBaseUrl": "https://shop.example.com"},
        "secret": {"apiKey": "key-1"},
        "capabilities": [{"name": "READ", "method": "GET", "endpoint": "/a"}],
        **facts,
    }  # fmt: skip
    return (await organization.client.query(CREATE, input=new))["createIntegration"]["integration"]


async def _ended(database, job_id):
    (row,) = await rows(database, Job, Job.id == job_id)
    return row.state in {WorkState.SUCCEEDED, WorkState.FAILED}


async def _node_of(organization, job_id):
    return (await organization.client.query("query($id: ID!) { job(id: $id) { id } }", id=job_id))["job"]["id"]


async def _ended(database, job_id):
    (job,) = await rows(database, Job, Job.id == job_id)
    return job.state is WorkState.SUCCEEDED
