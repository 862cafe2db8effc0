"""Installations: the list of them, and installed integrations by handler."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlmodel import col

from models.errors import NotFound
from models.tables import Capability, ExternalId, Installation, InstallationPlace, Integration
from models.vocabulary import InstallationStatus, Permission, PlaceKind
from resolvers.capabilities.queries import BY_POSITION
from resolvers.filters import among, equal, searching, words_of
from resolvers.operation import operation
from resolvers.page import BY_ID, Order, Slice, SliceRequest
from resolvers.work import Work

BY_HANDLER = Order(columns=("handler", "id"))


@dataclass(frozen=True, kw_only=True)
class InstallationFilter:
    """Conditions on installations; all must hold."""

    status: tuple[InstallationStatus, ...] | None = None
    external_id: str | None = None
    search: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL. Words are searched in the app's texts and in handlers."""
        return [*among(col(Installation.status), self.status), *self._ids(), *self._words()]

    def _ids(self) -> list[ColumnElement[bool]]:
        """Of an installation itself, not of one of its places."""
        if self.external_id is None:
            return []
        given = exists().where(
            col(ExternalId.installation_id) == col(Installation.id),
            col(ExternalId.installation_place_id).is_(None),
            col(ExternalId.value) == self.external_id,
        )
        return [given.correlate(Installation)]

    def _words(self) -> list[ColumnElement[bool]]:
        named = select(col(Integration.id))
        return [
            or_(
                *searching(func.lower(col(Installation.handler)), word),
                col(Installation.integration_id).in_(named.where(*searching(col(Integration.search_text), word))),
            )
            for word in words_of(self.search)
        ]


@dataclass(frozen=True, kw_only=True)
class InstallationPlaceFilter:
    """Conditions on places of an installation."""

    kind: PlaceKind | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return equal(col(InstallationPlace.kind), self.kind)


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An installation with its integration and capabilities."""

    installation: Installation
    integration: Integration
    capabilities: tuple[Capability, ...] = ()


@operation(needs=Permission.INSTALLATIONS_READ, reads=True)
async def list_installations(work: Work, filter: InstallationFilter, page: SliceRequest) -> Slice[Installation]:
    """List installations on the caller's own organization."""
    own = col(Installation.organization_id) == work.organization_id
    return await work.slice(work.mine(Installation).where(own, *filter.conditions()), Installation, BY_ID, page)


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def list_installed_integrations(work: Work, page: SliceRequest) -> Slice[Installed]:
    """List the integrations installed on the caller's organization, by handler."""
    own = work.mine(Installation).where(col(Installation.organization_id) == work.organization_id)
    found = await work.slice(own, Installation, BY_HANDLER, page)
    ids = [installation.integration_id for installation in found.rows]
    apps = await work.all(work.mine(Integration).where(col(Integration.id).in_(ids)))
    by_id = {integration.id: integration for integration in apps}
    return Slice(
        rows=[Installed(installation=row, integration=by_id[row.integration_id]) for row in found.rows],
        has_next=found.has_next,
        has_previous=found.has_previous,
        total=found.total,
    )


@operation(needs=Permission.INTEGRATIONS_READ, refuses=(NotFound,), reads=True)
async def read_installed_integration(work: Work, handler: str) -> Installed:
    """Read one installed integration with its capabilities, by its handler in the organization."""
    installation = await work.first(
        work.mine(Installation).where(
            col(Installation.organization_id) == work.organization_id, col(Installation.handler) == handler
        )
    )
    if installation is None:
        raise NotFound("integration", path=("handler",))
    integration = await work.get(Integration, installation.integration_id)
    here = work.mine(Capability).where(col(Capability.integration_id) == integration.id)
    ordered = here.order_by(*(getattr(Capability, column) for column in BY_POSITION.columns))
    return Installed(installation=installation, integration=integration, capabilities=tuple(await work.all(ordered)))
