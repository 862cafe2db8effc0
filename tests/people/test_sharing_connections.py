"""Who may connect for everybody: at a restricted integration who may change it; for oneself whoever sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest

from models.database import Database
from models.errors import Forbidden
from models.tables import Installation
from models.vocabulary import Permission, Source
from proxy.oauth import RefreshToken
from resolvers.caller import Caller
from resolvers.connections.own import ConnectIntegration, connect_integration
from resolvers.find import IntegrationRef
from tests.harness.acting import refusal
from tests.harness.backends import both
from tests.harness.graphql import GraphQL
from tests.harness.rows import changes, snapshot
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant, found_organization

HELD = (
    *(Permission.INTEGRATIONS_READ, Permission.INTEGRATIONS_WRITE, Permission.DISPATCH_READ),
    *(Permission.CONNECTIONS_READ, Permission.CONNECTIONS_WRITE),
)
AUTH = {
    "type": "OAUTH2",
    "apiBaseUrl": "http://127.0.0.1:9",
    "authorizationUrl": "http://127.0.0.1:9/authorize",
    "tokenUrl": "http://127.0.0.1:9/token",
    "clientId": "hub",
}
TOKENS = {"oauth2": {"accessToken": "at"}}
DO = {"name": "DO", "method": "GET", "endpoint": "/ok"}
MADE = {
    "createIntegration": "... on IntegrationPayload { integration { id databaseId handler connection { id } } }",
    "createConnection": "... on ConnectionPayload { connection { id databaseId } }",
}


@dataclass(frozen=True, kw_only=True)
class Home:
    """An organization, and a user of it who is no administrator."""

    tenant: Tenant
    ada: GraphQL
    ada_id: str


@dataclass(frozen=True, kw_only=True)
class Place(Home):
    """An integration with its shared default connection, and `loose`, a shared one that is registered nowhere.

    `ada` sees the integration by a share; `own` is a connection of hers there, `spare` one beside it; `loose` is hers
    too.
    """

    id: str
    row_id: str
    handler: str
    shared: str
    loose: str
    own: str
    spare: str


async def do(client: GraphQL, field: str, input: Any) -> dict[str, Any]:
    """What a mutation answers: the noun that was made, or the code of a problem."""
    kind = "ID" if isinstance(input, str) else f"{field[0].upper()}{field[1:]}Input"
    name = "id" if isinstance(input, str) else "input"
    shown = f"__typename ... on Problem {{ code path }} {MADE.get(field, '')}"
    document = f"mutation($given: {kind}!) {{ {field}({name}: $given) {{ {shown} }} }}"
    answer = (await client.query(document, given=input))[field]
    return next((answer[noun] for noun in ("integration", "connection") if noun in answer), answer)


async def home_of(tenant: Tenant) -> Home:
    """With `ada`, who is new."""
    ada_id = await tenant.add_user("ada", *HELD)
    return Home(tenant=tenant, ada=await tenant.signed_in(*HELD, username="ada"), ada_id=ada_id)


async def place(home: Home, *, access: str = "RESTRICTED", mode: str = "SHARED", level: str = "VIEW") -> Place:
    """It is the administrator's, and `ada` has a share."""
    client, ada = home.tenant.client, home.ada
    given = {"name": "Shop", "access": access, "mode": mode, "auth": AUTH, "secret": TOKENS, "capabilities": [DO]}
    app = await do(client, "createIntegration", given)
    await do(client, "shareIntegration", {"integrationId": app["id"], "principalId": home.ada_id, "level": level})
    loose = await do(ada, "createConnection", {"mode": "SHARED", "secret": TOKENS})
    own = await do(ada, "createConnection", {"integrationId": app["id"], "secret": TOKENS})
    spare = await do(ada, "createConnection", {"secret": TOKENS})
    return Place(
        **vars(home),
        id=app["id"],
        row_id=app["databaseId"],
        handler=app["handler"],
        shared=app["connection"]["id"],
        loose=loose["id"],
        own=own["id"],
        spare=spare["id"],
    )


#: Each of them makes, replaces, spreads or removes what everybody uses at the integration.
FOR_ALL = {
    "start": lambda at: ("startAuthorization", {"integrationId": at.id}),
    "renew": lambda at: ("startAuthorization", {"integrationId": at.id, "connectionId": at.shared}),
    "create": lambda at: ("createConnection", {"integrationId": at.id, "mode": "SHARED", "secret": TOKENS}),
    "own as default": lambda at: (
        *("createConnection",),
        {"integrationId": at.id, "mode": "PER_USER", "default": True, "secret": TOKENS},
    ),
    "update": lambda at: ("updateConnection", {"id": at.shared, "secret": TOKENS}),
    "delete": lambda at: ("deleteConnection", at.shared),
    "register": lambda at: ("registerConnections", {"integrationId": at.id, "connectionIds": [at.loose]}),
    "register own as default": lambda at: (
        *("registerConnections",),
        {"integrationId": at.id, "connectionIds": [at.spare], "defaultConnectionId": at.spare},
    ),
    "unregister": lambda at: ("unregisterConnection", {"integrationId": at.id, "connectionId": at.shared}),
    "link": lambda at: ("createConnectSession", {"integrationIds": [at.id], "mode": "SHARED"}),
    "link to renew": lambda at: (
        *("createConnectSession",),
        {"integrationIds": [at.id], "connectionId": at.shared, "mode": "SHARED"},
    ),
}
FOR_ONESELF = {
    "create": lambda at: ("createConnection", {"integrationId": at.id, "mode": "PER_USER", "secret": TOKENS}),
    "start": lambda at: ("startAuthorization", {"integrationId": at.id}),
    "renew": lambda at: ("startAuthorization", {"integrationId": at.id, "connectionId": at.own}),
    "update": lambda at: ("updateConnection", {"id": at.own, "name": "Mine"}),
    "delete": lambda at: ("deleteConnection", at.own),
    "register": lambda at: ("registerConnections", {"integrationId": at.id, "connectionIds": [at.spare]}),
    "unregister": lambda at: ("unregisterConnection", {"integrationId": at.id, "connectionId": at.own}),
    "link": lambda at: ("createConnectSession", {"integrationIds": [at.id], "principalId": at.ada_id}),
}


@pytest.fixture(scope="module")
async def home(hub: RunningHub, lasting_http: httpx.AsyncClient) -> Home:
    """For tests that each make a place of their own."""
    return await home_of(await found_organization(hub, partial(GraphQL, lasting_http)))


@pytest.fixture(scope="module")
async def restricted(lasting: Tenant) -> Place:
    """For tests that are refused."""
    return await place(await home_of(lasting))


@pytest.mark.parametrize("way", FOR_ALL)
async def test_who_merely_sees_a_restricted_integration_changes_nothing_for_everybody(
    restricted: Place, database: Database, way: str
) -> None:
    before = await snapshot(database, restricted.tenant.id)

    answer = await do(restricted.ada, *FOR_ALL[way](restricted))

    assert (answer.get("__typename"), answer.get("code")) == ("Forbidden", "FORBIDDEN")
    assert changes(before, await snapshot(database, restricted.tenant.id)) == ["+ audit_entry"]


@pytest.mark.parametrize(("access", "level"), [("RESTRICTED", "MANAGE"), ("ORGANIZATION", "VIEW")])
@pytest.mark.parametrize("way", FOR_ALL)
async def test_who_manages_it_may_and_everybody_where_it_is_open(
    home: Home, way: str, access: str, level: str
) -> None:
    at = await place(home, access=access, level=level)

    answer = await do(at.ada, *FOR_ALL[way](at))

    assert "code" not in answer


@pytest.mark.parametrize("way", FOR_ONESELF)
async def test_who_sees_it_connects_for_oneself(home: Home, way: str) -> None:
    at = await place(home, mode="PER_USER")

    answer = await do(at.ada, *FOR_ONESELF[way](at))

    assert "code" not in answer


async def test_a_grant_from_elsewhere_is_not_kept_for_everybody(organization: Tenant, hub) -> None:
    at = await place(await home_of(organization))
    facts = {"source": Source.GRAPHQL, "permissions": frozenset(HELD), "organization_id": organization.id}
    ada = Caller(hub=hub.app.state.hub, principal_id=at.ada_id, **facts)
    given = ConnectIntegration(integration=IntegrationRef(id=at.row_id), given=RefreshToken(token="rt"))

    with pytest.raises(Forbidden):
        await hub.run(connect_integration(ada, given))


@both
async def test_a_shared_connection_is_everybodys_wherever_it_is_registered(
    organization: Tenant, database: Database
) -> None:
    at = await place(await home_of(organization))
    hers = await do(at.ada, "createIntegration", {"name": "Hers", "mode": "SHARED", "auth": AUTH})
    both = {"integrationId": hers["id"], "connectionIds": [at.shared], "defaultConnectionId": at.shared}
    spread = await do(at.ada, "registerConnections", both)
    await do(organization.client, "registerConnections", both)
    before = await snapshot(database, organization.id)

    link = {"integrationIds": [hers["id"]], "connectionId": at.shared, "mode": "SHARED"}
    refused = [
        await do(at.ada, "updateIntegration", {"id": hers["id"], "secret": TOKENS}),
        await do(at.ada, "declareCapabilities", {"integrationId": hers["id"], "capabilities": [], "appToken": "t"}),
        await do(at.ada, "startAuthorization", {"integrationId": hers["id"], "connectionId": at.shared}),
        await do(at.ada, "createConnectSession", link),
    ]

    assert [one.get("code") for one in (spread, *refused)] == ["FORBIDDEN"] * 5
    assert changes(before, await snapshot(database, organization.id)) == ["+ audit_entry"] * 4


@pytest.mark.parametrize(("level", "invited"), [("VIEW", False), ("MANAGE", True)])
async def test_a_refused_dispatch_brings_a_link_for_everybody_only_to_who_may_use_it(
    home: Home, level: str, invited: bool
) -> None:
    at = await place(home, level=level)
    for one in (at.shared, at.own):
        await do(home.tenant.client, "deleteConnection", one)

    problem = await refusal(at.ada, "dispatch", {"capability": {"named": {"handler": at.handler, "name": "DO"}}})

    assert (problem["reason"], problem["connectUrl"] is not None) == ("NO_CONNECTION", invited)


async def test_what_is_installed_from_elsewhere_is_restricted_there_only(
    organization: Tenant, new_organization, database: Database
) -> None:
    publisher = await new_organization()
    given = {"name": "App", "access": "RESTRICTED", "mode": "SHARED", "auth": AUTH}
    app = await do(publisher.client, "createIntegration", given)
    await organization.add_user("ada", *HELD)
    ada = await organization.signed_in(*HELD, username="ada")
    async with database.write() as session:
        session.add(Installation(organization_id=organization.id, integration_id=app["databaseId"], handler="APP"))

    made = await do(ada, "createConnection", {"integrationId": app["id"], "mode": "SHARED", "secret": TOKENS})
    renewed = await do(ada, "startAuthorization", {"integrationId": app["id"], "connectionId": made["id"]})

    assert "code" not in made | renewed
