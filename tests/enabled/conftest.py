"""Published apps, enabled on places: written straight into the database, in any state."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest
from sqlmodel import SQLModel, col, select
from starlette.routing import Mount

from models.database import Database
from models.row import name_key, new_id, now_ms
from models.tables import Asset, AssetPiece, Installation, InstallationPlace, Integration, Place, Publication
from models.vocabulary import InstallationStatus, IntegrationAccess, PlaceKind, PublicationVisibility, UploadPurpose
from resolvers.publishing.scripts import ScriptScopes
from tests.harness.apps import Apps
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from web import apps as scripts_face

SCOPES: Final = ScriptScopes(inject=frozenset({"may:inject"}), cookies=frozenset({"may:cook"}))
#: The face of scripts, with scopes that are no vendor's.
SCRIPTS: Final = "/with-scopes-of-tests"


@dataclass(frozen=True, kw_only=True)
class Enabled:
    """One organization and its places."""

    hub: RunningHub
    database: Database
    tenant: Tenant

    async def publish(self, name: str, *, script: bytes | None = None, **facts: Any) -> Publication:
        """A new app of this organization, published as `<name>.<organization>`; `facts` are Publication's."""
        app = await Apps(hub=self.hub, database=self.database, tenant=self.tenant).make(facts.pop("title", name))
        asset = None if script is None else await self._keep(app, script)
        facts.setdefault("visibility", PublicationVisibility.PUBLIC)
        publication = Publication(
            organization_id=app.organization_id,
            integration_id=app.id,
            name=f"{name}.{self.tenant.id}",
            name_key=name_key(f"{name}.{self.tenant.id}"),
            digest="0" * 64,
            published_at=now_ms(),
            script_asset_id=asset.id if asset else None,
            has_blocks=bool(facts.get("blocks")),
            **facts,
        )
        await self.write(publication)
        return publication

    async def _keep(self, app: Integration, script: bytes) -> Asset:
        """Store a script in two pieces."""
        asset = _script(app, script)
        await self.write(asset)
        half = len(script) // 2
        for position, content in enumerate((script[:half], script[half:])):
            owner = {"organization_id": app.organization_id, "asset_id": asset.id}
            await self.write(AssetPiece(**owner, position=position, content=content))
        return asset

    async def place(self, kind: PlaceKind = PlaceKind.SPACE, name: str = "Handbook") -> Place:
        """A new place."""
        place = Place(organization_id=self.tenant.id, kind=kind, name=name, name_key=name_key(name))
        await self.write(place)
        return place

    async def install(self, app: Publication, **facts: Any) -> Installation:
        """An app of another organization, installed here; `facts` are Installation's."""
        installation = Installation(
            organization_id=self.tenant.id,
            integration_id=app.integration_id,
            handler=f"H_{new_id().upper()}",
            **facts,
        )
        await self.write(installation)
        return installation

    async def enable(
        self, app: Publication, place: Place, *, configured: bool = True, **facts: Any
    ) -> InstallationPlace:
        """An app of another organization, installed here and enabled on a place."""
        return await self.put(await self.install(app, **facts), place, configured=configured)

    async def put(self, installation: Installation, place: Place, *, configured: bool = True) -> InstallationPlace:
        """An installation, enabled on a place."""
        row = InstallationPlace(
            organization_id=self.tenant.id,
            integration_id=installation.integration_id,
            installation_id=installation.id,
            place_id=place.id,
            kind=place.kind,
            configured=configured,
        )
        await self.write(row)
        return row

    async def own_installation(self, app: Publication) -> Installation:
        """The installation that came with an integration of this organization."""
        async with self.database.read() as session:
            mine = select(Installation).where(
                col(Installation.integration_id) == app.integration_id,
                col(Installation.organization_id) == self.tenant.id,
            )
            return (await session.execute(mine)).scalars().one()

    async def hide(self, app: Publication) -> None:
        """Restrict an app of this organization to its administrator."""
        async with self.database.write() as session:
            integration = await session.get_one(Integration, app.integration_id)
            integration.access, integration.owner_id = IntegrationAccess.RESTRICTED, self.tenant.admin_id

    async def begin_deletion(self, app: Publication) -> None:
        """Mark the integration of an app as removed, before its job removes anything else."""
        async with self.database.write() as session:
            (await session.get_one(Integration, app.integration_id)).removed_at = now_ms()

    async def set_status(self, row: InstallationPlace, status: InstallationStatus) -> None:
        """The status of an installation on all its places."""
        async with self.database.write() as session:
            (await session.get_one(Installation, row.installation_id)).status = status

    async def remove(self, row: SQLModel) -> None:
        """Delete a row."""
        async with self.database.write() as session:
            await session.delete(await session.merge(row))

    async def change(self, row: SQLModel, **values: Any) -> None:
        """Set columns of a row."""
        async with self.database.write() as session:
            merged = await session.merge(row)
            for name, value in values.items():
                setattr(merged, name, value)

    async def write(self, *rows: SQLModel) -> None:
        """Insert or change rows, in this order."""
        async with self.database.write() as session:
            for row in rows:
                await session.merge(row)
                await session.flush()


@pytest.fixture
def enabled(hub: RunningHub, database: Database, organization: Tenant) -> Enabled:
    """The installing organization."""
    return Enabled(hub=hub, database=database, tenant=organization)


@pytest.fixture
async def publisher(
    hub: RunningHub, database: Database, new_organization: Callable[..., Awaitable[Tenant]]
) -> Enabled:
    """Another organization, which publishes."""
    return Enabled(hub=hub, database=database, tenant=await new_organization())


@pytest.fixture(scope="session")
def scripts_served(hub: RunningHub) -> str:
    """The path below which the hub serves scripts with SCOPES."""
    routes = scripts_face.routes(hub.app.state.hub, scopes=SCOPES)
    hub.app.router.routes.append(Mount(SCRIPTS, routes=routes))
    return SCRIPTS


def plain(name: str) -> str:
    """The name that a test gave an app."""
    return name.partition(".")[0]


def _script(app: Integration, content: bytes) -> Asset:
    """A script without its bytes."""
    return Asset(
        id=new_id(),
        organization_id=app.organization_id,
        integration_id=app.id,
        purpose=UploadPurpose.SCRIPT,
        content_type="text/javascript",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        filled_at=now_ms(),
    )
