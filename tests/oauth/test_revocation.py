"""What is removed is revoked at the vendor, by a job that no plain token stands in."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.tables import Connection, Job
from tests.harness.acting import act, listed, remove
from tests.harness.waiting import eventually

KIND = "connection.revoke"


async def ended(shop, operation: str = KIND) -> Job:
    """The job once it has ended, or is to be tried again."""
    mine = (col(Job.organization_id) == shop.organization_id, col(Job.operation) == operation)
    tried = select(Job).where(*mine, col(Job.attempt) > 0, col(Job.lease_owner).is_(None))

    async def found() -> Job | None:
        async with shop.database.read() as session:
            return (await session.execute(tried)).scalars().first()

    return await eventually(found)


async def connection_of(shop) -> str:
    """Its global id."""
    (one,) = await listed(shop.client, "connections", "id")
    return one["id"]


async def test_a_removed_connection_is_gone_at_once_and_revoked_at_the_vendor(connect, vendor) -> None:
    shop = await connect()

    answer = await remove(shop.client, "deleteConnection", await connection_of(shop))
    gone = await listed(shop.client, "connections", "id")
    job = await ended(shop)

    assert "deletedId" in answer
    assert (gone, job.state) == ([], "SUCCEEDED")
    assert vendor.revoked == ["rt-0", "at-0"]
    assert await shop.said() == ["Hub.connection.connected", "Hub.connection.removed"]
    assert [secret for secret in ("rt-0", "at-0", "client-secret-0123") if secret in str(job.payload)] == []


async def test_a_vendor_that_is_away_is_asked_again(connect, vendor) -> None:
    shop = await connect()
    vendor.revocation_status = 503

    await remove(shop.client, "deleteConnection", await connection_of(shop))
    job = await ended(shop)

    assert (job.state, job.attempt, job.error) == (
        "QUEUED",
        1,
        "The revocation endpoint gave an invalid answer.",
    )


@pytest.mark.parametrize("status", [400, 404])
async def test_what_a_vendor_will_not_revoke_is_done_with(connect, vendor, status) -> None:
    shop = await connect()
    vendor.revocation_status = status

    await remove(shop.client, "deleteConnection", await connection_of(shop))
    job = await ended(shop)

    assert (job.state, vendor.counts["revoke"]) == ("SUCCEEDED", 2)


async def test_a_removed_integration_takes_its_connections_along_and_revokes_them(connect, vendor) -> None:
    shop = await connect()
    kept = await connection_of(shop)
    other = await act(shop.client, "createIntegration", {"name": "Other", "auth": vendor.auth}, "id")
    await act(shop.client, "registerConnections", {"integrationId": other["id"], "connectionIds": [kept]}, "id")
    own = {"accessToken": "at-own", "refreshToken": "rt-own"}
    made = {"integrationId": shop.app.id, "mode": "SHARED", "secret": {"oauth2": own}}
    await act(shop.client, "createConnection", made)

    await remove(shop.client, "deleteIntegration", shop.app.id)
    await ended(shop)

    assert vendor.revoked == ["rt-own", "at-own"]
    assert [one["id"] for one in await listed(shop.client, "connections", "id")] == [kept]


async def test_a_key_is_removed_without_a_word_to_anybody(connect, vendor) -> None:
    shop = await connect()
    made = {"mode": "SHARED", "secret": {"apiKey": "k-123"}}
    key = await act(shop.client, "createConnection", made)

    await remove(shop.client, "deleteConnection", key["id"])

    async with shop.database.read() as session:
        jobs = select(Job).where(col(Job.organization_id) == shop.organization_id, col(Job.operation) == KIND)
        assert (await session.execute(jobs)).all() == []
        rows = select(Connection).where(col(Connection.organization_id) == shop.organization_id)
        assert len((await session.execute(rows)).all()) == 1
