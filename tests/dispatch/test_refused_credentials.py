"""A 401 of a credential that nothing renews stands with its connection until a call goes well; its status stays."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.database import Database
from models.tables import Connection
from models.vocabulary import ConnectionStatus
from resolvers.caller import Caller
from resolvers.dispatching.credential import Tried, note_credential
from tests.harness.acting import act, listed
from tests.harness.backends import both
from tests.harness.calling import App, app, capability
from tests.harness.tenants import Tenant
from tests.upstreams.canned import OK, reply
from tests.upstreams.faults import FaultServer

pytestmark = both
SECRETS = {
    "API_KEY": {"apiKey": "key-of-the-shelf"},
    "BASIC": {"basic": {"username": "user", "password": "pass"}},
    "BEARER": {"bearerToken": "token-of-the-shelf"},
}
DO = capability("DO", "GET", "/do")
REFUSED = "The remote service refuses the credential (401)."
STATE = "databaseId status lastError lastErrorAt updatedAt"


async def shelf(tenant: Tenant, upstream: FaultServer, kind: str = "API_KEY", **more: Any) -> App:
    """An app with a shared connection."""
    return await app(tenant.client, upstream.url, DO, auth={"type": kind}, secret=SECRETS[kind], **more)


async def shown(shop: App) -> dict[str, Any]:
    """Its connection."""
    (one,) = await listed(shop.client, "connections", STATE)
    return one


def answers(upstream: FaultServer, status: str) -> None:
    """From now on."""
    upstream.answers["/do"] = reply(b"{}", "application/json", status, "Connection: close")


async def change(database: Database, connection: dict[str, Any], **values: Any) -> None:
    """As time or somebody else would change it."""
    row = update(Connection).where(col(Connection.id) == connection["databaseId"])
    async with database.write() as session:
        await session.execute(row.values(**values))


@pytest.mark.parametrize("kind", SECRETS)
async def test_a_401_stands_with_the_connection_until_a_call_goes_well(
    organization: Tenant, upstream: FaultServer, kind: str
) -> None:
    shop = await shelf(organization, upstream, kind)
    answers(upstream, "401 Unauthorized")

    ended = await shop.run("DO")
    refused = await shown(shop)
    answers(upstream, "200 OK")
    await shop.run("DO")
    taken = await shown(shop)

    assert (ended["dispatch"]["outcome"], ended["dispatch"]["externalStatus"]) == ("UPSTREAM_FAILED", 401)
    assert (refused["status"], refused["lastError"], refused["lastErrorAt"] is None) == ("CONNECTED", REFUSED, False)
    assert (taken["status"], taken["lastError"], taken["lastErrorAt"]) == ("CONNECTED", None, None)


async def test_a_request_of_ones_own_does_the_same(organization: Tenant, upstream: FaultServer) -> None:
    shop = await shelf(organization, upstream)
    asked = {"integration": {"id": shop.id}, "method": "GET", "path": "/do"}
    answers(upstream, "401 Unauthorized")

    await act(organization.client, "proxyRequest", asked, "replayed")
    refused = await shown(shop)
    answers(upstream, "201 Created")
    await act(organization.client, "proxyRequest", asked, "replayed")

    assert refused["lastError"] == REFUSED
    assert (await shown(shop))["lastError"] is None


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "500 Internal Server Error"])
async def test_other_answers_say_nothing_of_the_credential(
    organization: Tenant, upstream: FaultServer, status: str
) -> None:
    shop = await shelf(organization, upstream)
    answers(upstream, status)
    await shop.run("DO")
    before = await shown(shop)
    answers(upstream, "401 Unauthorized")
    await shop.run("DO")
    refused = await shown(shop)
    answers(upstream, status)

    await shop.run("DO")

    assert before["lastError"] is None
    assert await shown(shop) == refused
    assert refused["lastError"] == REFUSED


async def test_calls_that_go_well_write_nothing_to_the_connection_but_their_time(
    organization: Tenant, upstream: FaultServer
) -> None:
    shop = await shelf(organization, upstream)
    upstream.answers["/do"] = OK
    before = await shown(shop)

    for _ in range(2):
        await shop.run("DO")

    assert await shown(shop) == before


async def test_goes_on_with_a_dead_key_without_a_write_a_call(
    organization: Tenant, upstream: FaultServer, database: Database
) -> None:
    shop = await shelf(organization, upstream)
    answers(upstream, "401 Unauthorized")
    await shop.run("DO")
    first = await shown(shop)
    await shop.run("DO")
    soon = await shown(shop)
    await change(database, first, last_error_at=1, updated_at=1)

    await shop.run("DO")

    assert soon == first
    assert (await shown(shop))["lastErrorAt"] >= first["lastErrorAt"]


async def test_what_a_test_has_found_stays_until_the_next_test(
    organization: Tenant, upstream: FaultServer, database: Database
) -> None:
    shop = await shelf(organization, upstream)
    upstream.answers["/do"] = OK
    found = {"status": ConnectionStatus.OFFLINE, "last_error": "The account is closed.", "last_error_at": 1}
    await change(database, await shown(shop), **found)
    before = await shown(shop)

    await shop.run("DO")

    assert await shown(shop) == before
    assert (before["status"], before["lastError"]) == ("OFFLINE", "The account is closed.")


async def test_an_answer_to_a_secret_that_was_replaced_meanwhile_says_nothing_of_the_new_one(
    organization: Tenant, upstream: FaultServer, hub
) -> None:
    shop = await shelf(organization, upstream)
    before = await shown(shop)
    late = Tried(connection_id=before["databaseId"], version=0, refused=True)

    await hub.run(note_credential(Caller.operator(hub.app.state.hub, organization.id), late))

    assert await shown(shop) == before
