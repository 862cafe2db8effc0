"""A house: an organization whose back end acts for its people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.database import Database
from models.tables import Event
from models.vocabulary import Permission
from resolvers.people.mutations import USERS_PERMISSIONS
from tests.harness.acting import act
from tests.harness.calling import App, app, capability, given
from tests.harness.graphql import GraphQL
from tests.harness.rows import changes, snapshot
from tests.harness.tenants import Tenant
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

MEMBER = tuple(word for word in USERS_PERMISSIONS if word is not Permission.ORGANIZATION_ADMIN)
BACK_END = ("ACT_AS", "DISPATCH_READ", "DISPATCH_WRITE", "PROXY_REQUEST", "EVENTS_EMIT", "CONNECTIONS_WRITE")
AUTH = {"type": "BEARER", "headers": [{"name": "X-Who", "value": "${user.username}"}]}
CHANGE = """mutation($input: UpdatePrincipalInput!) { updatePrincipal(input: $input) { __typename } }"""


@dataclass(frozen=True, kw_only=True)
class House:
    """An integration of an organization, its people, each with a connection of their own, and an upstream."""

    tenant: Tenant
    graphql: Callable[..., GraphQL]
    database: Database
    upstream: FaultServer
    shop: App
    people: dict[str, str]
    clients: dict[str, GraphQL]

    async def token(self, *permissions: str, **input: Any) -> str:
        """The text of a token that an administrator makes; of the shop unless `input` names another owner."""
        owner = input or {"integrationId": self.shop.id}
        new = {"name": "Back end", "permissions": permissions or BACK_END, **owner}
        return (await act(self.tenant.client, "createToken", new, "secret"))["secret"]

    async def back_end(self, *permissions: str, **input: Any) -> App:
        """The shop, called with such a token."""
        return self.shop.by(self.graphql(await self.token(*permissions, **input)))

    async def add(self, username: str, *permissions: Permission) -> str:
        """A further user without a connection. Answers the id."""
        self.people[username] = await self.tenant.add_user(username, *(permissions or MEMBER))
        return self.people[username]

    async def change(self, username: str, **input: Any) -> None:
        """Change a user, as the administrator does."""
        answer = await self.tenant.client.query(CHANGE, input={"id": self.people[username], **input})
        assert answer["updatePrincipal"]["__typename"] == "PrincipalPayload", answer

    def arrived(self) -> list[tuple[list[str], list[str]]]:
        """The credential and the user's name of every request that arrived, oldest first."""
        return [(one.header("authorization"), one.header("x-who")) for one in self.upstream.requests]

    async def emitted(self) -> list[Event]:
        """The events that were emitted at the shop, oldest first."""
        mine = select(Event).where(col(Event.organization_id) == self.tenant.id, col(Event.type).endswith(".DONE"))
        async with self.database.read() as session:
            return list((await session.execute(mine.order_by(col(Event.id)))).scalars())

    async def rows(self) -> Any:
        """Everything that the organization has."""
        return await snapshot(self.database, self.tenant.id)

    async def changed(self, before: Any) -> list[str]:
        """The differences from an earlier answer of `rows`."""
        return changes(before, await self.rows())


@pytest.fixture
async def house(organization, graphql, database, upstream) -> House:
    """Ada and Otto, with connections of their own, and the shop, which is open to the organization."""
    upstream.answers["/ok"] = reply(b'{"n":1}', "application/json")
    shop = await app(
        organization.client,
        upstream.url,
        capability("OK", "POST", "/ok", given("a")),
        capability("LOOK", "GET", "/ok"),
        name="Shop",
        auth=AUTH,
    )
    events = {"integrationId": shop.id, "eventTypes": [{"name": f"{shop.handler}.DONE"}]}
    await act(organization.client, "declareEventTypes", events)
    house = House(
        tenant=organization,
        graphql=graphql,
        database=database,
        upstream=upstream,
        shop=shop,
        people={},
        clients={},
    )
    for name in ("ada", "otto"):
        await house.add(name)
        house.clients[name] = await organization.signed_in(*MEMBER, username=name)
        await connect(house.clients[name], shop, name)
    return house


async def connect(client: GraphQL, shop: App, token: str, **more: Any) -> str:
    """A connection of the client's user. Answers its id."""
    new = {"integrationId": shop.id, "name": token, "secret": {"bearerToken": token}, **more}
    return (await act(client, "createConnection", new))["id"]
