"""Verifying an integration over GraphQL, with a job that runs or one that is held."""

from __future__ import annotations

from typing import Any

from jobs.job import NewJob
from jobs.transaction import enqueue
from models.tables import Integration, Job
from models.vocabulary import IntegrationState
from resolvers.integrations.verification import VERIFY
from tests.definitions.conftest import described, save
from tests.harness.acting import PROBLEM, act
from tests.harness.waiting import eventually

TOKEN = "token-of-the-vendor-1234"
VERIFYING = f"""mutation($id: ID!) {{ verifyIntegration(id: $id) {{ __typename
  ... on JobPayload {{ job {{ id databaseId operation caption subject {{ id }} }} }} {PROBLEM} }} }}"""
JOB = """query($id: ID!) { job(id: $id) { state error progress
  tasks { caption state error steps { caption finishedAt } } } }"""


async def make(organization, vendor) -> dict[str, Any]:
    """An integration of the vendor, with a shared default connection."""
    assert "id" in await save(organization.client, "vendor", described(vendor))
    given = {"name": "Shop", "vendor": "vendor", "secret": {"bearerToken": TOKEN}}
    return await act(organization.client, "createIntegration", given, "id databaseId handler state")


async def verify(client, integration_id: str) -> dict[str, Any]:
    """What it answers."""
    return (await client.query(VERIFYING, id=integration_id))["verifyIntegration"]


async def ended(client, integration_id: str) -> dict[str, Any]:
    """The job, once it has ended."""
    asked = await verify(client, integration_id)

    async def found() -> Any:
        job = (await client.query(JOB, id=asked["job"]["id"]))["job"]
        return job if job["state"] in ("SUCCEEDED", "FAILED", "CANCELLED") else None

    return await eventually(found)


async def held_job(database, organization, made) -> Job:
    """The job of its verification, which waits where nobody works."""
    new = NewJob(
        operation=VERIFY,
        caption="Verify",
        organization_id=organization.id,
        queue="idle",
        subject_kind="Integration",
        subject_id=made["databaseId"],
        dedupe_key=f"{VERIFY}:{made['databaseId']}",
    )
    async with database.write() as session:
        return await enqueue(session, new)


async def state_of(database, made) -> tuple[IntegrationState, str | None]:
    """Its state and the error of the last verification."""
    async with database.read() as session:
        row = await session.get(Integration, made["databaseId"])
    return row.state, row.state_error
