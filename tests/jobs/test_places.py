"""Jobs about connections: seen where the connection was, and a user's own by that user."""

from __future__ import annotations

from typing import Any

import pytest

from models.row import new_id
from models.vocabulary import Permission
from tests.harness.acting import act, global_id
from tests.harness.backends import both
from tests.harness.graphql import GraphQL
from tests.jobs.test_graph import add_job

HELD = (
    *(Permission.JOBS_READ, Permission.JOBS_WRITE, Permission.INTEGRATIONS_READ, Permission.AUDIT_READ),
    *(Permission.CONNECTIONS_READ, Permission.CONNECTIONS_WRITE),
)
DEAD = "http://127.0.0.1:9"
AUTH = {
    "type": "OAUTH2",
    "apiBaseUrl": DEAD,
    "authorizationUrl": f"{DEAD}/authorize",
    "tokenUrl": f"{DEAD}/token",
    "revocationUrl": f"{DEAD}/revoke",
    "clientId": "hub",
}
SECRET = {"oauth2": {"accessToken": "access-4711", "refreshToken": "refresh-4711"}}
JOBS = """query($subject: ID, $id: ID!) { jobs(filter: {subjectId: $subject}) { nodes { operation } }
  all: jobs { nodes { id operation } } job(id: $id) { id } node(id: $id) { id } }"""
RETRY = "mutation($id: ID!) { retryJob(id: $id) { __typename } }"
DELETE = "mutation($id: ID!) { deleteConnection(id: $id) { __typename } }"


async def removed(client: GraphQL, admin: GraphQL, **made: Any) -> tuple[str, str]:
    """A new connection that was removed at once: its id, and that of the job that revokes its tokens."""
    connection = await act(client, "createConnection", {"secret": SECRET, **made})
    await client.query(DELETE, id=connection["id"])
    jobs = (await admin.query(JOBS, subject=connection["id"], id=connection["id"]))["all"]["nodes"]
    return connection["id"], next(one["id"] for one in jobs if one["operation"] == "connection.revoke")


async def seen(client: GraphQL, subject: str, job: str) -> list[bool]:
    """Whether the job is found in each of the ways to look for it, and can be retried."""
    found = await client.query(JOBS, subject=subject, id=job)
    retried = (await client.query(RETRY, id=job))["retryJob"]["__typename"]
    listed = [bool(found["jobs"]["nodes"]), job in [one["id"] for one in found["all"]["nodes"]]]
    return [*listed, found["job"] is not None, found["node"] is not None, retried == "JobPayload"]


@both
@pytest.mark.parametrize(("access", "found"), [("RESTRICTED", False), ("ORGANIZATION", True)])
async def test_a_job_about_a_removed_connection_is_seen_where_the_connection_was(organization, access, found):
    app = await act(organization.client, "createIntegration", {"name": "Payroll", "access": access, "auth": AUTH})
    await organization.add_user("eve", *HELD)
    eve = await organization.signed_in(*HELD, username="eve")
    subject, job = await removed(
        organization.client, organization.client, integrationId=app["id"], mode="SHARED", name="Salaries"
    )

    assert await seen(eve, subject, job) == [found] * 5
    assert await seen(organization.client, subject, job) == [True] * 5


@both
async def test_a_job_about_a_users_own_connection_is_that_users(organization):
    app = await act(organization.client, "createIntegration", {"name": "Shop", "auth": AUTH})
    people = []
    for name in ("eve", "bob"):
        await organization.add_user(name, *HELD)
        people.append(await organization.signed_in(*HELD, username=name))
    subject, job = await removed(people[0], organization.client, integrationId=app["id"])

    assert await seen(people[0], subject, job) == [True] * 5
    assert await seen(people[1], subject, job) == [False] * 5
    assert await seen(organization.client, subject, job) == [True] * 5


async def test_a_job_without_a_place_is_the_administrators(organization, database):
    await organization.add_user("eve", *HELD)
    eve = await organization.signed_in(*HELD, username="eve")
    subject = new_id()

    job = global_id("Job", await add_job(database, organization, subject_kind="Connection", subject_id=subject))

    assert await seen(eve, subject, job) == [False] * 5
    assert await seen(organization.client, subject, job) == [True] * 5
