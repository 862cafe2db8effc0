"""Manifests, and publishers that publish them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.row import new_id
from models.vocabulary import Permission
from resolvers.find import IntegrationRef
from resolvers.installations.mutations import InstallIntegration, install_integration
from resolvers.publishing.manifest import GivenFile, PublishIntegration
from resolvers.publishing.mutations import publish_integration
from resolvers.publishing.published import Published
from tests.files.pictures import png
from tests.harness.estate import caller_of
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant

MANIFEST = {"title": "Weather", "description": "Shows the weather.", "scopes": ["space:content:read"]}


def app_name() -> str:
    """A name that no other test has."""
    return f"app-{new_id()}x"


def picture(size: int = 2) -> GivenFile:
    """A picture of this width."""
    return GivenFile(content=png(size, 2))


class Publisher:
    """The administrator of an organization, calling operations."""

    def __init__(self, hub: RunningHub, tenant: Tenant) -> None:
        self.hub, self.tenant = hub, tenant

    async def run(self, operation: Callable[..., Awaitable[Any]], *given: Any, **named: Any) -> Any:
        """The answer of an operation."""
        return await self.hub.run(operation(caller_of(self.hub, self.tenant), *given, **named))

    async def publish(self, name: str | None = None, **more: Any) -> Published:
        """Publish an app with the plain manifest and these members."""
        return await self.run(publish_integration, PublishIntegration(**{"name": name, **MANIFEST, **more}))

    async def publish_as(self, principal_id: str, **manifest: Any) -> Published:
        """Publish with the same permissions as another user, who is no administrator."""
        most = frozenset(Permission) - {Permission.ORGANIZATION_ADMIN}
        caller = caller_of(self.hub, self.tenant, most, principal_id=principal_id)
        return await self.hub.run(publish_integration(caller, PublishIntegration(**{**MANIFEST, **manifest})))

    async def install(self, name: str) -> Any:
        """Install an app by its name."""
        app = IntegrationRef(published_name=name)
        return await self.run(install_integration, InstallIntegration(integration=app))


@pytest.fixture
def publisher(hub: RunningHub, organization: Tenant) -> Publisher:
    """The organization of the test's own."""
    return Publisher(hub, organization)


@pytest.fixture
async def other(hub: RunningHub, new_organization: Callable[..., Awaitable[Tenant]]) -> Publisher:
    """Another organization."""
    return Publisher(hub, await new_organization())
