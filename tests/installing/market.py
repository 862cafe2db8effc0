"""A publisher with one published app, an organization that may install it, and short ways to do so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from models.tables import Integration, Publication
from models.vocabulary import Permission, Source
from resolvers.caller import Caller
from tests.harness.acting import PROBLEM, act
from tests.harness.apps import Apps
from tests.harness.graphql import GraphQL
from tests.harness.publications import plant, publication_of
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant

SHOWN = """id databaseId status version externalIds configuration spaceSelection siteSelection
  places(first: 100) { nodes { status kind externalIds configuration version place { databaseId } } }"""
TEAM = {"properties": {"team": {"type": "string", "enum": ["A", "B"]}}, "required": ["team"]}
OPEN = tuple(Permission)


@dataclass(frozen=True, kw_only=True)
class Market:
    """`app`: of the publisher, published under its slug. `installer`: another organization."""

    hub: RunningHub
    graphql: Callable[..., GraphQL]
    apps: Apps
    publisher: Tenant
    installer: Tenant
    app: Integration
    publication: Publication

    async def install(self, **values: Any) -> dict[str, Any]:
        """The app, installed on the other organization."""
        new = {"integration": {"publishedName": self.publication.name}, **values}
        return await act(self.installer.client, "installIntegration", new, SHOWN)

    async def update(self, client: GraphQL, id: str, **values: Any) -> dict[str, Any]:
        """The changed installation."""
        return await act(client, "updateInstallation", {"id": id, **values}, SHOWN)

    async def place(self, name: str = "Space", kind: str = "SPACE") -> str:
        """A new place of the installing organization; answers its id."""
        document = """mutation($input: CreatePlaceInput!) { createPlace(input: $input) {
            ... on PlacePayload { place { databaseId } } } }"""
        made = await self.installer.client.query(document, input={"kind": kind, "name": name})
        return made["createPlace"]["place"]["databaseId"]

    async def save(self, client: GraphQL, installation: str, place: str, **values: Any) -> dict[str, Any]:
        """The installation with its changed place."""
        given = {"installationId": installation, "placeId": place, **values}
        return await act(client, "saveInstallationPlace", given, SHOWN)

    async def app_client(self, *permissions: Permission) -> GraphQL:
        """A client with a token of the app itself."""
        return self.graphql(await self.apps.token(self.app, *(permissions or OPEN)))

    async def token(self, client: GraphQL, installation: str) -> dict[str, Any]:
        """The answer to a wish for a token of an installation."""
        document = f"""mutation($id: ID!) {{ createInstallationToken(installationId: $id) {{
            ... on TokenPayload {{ secret token {{ id kind permissions expiresAt createdAt name }} }}
            {PROBLEM} }} }}"""
        return (await client.query(document, id=installation))["createInstallationToken"]

    async def token_client(self, installation: str) -> GraphQL:
        """A client with a token of an installation, made by the app."""
        return self.graphql((await self.token(await self.app_client(), installation))["secret"])

    def caller(self, tenant: Tenant, permissions: tuple[Permission, ...] = OPEN, **facts: Any) -> Caller:
        """The administrator of one of the two."""
        caller = Caller(
            hub=self.hub.app.state.hub,
            source=Source.GRAPHQL,
            organization_id=tenant.id,
            permissions=frozenset(permissions),
            actor_name="admin",
            principal_id=tenant.admin_id,
        )
        return replace(caller, **facts)


async def found_market(
    hub: RunningHub, database: Any, graphql: Any, new: Callable[..., Awaitable[Tenant]], **published: Any
) -> Market:
    """Two organizations, and the app; `published` are of `publication_of`."""
    publisher, installer = await new(), await new()
    apps = Apps(hub=hub, database=database, tenant=publisher)
    app = await apps.make(f"App {publisher.slug}")
    publication = publication_of(app, name=f"app-{publisher.slug}", **published)
    await plant(database, publication)
    return Market(
        hub=hub,
        graphql=graphql,
        apps=apps,
        publisher=publisher,
        installer=installer,
        app=app,
        publication=publication,
    )
