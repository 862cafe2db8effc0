"""Apps of a test's own organization, made by the hub's operations inside the running hub."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from models.database import Database
from models.tables import Installation, Integration
from models.vocabulary import Permission, Source
from resolvers.caller import Caller
from resolvers.capabilities.declaring import DeclareCapability, DeclareEventType
from resolvers.capabilities.mutations import (
    DeclareCapabilities,
    DeclareEventTypes,
    declare_capabilities,
    declare_event_types,
)
from resolvers.integrations.auth import IntegrationAuth
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.mutations import create_integration
from resolvers.people.token import CreateToken, create_token
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant


@dataclass(frozen=True, kw_only=True)
class Apps:
    """What an organization has, changed in the name of its administrator."""

    hub: RunningHub
    database: Database
    tenant: Tenant

    async def make(
        self,
        name: str,
        *capabilities: DeclareCapability,
        events: Iterable[str] = (),
        parameters: dict[str, Any] | None = None,
        app_token: str | None = None,
        **facts: Any,
    ) -> Integration:
        """An integration that is installed here; `facts` are CreateIntegration's."""
        auth = IntegrationAuth(parameters=parameters) if parameters is not None else None
        new = CreateIntegration(name=name, auth=auth, **facts)
        made = await self.hub.run(create_integration(self._admin, new))
        manifest = DeclareCapabilities(integration_id=made.id, capabilities=capabilities, app_token=app_token)
        await self.hub.run(declare_capabilities(self._admin, manifest))
        types = [DeclareEventType(name=event) for event in events]
        manifest = DeclareEventTypes(integration_id=made.id, event_types=types)
        await self.hub.run(declare_event_types(self._admin, manifest))
        return made

    async def token(self, app: Integration, *permissions: Permission) -> str:
        """A bearer text of an app itself, which may do everything unless told otherwise."""
        new = CreateToken(name="app", permissions=permissions or tuple(Permission), integration_id=app.id)
        return (await self.hub.run(create_token(self._admin, new))).secret

    async def install(self, foreign: Integration, handler: str) -> Installation:
        """Another organization's app, installed here: straight in the database."""
        installation = Installation(organization_id=self.tenant.id, integration_id=foreign.id, handler=handler)
        async with self.database.write() as session:
            session.add(installation)
        return installation

    @property
    def _admin(self) -> Caller:
        return Caller(
            hub=self.hub.app.state.hub,
            source=Source.GRAPHQL,
            organization_id=self.tenant.id,
            permissions=frozenset(Permission),
            actor_name="admin",
            principal_id=self.tenant.admin_id,
        )
