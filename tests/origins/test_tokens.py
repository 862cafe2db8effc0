"""OAuth: refresh tokens, client secrets, codes and fetched tokens go to the addresses that they are meant for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import col

from models.errors import NotReady
from models.tables import Job
from models.vocabulary import UnavailableReason
from proxy.message import OutboundRequest
from resolvers.credentials.held import HeldToken
from resolvers.oauth.call import call_with_token
from tests.connect.people import go_on, state_of
from tests.harness.acting import PROBLEM, act, listed, remove, row_id
from tests.harness.calling import App, app, capability
from tests.harness.graphql import GraphQL
from tests.harness.tenants import Tenant
from tests.harness.waiting import eventually
from tests.oauth.conftest import Connected
from tests.oauth.vendor import CLIENT, Vendor
from tests.upstreams.faults import FaultServer

GET = capability("GET", "GET", "/api")
WITHHELD = (
    "The address for revocation has changed since the tokens were stored, so they were not sent there;"
    " revoke them at the vendor."
)
START = f"""mutation($input: StartAuthorizationInput!) {{ startAuthorization(input: $input) {{ __typename
  ... on AuthorizationPayload {{ url session {{ id }} }} {PROBLEM} }} }}"""
SESSION = "query($id: ID!) { node(id: $id) { ... on ConnectSession { status error connection { id } } } }"


async def change(shop: Connected | App, client: GraphQL, **auth: Any) -> None:
    """A change of the auth group without a secret."""
    await act(client, "updateIntegration", {"id": shop.id if isinstance(shop, App) else shop.app.id, "auth": auth})


async def job_of(shop: Connected) -> Job:
    """The job that revokes, once it has ended."""
    mine = (col(Job.organization_id) == shop.organization_id, col(Job.operation) == "connection.revoke")

    async def found() -> Job | None:
        async with shop.database.read() as session:
            one = (await session.execute(select(Job).where(*mine, col(Job.attempt) > 0))).scalars().first()
        return one if one is not None and one.state in ("SUCCEEDED", "FAILED") else None

    return await eventually(found)


@pytest.mark.parametrize("client", [{}, {"clientSecret": None}], ids=["confidential", "public"])
async def test_a_refresh_token_and_a_client_secret_stay_away_from_a_new_token_address(
    connect: Callable[..., Awaitable[Connected]], vendor: Vendor, thief: FaultServer, client: dict[str, Any]
):
    shop = await connect(auth=client)
    await change(shop, shop.client, tokenUrl=f"{thief.url}/token")
    fresh = await shop.run()
    await shop.expire()

    plan, refused, status = await shop.app.plan("GET"), await shop.refused(), (await shop.shown())["status"]
    await change(shop, shop.client, tokenUrl=f"{vendor.url}/token")

    assert fresh["dispatch"]["outcome"] == "SUCCEEDED"
    assert (plan["allowed"], plan["reason"]) == (False, "ADDRESS_CHANGED")
    assert (refused["code"], refused["reason"], status) == ("NOT_READY", "ADDRESS_CHANGED", "CONNECTED")
    assert (thief.arrivals, vendor.counts["token"]) == ((0, 0), 0)
    if not client:
        assert (await shop.run())["response"]["json"] == {"token": "at-1"}


async def test_a_renewed_token_is_bound_as_before(connect, vendor: Vendor, thief: FaultServer):
    shop = await connect()
    await change(shop, shop.client, revocationUrl=f"{thief.url}/revoke")
    await shop.expire()
    renewed = await shop.run()

    await change(shop, shop.client, apiBaseUrl=thief.url)
    refused = await shop.refused()
    (connection,) = await listed(shop.client, "connections", "id")
    await remove(shop.client, "deleteConnection", connection["id"])
    job = await job_of(shop)

    assert (renewed["response"]["json"], refused["reason"]) == ({"token": "at-1"}, "ADDRESS_CHANGED")
    assert (job.state, job.error, thief.arrivals) == ("FAILED", WITHHELD, (0, 0))


@pytest.mark.parametrize("way", ["deleteConnection", "deleteIntegration"])
async def test_nothing_is_revoked_at_a_new_address(connect, vendor: Vendor, thief: FaultServer, way: str):
    shop = await connect()
    await change(shop, shop.client, revocationUrl=f"{thief.url}/revoke")
    (connection,) = await listed(shop.client, "connections", "id")

    await remove(shop.client, way, connection["id"] if way == "deleteConnection" else shop.app.id)
    job = await job_of(shop)

    assert (job.state, job.error) == ("FAILED", WITHHELD)
    assert (thief.arrivals, vendor.counts["revoke"]) == ((0, 0), 0)


async def test_a_client_secret_given_with_its_new_address_goes_there(connect, vendor: Vendor):
    shop = await connect()
    with Vendor() as moved:
        given = {"tokenUrl": f"{moved.url}/token", "clientSecret": CLIENT["clientSecret"]}
        await change(shop, shop.client, **given)
        await act(
            shop.client,
            "updateConnection",
            {
                "id": (await listed(shop.client, "connections", "id"))[0]["id"],
                "secret": {"oauth2": {"accessToken": "at-0", "refreshToken": "rt-0"}},
            },
        )
        await shop.expire()

        await shop.run()

        assert [asked["refresh_token"] for asked in moved.asked] == ["rt-0"]


# --- the client credentials grant


async def by_itself(client: GraphQL, vendor: Vendor, **auth: Any) -> App:
    """An app that gets its token by its client's secret."""
    return await app(client, vendor.url, GET, auth=vendor.auth | {"type": "CLIENT_CREDENTIALS"} | auth)


@pytest.mark.parametrize(
    "given",
    [
        {"tokenUrl": "{thief}/token"},
        {"apiBaseUrl": "{thief}"},
        {"apiBaseUrl": "{thief}", "scopes": ["all"]},
        {"apiBaseUrl": "{thief}", "tokenUrl": "{thief}/token", "clientId": "hub"},
    ],
    ids="+".join,
)
async def test_a_client_secret_buys_no_token_for_another_address(
    organization: Tenant, vendor: Vendor, thief: FaultServer, given: dict[str, Any]
):
    shop = await by_itself(organization.client, vendor)
    auth = {name: v.format(thief=thief.url) if isinstance(v, str) else v for name, v in given.items()}
    await change(shop, organization.client, **auth)

    plan, refused = await shop.plan("GET"), await shop.refused("GET")

    assert (refused["code"], refused["reason"], plan["reason"]) == ("NOT_READY", "ADDRESS_CHANGED", "ADDRESS_CHANGED")
    assert (thief.arrivals, vendor.counts["token"]) == ((0, 0), 0)
    await change(shop, organization.client, **{name: vendor.auth[name] for name in auth if name.endswith("Url")})
    assert (await shop.run("GET"))["dispatch"]["outcome"] == "SUCCEEDED"


@pytest.mark.parametrize(
    "secret",
    [{"none": True}, {"oauth2": {"accessToken": "own", "expiresAt": "2020-01-01T00:00:00Z"}}],
    ids=["none", "tokens"],
)
async def test_an_own_connection_takes_no_fetched_token_to_its_own_address(
    organization: Tenant, vendor: Vendor, thief: FaultServer, secret: dict[str, Any]
):
    shop = await by_itself(organization.client, vendor)
    given = {"integrationId": shop.id, "mode": "PER_USER", "secret": secret, "baseUrl": thief.url}
    await act(organization.client, "createConnection", given)

    refused = await shop.refused("GET")

    assert (refused["reason"], thief.arrivals, vendor.counts["token"]) == ("ADDRESS_CHANGED", (0, 0), 0)


async def test_a_connection_made_before_the_client_secret_takes_no_token_to_its_own_address(
    organization: Tenant, vendor: Vendor, thief: FaultServer
):
    shop = await by_itself(organization.client, vendor, clientSecret=None)
    given = {"integrationId": shop.id, "mode": "PER_USER", "secret": {"none": True}, "baseUrl": thief.url}
    await act(organization.client, "createConnection", given)
    await change(shop, organization.client, clientSecret=CLIENT["clientSecret"])

    refused = await shop.refused("GET")

    assert (refused["reason"], thief.arrivals, vendor.counts["token"]) == ("ADDRESS_CHANGED", (0, 0), 0)


# --- consent


async def consenting(client: GraphQL, service: FaultServer, **auth: Any) -> App:
    """An app that is connected by consent at a service, whose token endpoint answers any code."""
    own = {name: f"{service.url}/{path}" for name, path in (("authorizationUrl", "authorize"), ("tokenUrl", "token"))}
    return await app(
        client, service.url, capability("GET", "GET", "/me"), auth={"type": "OAUTH2", **CLIENT, **own, **auth}
    )


async def leave(browser: httpx.Client, client: GraphQL, shop: App, **input: str) -> dict[str, Any]:
    """The user goes on to the vendor; or the problem."""
    begun = (await client.query(START, input={"integrationId": shop.id} | input))["startAuthorization"]
    return begun | {"url": go_on(browser, begun["url"], row_id(shop.id))} if "url" in begun else begun


async def come_back(browser: Any, client: GraphQL, begun: dict[str, Any]) -> dict[str, Any]:
    """The user's return with a code; answers the session."""
    browser.get("/oauth2/callback", params={"state": state_of(begun["url"]), "code": "the-code"})
    return (await client.query(SESSION, id=begun["session"]["id"]))["node"]


@pytest.mark.parametrize("client", [{}, {"clientSecret": None}], ids=["confidential", "public"])
async def test_a_code_stays_away_from_a_token_address_that_came_after_the_user_had_left(
    organization: Tenant, browser, service: FaultServer, thief: FaultServer, client: dict[str, Any]
):
    shop = await consenting(organization.client, service, **client)
    begun = await leave(browser, organization.client, shop)
    await change(shop, organization.client, tokenUrl=f"{thief.url}/token")

    session = await come_back(browser, organization.client, begun)

    assert (session["status"], thief.arrivals) == ("FAILED", (0, 0))
    assert session["error"].startswith("The vendor's address has changed since you left for it")


async def test_tokens_are_bound_to_the_addresses_of_the_moment_at_which_the_user_left(
    organization: Tenant, browser, service: FaultServer, thief: FaultServer
):
    shop = await consenting(organization.client, service)
    begun = await leave(browser, organization.client, shop)
    account = {"accountUri": f"{thief.url}/me"}
    await change(shop, organization.client, apiBaseUrl=thief.url, parameters=account)

    session = await come_back(browser, organization.client, begun)
    refused = await shop.refused("GET")

    assert (session["status"], refused["reason"], thief.arrivals) == ("COMPLETED", "ADDRESS_CHANGED", (0, 0))
    await change(shop, organization.client, apiBaseUrl=service.url)
    assert (await shop.echo("GET"))["ok"] is True


async def test_nobody_is_sent_to_consent_where_the_client_secret_cannot_follow(
    organization: Tenant, browser, service: FaultServer, thief: FaultServer
):
    shop = await consenting(organization.client, service)
    await change(shop, organization.client, tokenUrl=f"{thief.url}/token")

    refused = await leave(browser, organization.client, shop)

    assert (refused["code"], refused["reason"]) == ("NOT_READY", "ADDRESS_CHANGED")


@pytest.mark.parametrize("client", [{"clientSecret": CLIENT["clientSecret"]}, {"clientSecret": None}])
async def test_a_new_consent_binds_anew(organization: Tenant, browser, service: FaultServer, client: dict[str, Any]):
    shop = await consenting(organization.client, service, **client)
    await come_back(browser, organization.client, await leave(browser, organization.client, shop))
    with FaultServer() as moved:
        moved.answers["/me"] = service.answers["/me"]
        await change(shop, organization.client, apiBaseUrl=moved.url, **client)
        refused = await shop.refused("GET")

        (one,) = await listed(organization.client, "connections", "id")
        begun = await leave(browser, organization.client, shop, connectionId=one["id"])
        await come_back(browser, organization.client, begun)

        assert (refused["reason"], (await shop.echo("GET"))["ok"]) == ("ADDRESS_CHANGED", True)


async def test_a_token_of_a_new_consent_stays_away_from_the_address_that_a_call_was_built_for(
    connect, vendor: Vendor, hub, service: FaultServer
):
    shop = await connect()
    await shop.expire()
    before = await shop.row()
    held = HeldToken(
        connection_id=shop.id,
        organization_id=shop.organization_id,
        version=before.secret_version,
        due=True,
        renewable=True,
    )
    built = OutboundRequest(method="GET", url=f"{service.url}/me", lane=shop.organization_id)
    arrived = len(service.requests)

    with pytest.raises(NotReady) as refused:
        await hub.run(call_with_token(hub.app.state.hub, built, held))

    assert (refused.value.reason, len(service.requests)) == (UnavailableReason.ADDRESS_CHANGED, arrived)
