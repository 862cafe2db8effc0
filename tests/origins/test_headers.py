"""The integration's own header values: they stay at the addresses that they were entered for."""

from __future__ import annotations

from typing import Any

import pytest

from models.vocabulary import Permission
from tests.harness.acting import act, global_id, refusal
from tests.harness.calling import App, app, capability
from tests.harness.graphql import GraphQL
from tests.harness.tenants import Tenant
from tests.upstreams.faults import FaultServer

LITERAL = "literal-header-secret-4711"
HEADERS = [{"name": "X-Literal", "value": LITERAL}, {"name": "X-Who", "value": "${user.username}"}]
GET = capability("GET", "GET", "/me")
SAVE = "mutation($input: SaveDefinitionInput!) { saveDefinition(input: $input) { __typename } }"
SHARE = "mutation($input: ShareIntegrationInput!) { shareIntegration(input: $input) { __typename } }"


async def shop_at(client: GraphQL, service: FaultServer, *more: dict[str, Any], **facts: Any) -> App:
    """An app with secret headers."""
    auth = {"headers": HEADERS} | facts.pop("auth", {})
    return await app(client, service.url, GET, *more, auth=auth, **facts)


async def change(client: GraphQL, shop: App, **auth: Any) -> None:
    await act(client, "updateIntegration", {"id": shop.id, "auth": auth})


async def test_headers_do_not_follow_the_integration_to_a_new_address(
    organization: Tenant, service: FaultServer, thief: FaultServer
):
    client = organization.client
    shop = await shop_at(client, service)
    await change(client, shop, apiBaseUrl=thief.url)

    refused, plan = await shop.refused("GET"), await shop.plan("GET")
    proxied = await refusal(client, "proxyRequest", {"integration": {"id": shop.id}, "path": "/me"})

    assert {one["reason"] for one in (refused, plan, proxied)} == {"ADDRESS_CHANGED"}
    assert {one["message"] for one in (refused, proxied)} == {
        f"The address has changed since the header values of the integration were entered, to {thief.url}; check it,"
        " then enter its headers again with their values, or restore the former address."
    }
    assert (LITERAL in str(plan), thief.arrivals) == (False, (0, 0))
    await change(client, shop, apiBaseUrl=service.url)
    assert (await shop.echo("GET"))["ok"] is True
    assert service.requests[-1].header("X-Literal") == [LITERAL]


async def test_headers_entered_again_go_to_the_new_address(organization: Tenant, service: FaultServer):
    shop = await shop_at(organization.client, service)
    with FaultServer() as moved:
        moved.answers["/me"] = service.answers["/me"]
        await change(organization.client, shop, apiBaseUrl=moved.url, headers=HEADERS)

        await shop.run("GET")

        assert [one.header("X-Literal") for one in moved.requests] == [[LITERAL]]


async def test_a_connections_own_address_gets_its_credential_and_no_header_of_the_integration(
    organization: Tenant, service: FaultServer, thief: FaultServer
):
    shop = await shop_at(organization.client, service, access="RESTRICTED", mode="PER_USER", auth={"type": "API_KEY"})
    user_id = global_id("Principal", await organization.add_user("eve"))
    eve = await organization.signed_in(
        *(one for one in Permission if one is not Permission.ORGANIZATION_ADMIN), username="eve"
    )
    share = {"integrationId": shop.id, "principalId": user_id, "level": "VIEW"}
    await organization.client.query(SHARE, input=share)
    with FaultServer() as own:
        own.answers["/me"] = service.answers["/me"]
        given = {"integrationId": shop.id, "secret": {"apiKey": "eves-own-key"}, "baseUrl": own.url}
        await act(eve, "createConnection", given)

        done = await shop.by(eve).run("GET")
        plan = await shop.by(eve).plan("GET")

        (got,) = own.requests
        assert done["dispatch"]["outcome"] == "SUCCEEDED"
        assert (got.header("X-API-Key"), got.header("X-Literal"), got.header("X-Who")) == (["eves-own-key"], [], [])
        assert "X-Literal" not in {one["name"] for one in plan["headers"]}


async def test_the_values_of_a_built_in_definition_are_public_and_follow_the_integration(
    organization: Tenant, service: FaultServer
):
    auth = {"type": "NONE", "apiBaseUrl": service.url, "parameters": {"site": "acme"}}
    made = {"name": "Mill", "vendor": "mill", "auth": auth, "capabilities": [GET]}
    shop = await act(organization.client, "createIntegration", made, "id handler")
    with FaultServer() as moved:
        moved.answers["/me"] = service.answers["/me"]
        await act(organization.client, "updateIntegration", {"id": shop["id"], "auth": {"apiBaseUrl": moved.url}})

        await App(client=organization.client, id=shop["id"], handler=shop["handler"]).run("GET")

        assert [one.header("X-Version") for one in moved.requests] == [["2026-02-01"]]


@pytest.mark.parametrize("vendors", [["acme"], ["custom", "acme"]], ids=["kept", "left and taken again"])
async def test_the_values_of_an_organizations_own_definition_follow_no_change(
    organization: Tenant, service: FaultServer, thief: FaultServer, vendors: list[str]
):
    auth = {"type": "NONE", "apiBaseUrl": service.url, "headers": {"X-Literal": LITERAL}}
    definition = {"name": "Vendor", "category": "other", "auth": auth}
    await organization.client.query(SAVE, input={"vendor": "acme", "definition": definition})
    made = {"name": "Acme", "vendor": "acme", "capabilities": [GET]}
    shop = await act(organization.client, "createIntegration", made, "id handler")
    for vendor in vendors:
        change = {"id": shop["id"], "vendor": vendor, "auth": {"apiBaseUrl": thief.url}}
        await act(organization.client, "updateIntegration", change)

    refused = await App(client=organization.client, id=shop["id"], handler=shop["handler"]).refused("GET")

    assert (refused["reason"], thief.arrivals) == ("ADDRESS_CHANGED", (0, 0))


async def test_headers_stay_away_from_a_new_endpoint_elsewhere(
    organization: Tenant, service: FaultServer, thief: FaultServer
):
    shop = await shop_at(organization.client, service)
    manifest = [GET, capability("AWAY", "GET", f"{thief.url}/me")]
    await act(organization.client, "declareCapabilities", {"integrationId": shop.id, "capabilities": manifest})

    refused, done = await shop.refused("AWAY"), await shop.echo("GET")

    assert (refused["reason"], done["ok"], thief.arrivals) == ("ADDRESS_CHANGED", True, (0, 0))


async def test_endpoints_elsewhere_that_come_with_the_headers_get_them(organization: Tenant, service: FaultServer):
    with FaultServer() as second:
        second.answers["/me"] = service.answers["/me"]
        away = capability("AWAY", "GET", f"{second.url}/me")
        shop = await shop_at(
            organization.client, service, away, auth={"type": "API_KEY"}, secret={"apiKey": "k-4711"}
        )

        await shop.run("AWAY")

        (got,) = second.requests
        assert (got.header("X-Literal"), got.header("X-API-Key")) == ([LITERAL], ["k-4711"])
