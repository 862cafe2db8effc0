"""Jobs that have yet to run, or may run again, carry secrets: a rotation seals those too, and their key stays."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.database import Database
from models.row import new_id
from models.secret_place import SecretPlace
from models.tables import Job
from models.vocabulary import WorkState
from tests.harness.acting import act, global_id, remove
from tests.harness.calling import app
from tests.harness.graphql import GraphQL
from tests.harness.waiting import eventually
from tests.keys.operating import Operated
from tests.keys.sealed import envelopes, organization_of, versions
from tests.oauth.vendor import Vendor

#: From each of them a job may run.
STATES = (WorkState.QUEUED, WorkState.RUNNING, WorkState.FAILED, WorkState.CANCELLED)
CHANGED = "mutation($id: ID!) {{ {0}(id: $id) {{ ... on JobPayload {{ job {{ state }} }} }} }}"
READ = "query($id: ID!) { job(id: $id) { state attempt error } }"


async def test_secrets_of_jobs_are_sealed_anew_and_hold_their_key(operated: Operated, beside: Database) -> None:
    plain = await _jobs(operated, beside)
    await operated.must("keys", "add")

    too_early = await operated.run("keys", "remove", "1")
    await operated.must("keys", "rotate")
    sealed = await versions(beside)
    await operated.must("keys", "remove", "1")

    assert too_early.err == "Master key 1 still seals 4 of job.secret; run `keys rotate` first.\n"
    assert sealed == {2: len(STATES)}
    assert operated.keyring.versions == (2,)
    opened = {place: operated.keyring.open(one, place) for place, one in (await envelopes(beside)).items()}
    assert opened == plain


async def test_tokens_are_revoked_by_a_job_that_runs_again_after_its_key_is_gone(
    operated: Operated, beside: Database
) -> None:
    with Vendor() as vendor:
        vendor.revocation_status = 503
        async with operated.client(await operated.serve()) as client:
            job = await _failed_revocation(client, vendor, beside)
            await operated.must("keys", "rotate")
            await operated.must("keys", "remove", "1")
            vendor.revocation_status = 200

            await client.query(CHANGED.format("retryJob"), id=job)
            ended = await _reached(client, job, "SUCCEEDED")

    assert vendor.revoked == ["rt-0", "at-0"]
    assert ended["error"] is None
    assert await versions(beside) == {2: 2}, "the integration's own and its installation's"


async def _jobs(operated: Operated, database: Database) -> dict[SecretPlace, bytes]:
    """One in each state; answers what their secrets say."""
    owner, plain = await organization_of(database), {}
    async with database.write() as session:
        for state in STATES:
            place = SecretPlace(organization_id=owner, table="job", row_id=new_id(), column="secret")
            plain[place] = f"secret of a job that is {state}".encode()
            facts: dict[str, Any] = {"queue": "idle", "operation": "idle", "caption": "Idle", "run_at": 0}
            secret = operated.keyring.seal(plain[place], place)
            session.add(
                Job(id=place.row_id, organization_id=owner, state=state, max_attempts=1, secret=secret, **facts)
            )
    return plain


async def _failed_revocation(client: GraphQL, vendor: Vendor, database: Database) -> str:
    """The job of a connection that is removed while its vendor is away, tried and given up; its global id."""
    shop = await app(client, vendor.url, auth=vendor.auth)
    tokens = {"oauth2": {"accessToken": "at-0", "refreshToken": "rt-0"}}
    given = {"integrationId": shop.id, "mode": "SHARED", "secret": tokens}
    await remove(client, "deleteConnection", (await act(client, "createConnection", given))["id"])
    async with database.read() as session:
        found = select(col(Job.id)).where(col(Job.operation) == "connection.revoke")
        job = global_id("Job", (await session.execute(found)).scalar_one())
    await _tried(client, job)
    async with database.write() as session:
        given_up = update(Job).where(col(Job.operation) == "connection.revoke").values(state=WorkState.FAILED)
        await session.execute(given_up)
    await _reached(client, job, "FAILED")
    return job


async def _tried(client: GraphQL, job: str) -> None:
    async def failed() -> bool:
        return (await client.query(READ, id=job))["job"]["error"] is not None

    await eventually(failed)


async def _reached(client: GraphQL, job: str, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        shown: dict[str, Any] = (await client.query(READ, id=job))["job"]
        return shown if shown["state"] == state else None

    return await eventually(there)
