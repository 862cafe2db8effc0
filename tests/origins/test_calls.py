"""The credential of calls: every way to change an address, by every way to send. Nothing arrives, nothing is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

from models.database import Database
from models.origins import Origins
from models.row import new_id
from models.tables import Connection
from tests.harness.acting import PROBLEM, act, integration_of, refusal
from tests.harness.calling import App, capability
from tests.harness.graphql import GraphQL, GraphQLFailed
from tests.harness.tenants import Tenant
from tests.harness.waiting import eventually
from tests.upstreams.faults import FaultServer

KEY = "key-of-the-service-4711"
CHANGED = (
    "The address has changed since the secret was entered, to {}; check it, then enter the secret again, or restore"
    " the former address."
)
SAVE = "mutation($input: SaveDefinitionInput!) { saveDefinition(input: $input) { __typename } }"
AVAILABILITY = 'capability(name: "GET") { availability { available reason } }'


@dataclass(frozen=True, kw_only=True)
class Shop:
    """An integration of a vendor with a parameter in its address, and its shared connection."""

    client: GraphQL
    http: httpx.AsyncClient
    token: str
    id: str
    handler: str
    connection_id: str

    @property
    def app(self) -> App:
        """Its capabilities."""
        return App(client=self.client, id=self.id, handler=self.handler)

    async def informer(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A request to the other dialect, about this integration."""
        headers = {"Authorization": f"Bearer {self.token}"}
        uuid = (await integration_of(self.client, "databaseId", id=self.id))["databaseId"]
        return await self.http.request(method, f"/informer/api/integrations/{uuid}{path}", headers=headers, json=body)

    async def change(self, **auth: Any) -> None:
        """A change of the auth group without the secret."""
        await act(self.client, "updateIntegration", {"id": self.id, "auth": auth})


@pytest.fixture
async def shop(organization: Tenant, http: httpx.AsyncClient, service: FaultServer) -> Shop:
    client, vendor = organization.client, f"v{new_id()}"
    probe = {"request": {"path": "/me"}}
    host = {"key": "host", "group": "PARAMETER", "label": "Host", "required": True, "pattern": ".*"}
    body = {
        "name": "Vendor",
        "category": "other",
        "auth": {"type": "API_KEY", "apiBaseUrl": "http://{host}"},
        "fields": [host],
        "verification": probe,
        "account": {**probe, "accountId": "id"},
    }
    await client.query(SAVE, input={"vendor": vendor, "definition": body})
    given = {
        "name": "Shop",
        "vendor": vendor,
        "mode": "SHARED",
        "auth": {"parameters": {"host": service.url.removeprefix("http://")}},
        "secret": {"apiKey": KEY},
        "capabilities": [capability("GET", "GET", "/me")],
    }
    made = await act(client, "createIntegration", given, "id handler connection { id }")
    return Shop(
        client=client,
        http=http,
        token=organization.token,
        id=made["id"],
        handler=made["handler"],
        connection_id=made["connection"]["id"],
    )


async def _base_url(shop: Shop, url: str) -> None:
    await shop.change(apiBaseUrl=url)


async def _parameter(shop: Shop, url: str) -> None:
    await shop.change(parameters={"host": url.removeprefix("http://")})


async def _own_base_url(shop: Shop, url: str) -> None:
    await act(shop.client, "updateConnection", {"id": shop.connection_id, "baseUrl": url})


async def _document(shop: Shop, url: str) -> None:
    answer = await shop.informer("PUT", "", {"apiBaseUri": url})
    assert answer.status_code == 200, answer.text


async def _dispatch(shop: Shop) -> str:
    return (await shop.app.refused("GET"))["message"]


async def _plan(shop: Shop) -> str:
    plan = await shop.app.plan("GET")
    assert (plan["allowed"], plan["reason"]) == (False, "ADDRESS_CHANGED")
    assert "X-API-Key" not in {header["name"] for header in plan["headers"]}
    return CHANGED


async def _proxied(shop: Shop) -> str:
    refused = await refusal(shop.client, "proxyRequest", {"integration": {"id": shop.id}, "path": "/me"})
    assert (refused["code"], refused["reason"]) == ("NOT_READY", "ADDRESS_CHANGED")
    return refused["message"]


async def _relayed(shop: Shop) -> str:
    answer = await shop.informer("POST", "/request", {"url": "/me"})
    assert answer.status_code == 409
    return answer.json()["message"]


async def _account(shop: Shop) -> str:
    answer = await shop.informer("GET", "/account")
    assert answer.status_code == 409
    return answer.json()["message"]


async def _test(shop: Shop) -> str:
    document = f"mutation($id: ID!) {{ testConnection(id: $id) {{ __typename {PROBLEM} }} }}"
    refused = (await shop.client.query(document, id=shop.connection_id))["testConnection"]
    assert refused["reason"] == "ADDRESS_CHANGED"
    return refused["message"]


async def _verify(shop: Shop) -> str:
    document = f"mutation($id: ID!) {{ verifyIntegration(id: $id) {{ __typename {PROBLEM} }} }}"
    await shop.client.query(document, id=shop.id)

    async def settled() -> Any:
        found = await integration_of(shop.client, "state stateError", id=shop.id)
        return found if found["state"] == "NEW" and found["stateError"] else None

    return (await eventually(settled))["stateError"]


async def _availability(shop: Shop) -> str:
    found = await integration_of(shop.client, AVAILABILITY, id=shop.id)
    assert found["capability"]["availability"] == {"available": False, "reason": "ADDRESS_CHANGED"}
    return CHANGED


CHANGES = [_base_url, _parameter, _own_base_url, _document]
SENDS = [_dispatch, _plan, _proxied, _relayed, _account, _test, _verify, _availability]
Change = Callable[[Shop, str], Awaitable[None]]


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("send", SENDS, ids=lambda one: one.__name__)
async def test_nothing_is_sent_to_an_address_that_the_secret_was_not_entered_for(
    shop: Shop, service: FaultServer, thief: FaultServer, change: Change, send: Callable[[Shop], Awaitable[str]]
):
    await change(shop, thief.url)

    said = await send(shop)

    assert (said.format(thief.url), thief.arrivals) == (CHANGED.format(thief.url), (0, 0))


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
async def test_restoring_the_address_restores_the_connection(
    shop: Shop, service: FaultServer, thief: FaultServer, change: Change
):
    await change(shop, thief.url)
    refused = await shop.app.refused("GET")

    await change(shop, service.url)

    assert refused["reason"] == "ADDRESS_CHANGED"
    assert (await shop.app.echo("GET"))["ok"] is True
    assert service.requests[-1].header("X-API-Key") == [KEY]
    assert thief.arrivals == (0, 0)


async def test_the_secret_entered_again_goes_to_the_new_address(shop: Shop, service: FaultServer):
    with FaultServer() as moved:
        await shop.change(apiBaseUrl=moved.url)
        await act(shop.client, "updateConnection", {"id": shop.connection_id, "secret": {"apiKey": "key-4712-again"}})

        await shop.app.run("GET")
        await shop.change(apiBaseUrl=service.url)
        refused = await shop.app.refused("GET")

        assert [one.header("X-API-Key") for one in moved.requests] == [["key-4712-again"]]
        assert refused["reason"] == "ADDRESS_CHANGED"


async def test_address_and_secret_in_one_call_belong_together(shop: Shop):
    with FaultServer() as moved:
        given = {"id": shop.id, "auth": {"apiBaseUrl": moved.url}, "secret": {"apiKey": "key-4713-again"}}
        await act(shop.client, "updateIntegration", given)

        await shop.app.run("GET")

        assert [one.header("X-API-Key") for one in moved.requests] == [["key-4713-again"]]


async def test_other_spellings_of_the_address_are_the_same(shop: Shop, service: FaultServer):
    await shop.change(apiBaseUrl=f"{service.url.replace('127.0.0.1', '127.0.0.1.')}")

    found = await integration_of(shop.client, AVAILABILITY, id=shop.id)

    assert found["capability"]["availability"] == {"available": True, "reason": None}


async def test_an_endpoint_elsewhere_is_not_available_and_the_others_stay(
    shop: Shop, service: FaultServer, thief: FaultServer
):
    manifest = [capability("GET", "GET", "/me"), capability("AWAY", "GET", f"{thief.url}/me")]
    await act(shop.client, "declareCapabilities", {"integrationId": shop.id, "capabilities": manifest})

    refused, plan = await shop.app.refused("AWAY"), await shop.app.plan("AWAY")
    done = await shop.app.echo("GET")
    found = await integration_of(
        shop.client, "capabilities { nodes { name availability { available reason } } }", id=shop.id
    )

    assert (refused["reason"], plan["reason"], done["ok"]) == ("ADDRESS_CHANGED", "ADDRESS_CHANGED", True)
    assert {one["name"]: one["availability"]["reason"] for one in found["capabilities"]["nodes"]} == {
        "GET": None,
        "AWAY": "ADDRESS_CHANGED",
    }
    assert thief.arrivals == (0, 0)


async def test_a_request_that_its_definition_has_moved_is_not_sent(shop: Shop, thief: FaultServer):
    found = await integration_of(shop.client, "vendor", id=shop.id)
    body = {
        "name": "Vendor",
        "category": "other",
        "auth": {"type": "API_KEY", "apiBaseUrl": "http://127.0.0.1"},
        "account": {"request": {"path": f"{thief.url}/me"}, "accountId": "id"},
    }
    await shop.client.query(SAVE, input={"vendor": found["vendor"], "definition": body})

    said = await _test(shop), await _account(shop)

    assert (said, thief.arrivals) == ((CHANGED.format(thief.url),) * 2, (0, 0))
    assert (await shop.app.echo("GET"))["ok"] is True


async def test_a_connection_is_not_taken_along_to_another_integration(
    shop: Shop, organization: Tenant, thief: FaultServer
):
    given = {
        "name": "Other",
        "auth": {"type": "API_KEY", "apiBaseUrl": thief.url},
        "capabilities": [capability("GET", "GET", "/me")],
    }
    other = await act(shop.client, "createIntegration", given, "id handler")
    link = {"integrationId": other["id"], "connectionIds": [shop.connection_id]}
    await act(shop.client, "registerConnections", link)

    refused = await App(client=shop.client, id=other["id"], handler=other["handler"]).refused("GET")

    assert (refused["reason"], thief.arrivals) == ("ADDRESS_CHANGED", (0, 0))


async def test_a_changed_column_of_origins_opens_nothing(
    shop: Shop, organization: Tenant, database: Database, thief: FaultServer
):
    planted = Origins.of(api=[thief.url]).text()
    async with database.write() as session:
        rows = update(Connection).where(col(Connection.organization_id) == organization.id)
        await session.execute(rows.values(secret_origins=planted))
    await shop.change(apiBaseUrl=thief.url)

    with pytest.raises(GraphQLFailed) as failed:
        await shop.app.run("GET")

    assert (KEY in str(failed.value), thief.arrivals) == (False, (0, 0))
