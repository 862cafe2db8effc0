"""How to call operations and root fields about published apps."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlmodel import col

from models.row import new_id
from models.tables import Installation, Organization
from models.vocabulary import Permission, PublicationVisibility
from resolvers.find import IntegrationRef
from resolvers.page import SliceRequest
from resolvers.publishing.manifest import PublishIntegration
from resolvers.publishing.mutations import publish_integration
from resolvers.publishing.queries import PublicationFilter
from resolvers.publishing.withdraw import Withdrawn
from schema.kit.ids import global_id
from tests.harness.estate import Estate, caller_of
from tests.harness.matrix import Call, Foreign
from tests.harness.roles import Right
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant

_EVERYBODYS = "Everybody's app"
_PAGE = SliceRequest(size=100, count=True)


def _manifest(e: Estate) -> PublishIntegration:
    return PublishIntegration(
        integration_id=e.integration.id, name=f"app-{e.word}", title="App", description="", scopes=()
    )


def _withdrawn(e: Estate) -> Withdrawn:
    return Withdrawn(id=e.integration.id, last="f" * 24, deletes=True)


def _named(e: Estate) -> IntegrationRef:
    return IntegrationRef(published_name=e.integration.id)


def _input(e: Estate) -> dict[str, Any]:
    manifest = {"name": f"app-{e.word}-{new_id()[-6:]}x", "title": "App", "description": "", "scopes": []}
    return {"input": {**manifest, "integrationId": e.integration.id}}


async def publish_for_everybody(hub: RunningHub, tenant: Tenant) -> None:
    """The one public app that every organization finds."""
    app = PublishIntegration(
        name=f"app-{new_id()}x", title=_EVERYBODYS, description="", scopes=(), visibility=PublicationVisibility.PUBLIC
    )
    await hub.run(publish_integration(caller_of(hub, tenant), app))


async def _publish(e: Estate) -> None:
    await e.run(publish_integration, _manifest(e))


async def _install_elsewhere(e: Estate) -> None:
    """An installation in another organization, put there without its operations."""

    async def put() -> None:
        async with e.hub.app.state.hub.database.write() as session:
            others = select(col(Organization.id)).where(col(Organization.id) != e.tenant.id)
            there = (await session.execute(others.limit(1))).scalar_one()
            session.add(Installation(organization_id=there, integration_id=e.integration.id, handler=new_id()))

    await e.hub.run(put())


async def _leave(e: Estate) -> None:
    """The publisher's own organization has not installed it."""

    async def uninstall() -> None:
        async with e.hub.app.state.hub.database.write() as session:
            await session.execute(delete(Installation).where(col(Installation.id) == e.installation.id))

    await e.hub.run(uninstall())


CALLS: dict[str, Call] = {
    "publish_integration": Call(
        given=lambda e: (_manifest(e),), audits=("integration.updated", "integration.published")
    ),
    "unpublish_integration": Call(
        given=lambda e: (_named(e),), foreign=Foreign.OWN, prepare=_publish, audits=("integration.unpublished",)
    ),
    "uninstall_withdrawn": Call(given=lambda e: (_withdrawn(e),), foreign=Foreign.OWN, prepare=_install_elsewhere),
    "finish_withdrawal": Call(
        given=lambda e: (_withdrawn(e),), foreign=Foreign.NONE, prepare=_leave, audits=("integration.deleted",)
    ),
    "list_published": Call(given=lambda _: (PublicationFilter(search=_EVERYBODYS), _PAGE), foreign=Foreign.OWN),
    "read_published": Call(given=lambda e: (_named(e),), lacks=Permission.INTEGRATIONS_READ),
}

ROOTS: dict[str, Call] = {
    "publishedIntegrations": Call(
        given=lambda _: {"filter": {"search": _EVERYBODYS}}, foreign=Foreign.OWN, right=Right.ANYONE
    ),
    "publishIntegration": Call(given=_input, lacks=Permission.INTEGRATIONS_PUBLISH, right=Right.CHANGING),
    "unpublishIntegration": Call(
        given=lambda e: {"id": global_id("Integration", e.integration.id)},
        lacks=Permission.INTEGRATIONS_PUBLISH,
        right=Right.CHANGING,
    ),
}
