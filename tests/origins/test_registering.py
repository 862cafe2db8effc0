"""A secret that was entered for no address: only its holder says where it goes, by registering it."""

from __future__ import annotations

from models.vocabulary import Permission
from tests.harness.acting import act
from tests.harness.calling import App, capability
from tests.harness.graphql import GraphQL
from tests.harness.tenants import Tenant
from tests.upstreams.faults import FaultServer

KEY = "key-of-the-service-4711"


async def unbound(client: GraphQL, mode: str) -> str:
    """A connection that was made for no integration and no address."""
    return (await act(client, "createConnection", {"name": "Loose", "mode": mode, "secret": {"apiKey": KEY}}))["id"]


async def registered(client: GraphQL, at: FaultServer, connection_id: str) -> App:
    """An app of this client's on a service, with that connection."""
    given = {
        "name": "Late",
        "auth": {"type": "API_KEY", "apiBaseUrl": at.url},
        "capabilities": [capability("GET", "GET", "/me")],
    }
    made = await act(client, "createIntegration", given, "id handler")
    link = {"integrationId": made["id"], "connectionIds": [connection_id]}
    await act(client, "registerConnections", link)
    return App(client=client, id=made["id"], handler=made["handler"])


async def test_a_secret_for_no_address_is_bound_where_its_holder_registers_it_first(
    organization: Tenant, service: FaultServer, thief: FaultServer
):
    await organization.add_user("grace")
    user = await organization.signed_in(
        *(word for word in Permission if word is not Permission.ORGANIZATION_ADMIN), username="grace"
    )
    own, shared = await unbound(user, "PER_USER"), await unbound(user, "SHARED")

    assert (await (await registered(user, service, own)).echo("GET"))["ok"] is True
    assert (await (await registered(user, thief, own)).refused("GET"))["reason"] == "ADDRESS_CHANGED"
    assert (await (await registered(user, thief, shared)).refused("GET"))["reason"] == "ADDRESS_CHANGED"
    assert (await (await registered(organization.client, service, shared)).echo("GET"))["ok"] is True
    assert thief.arrivals == (0, 0)
