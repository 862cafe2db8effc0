"""Integrations that authorise by themselves: their token is fetched when it is first needed."""

from __future__ import annotations

import pytest

from tests.harness.acting import act, listed
from tests.harness.calling import App, app, capability
from tests.harness.rows import changes, snapshot
from tests.oauth.vendor import Vendor

GET = capability("GET", "GET", "/api")
BOUND = capability("BOUND", "GET", "/api", requiredScopes=["admin"])
STATE = "id mode authType status details grantedScopes lastError version"


async def by_itself(client, vendor: Vendor, **auth) -> App:
    """An app with a client id and secret, and nothing else."""
    return await app(client, vendor.url, GET, auth=vendor.auth | {"type": "CLIENT_CREDENTIALS"} | auth)


async def test_its_default_connection_is_there_at_once_and_holds_no_token_yet(organization, vendor) -> None:
    await by_itself(organization.client, vendor)

    (shown,) = await listed(organization.client, "connections", STATE)

    assert (shown["mode"], shown["authType"], shown["status"]) == ("SHARED", "CLIENT_CREDENTIALS", "CONNECTED")
    assert (shown["details"], shown["grantedScopes"]) == ({}, [])
    assert vendor.counts == {}


async def test_the_token_is_fetched_when_it_is_first_needed_and_again_when_it_is_over(organization, vendor) -> None:
    shop = await by_itself(organization.client, vendor)

    first, second = await shop.run("GET"), await shop.run("GET")
    vendor.valid = "another"
    third = await shop.run("GET")

    assert [one["response"]["json"]["token"] for one in (first, second, third)] == ["at-1", "at-1", "at-2"]
    assert vendor.asked == [{"grant_type": "client_credentials", "scope": "read write"}] * 2
    (shown,) = await listed(organization.client, "connections", STATE)
    assert (shown["details"], shown["grantedScopes"]) == ({"accessToken": "…"}, ["read", "write"])


async def test_a_plan_shows_that_a_token_goes_along_and_fetches_none(organization, vendor) -> None:
    shop = await by_itself(organization.client, vendor)

    plan = await shop.plan("GET")

    assert {"name": "Authorization", "value": "Bearer ***"} in plan["headers"]
    assert vendor.counts == {}


async def test_another_client_fetches_another_token(organization, vendor) -> None:
    shop = await by_itself(organization.client, vendor, clientSecret="wrong")
    refused = await shop.refused("GET")
    auth = {"clientSecret": vendor.auth["clientSecret"]}

    await act(organization.client, "updateIntegration", {"id": shop.id, "auth": auth})
    done = await shop.run("GET")

    assert (refused["code"], refused["message"]) == (
        "UPSTREAM_FAILED",
        "The token endpoint refused with invalid_client."
        " Check clientId, clientSecret and tokenEndpointAuth of the integration.",
    )
    assert done["response"]["json"] == {"token": "at-1"}
    (shown,) = await listed(organization.client, "connections", STATE)
    assert shown["lastError"] is None


async def test_the_same_client_changes_nothing_but_brings_back_a_connection_that_is_gone(
    organization, vendor, database
) -> None:
    client, shop = organization.client, await by_itself(organization.client, vendor)
    await shop.run("GET")
    before = await snapshot(database, organization.id)
    same = {"id": shop.id, "auth": {"clientSecret": vendor.auth["clientSecret"]}}

    await act(client, "updateIntegration", same)
    after = await snapshot(database, organization.id)
    (held,) = await listed(client, "connections", "id")
    await act(client, "unregisterConnection", {"integrationId": shop.id, "connectionId": held["id"]})
    await act(client, "updateIntegration", same)

    assert changes(before, after) == []
    assert (await shop.run("GET"))["response"]["json"] == {"token": "at-2"}


async def test_says_what_is_missing_where_no_token_can_come_from(organization, vendor) -> None:
    shop = await by_itself(organization.client, vendor, tokenUrl=None)
    given = {"integrationId": shop.id, "mode": "SHARED", "secret": {"none": True}}
    await act(organization.client, "createConnection", given)

    refused = await shop.refused("GET")

    assert (refused["code"], refused["reason"]) == ("NOT_READY", "NO_CONNECTION")
    assert "tokenUrl" in refused["message"]


@pytest.mark.parametrize(("scope", "missing"), [("read,admin", []), ("read write", ["admin"])])
async def test_scopes_that_were_not_granted_are_named_before_anything_is_sent(
    connect, vendor, scope, missing
) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z", capabilities=(GET, BOUND))
    vendor.scope = scope
    await shop.run("GET")
    before = vendor.counts["api"]

    plan = await shop.app.plan("BOUND")
    answer = await (shop.refused if missing else shop.run)("BOUND")

    assert (plan["reason"], plan["missingScopes"]) == ("MISSING_SCOPES" if missing else None, missing)
    if missing:
        assert (answer["reason"], answer["missingScopes"]) == ("MISSING_SCOPES", missing)
    assert vendor.counts["api"] - before == (0 if missing else 1)
    changed = "Hub.connection.scopes_changed"
    assert (await shop.said()).count(changed) == 1
