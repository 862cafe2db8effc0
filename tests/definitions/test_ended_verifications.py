"""A verification that has ended, or whose subject has changed, decides nothing any more."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from jobs.job import Retry
from models.tables import Job
from models.vocabulary import IntegrationState, WorkState
from resolvers.caller import Caller
from resolvers.connections.health import Finding
from resolvers.integrations.verification import load_verification, record_verification, settle_verifications
from tests.definitions.verifying import ended, held_job, make, state_of, verify
from tests.harness.acting import PROBLEM, act, listed
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot

RETRY = f"mutation($id: ID!) {{ retryJob(id: $id) {{ __typename {PROBLEM} }} }}"


@pytest.fixture
async def made(organization, vendor) -> dict[str, Any]:
    """Not verified yet."""
    return await make(organization, vendor)


@both
@pytest.mark.parametrize("end", [WorkState.CANCELLED, WorkState.FAILED])
async def test_a_verification_that_has_ended_is_not_retried_but_asked_for_again(
    organization, made, database, hub, end
):
    client, held = organization.client, await held_job(database, organization, made)
    await verify(client, made["id"])
    async with database.write() as session:
        await session.execute(update(Job).where(col(Job.id) == held.id).values(state=end))
    before = await snapshot(database, organization.id)

    refused = (await client.query(RETRY, id=held.id))["retryJob"]

    assert (refused["code"], refused["message"]) == (
        "CONFLICT",
        "A verification that has ended is not started again; verify its integration again.",
    )
    assert changes(before, await snapshot(database, organization.id)) == []
    await hub.run(settle_verifications(Caller.operator(hub.app.state.hub)))
    assert (await state_of(database, made))[0] is IntegrationState.NEW
    assert (await ended(client, made["id"]))["state"] == "SUCCEEDED"
    assert await state_of(database, made) == (IntegrationState.LIVE, None)


async def test_a_success_counts_for_the_connection_that_was_checked_and_no_other(organization, made, database, hub):
    client, job = organization.client, Caller.of_hub(hub.app.state.hub, organization.id)
    (first,) = await listed(client, "connections", "id")
    await held_job(database, organization, made)
    await verify(client, made["id"])
    checked = await hub.run(load_verification(job, made["databaseId"]))

    await act(client, "unregisterConnection", {"integrationId": made["id"], "connectionId": first["id"]})
    given = {"integrationId": made["id"], "mode": "SHARED", "default": True, "secret": {"bearerToken": "another"}}
    await act(client, "createConnection", given)
    await verify(client, made["id"])

    with pytest.raises(Retry):
        await hub.run(record_verification(job, made["databaseId"], checked, Finding()))
    assert await state_of(database, made) == (IntegrationState.VERIFYING, None)
