"""The way out of a changed address: a link for whoever may enter the secret again, where that helps."""

from __future__ import annotations

from tests.connect.people import create_link, submit
from tests.harness.acting import act, integration_of
from tests.harness.calling import app, capability
from tests.harness.tenants import Tenant
from tests.upstreams.faults import FaultServer

GET = capability("GET", "GET", "/me")
HEADERS = [{"name": "X-Literal", "value": "literal-header-secret-4711"}]


async def test_a_user_enters_the_secret_again_by_the_link(
    organization: Tenant, browser, service: FaultServer, thief: FaultServer
):
    client = organization.client
    shop = await app(client, thief.url, GET, auth={"type": "API_KEY"})
    await act(client, "createConnection", {"integrationId": shop.id, "secret": {"apiKey": "key-for-the-first"}})
    await act(client, "updateIntegration", {"id": shop.id, "auth": {"apiBaseUrl": service.url}})

    refused = await shop.refused("GET")
    made = await client.query("query($id: ID!) { integration(by: {id: $id}) { databaseId } }", id=shop.id)
    link, row_id = refused["connectUrl"], made["integration"]["databaseId"]
    browser.get(link)
    answer = submit(browser, link, integration=row_id, apiKey="key-for-the-second")

    assert (refused["reason"], answer.status_code) == ("ADDRESS_CHANGED", 303)
    assert (await shop.echo("GET"))["ok"] is True
    assert service.requests[-1].header("X-API-Key") == ["key-for-the-second"]


async def test_there_is_no_link_where_only_the_headers_are_to_be_entered_again(
    organization: Tenant, service: FaultServer, thief: FaultServer
):
    client = organization.client
    auth = {"type": "API_KEY", "headers": HEADERS}
    shop = await app(client, service.url, GET, auth=auth, secret={"apiKey": "key-4711"})
    given = {"id": shop.id, "auth": {"apiBaseUrl": thief.url}, "secret": {"apiKey": "key-4712"}}
    await act(client, "updateIntegration", given)

    refused = await shop.refused("GET")

    assert (refused["reason"], refused["connectUrl"], thief.arrivals) == ("ADDRESS_CHANGED", None, (0, 0))


async def test_a_page_says_so_where_the_client_secret_cannot_follow(
    organization: Tenant, browser, service: FaultServer, thief: FaultServer
):
    client = organization.client
    addresses = {name: f"{service.url}/{path}" for name, path in (("authorizationUrl", "a"), ("tokenUrl", "token"))}
    auth = {"type": "OAUTH2", "clientId": "hub", "clientSecret": "client-secret-4711", **addresses}
    shop = await app(client, service.url, GET, auth=auth)
    made = await create_link(client, integrationIds=[shop.id], mode="SHARED")
    await act(client, "updateIntegration", {"id": shop.id, "auth": {"tokenUrl": f"{thief.url}/token"}})
    found = await integration_of(client, "databaseId", id=shop.id)

    browser.get(made["url"])
    page = submit(browser, made["url"], integration=found["databaseId"])

    assert (page.status_code, "The address of the service has changed" in page.text) == (409, True)
    assert thief.arrivals == (0, 0)
