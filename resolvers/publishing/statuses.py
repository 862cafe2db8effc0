"""Statuses of the apps that are installed on an organization, or on spaces and sites of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlmodel import col

from models.errors import InvalidInput, NotFound
from models.tables import Installation, InstallationPlace, Integration, Publication
from models.vocabulary import InstallationStatus, Permission, PlaceKind
from resolvers.filters import equal
from resolvers.find import IntegrationRef, get_app
from resolvers.installations.shown import status_on_place
from resolvers.operation import operation
from resolvers.page import NEWEST_FIRST, Slice, SliceRequest
from resolvers.publishing.enabled import named
from resolvers.publishing.places import PlaceRef, get_place
from resolvers.publishing.published import Published, published_of
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class AppStatuses:
    """The apps that are installed on the organization; with `kind`, those enabled on places of that kind.

    `place_id`: on that place alone. `search`: words, each in the name or in the texts of the app.
    """

    search: str | None = None
    kind: PlaceKind | None = None
    place_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class AppStatus:
    """One app's status on the organization; on a place if `kind` and `place_id` name one.

    `id`: of the installation, or of the installation on the place; it is the position in the list.
    """

    id: str
    published: Published
    status: InstallationStatus
    kind: PlaceKind | None = None
    place_id: str | None = None


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def read_app_status(work: Work, app: IntegrationRef) -> InstallationStatus:
    """Read the status of an app on the caller's organization. Raises NotFound if it is not installed there."""
    integration = await get_app(work, app, path=("app",))
    own = col(Installation.organization_id) == work.organization_id
    of_the_app = work.mine(Installation).where(own, col(Installation.integration_id) == integration.id)
    installation = await work.first(of_the_app)
    if installation is None:
        raise NotFound("installation", path=("app",))
    return installation.status


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound, InvalidInput), reads=True)
async def list_app_statuses(work: Work, of: AppStatuses, page: SliceRequest) -> Slice[AppStatus]:
    """List the published apps that are installed on the caller's organization with their statuses, newest first."""
    if of.kind is None and of.place_id is None:
        return await _on_the_organization(work, of, page)
    kind = of.kind
    if of.place_id is not None:
        kind = (await get_place(work, PlaceRef(id=of.place_id, kind=kind), path=("place_id",))).kind
    return await _on_places(work, of, kind, page)


async def _on_the_organization(work: Work, of: AppStatuses, page: SliceRequest) -> Slice[AppStatus]:
    own = col(Installation.organization_id) == work.organization_id
    statement = work.mine(Installation).where(own, _is_published(Installation, of.search))
    found = await work.slice(statement, Installation, NEWEST_FIRST, page)
    apps = await _apps(work, found)
    rows = [AppStatus(id=row.id, published=apps[row.integration_id], status=row.status) for row in found.rows]
    return _like(found, rows)


async def _on_places(work: Work, of: AppStatuses, kind: PlaceKind | None, page: SliceRequest) -> Slice[AppStatus]:
    statement = work.mine(InstallationPlace).where(
        col(InstallationPlace.organization_id) == work.organization_id,
        *equal(col(InstallationPlace.kind), kind),
        *equal(col(InstallationPlace.place_id), of.place_id),
        _is_published(InstallationPlace, of.search),
    )
    found = await work.slice(statement, InstallationPlace, NEWEST_FIRST, page)
    apps, installations = await _apps(work, found), await _installations(work, found)
    rows = [
        AppStatus(
            id=row.id,
            published=apps[row.integration_id],
            status=status_on_place(row, installations[row.installation_id]),
            kind=row.kind,
            place_id=row.place_id,
        )
        for row in found.rows
    ]
    return _like(found, rows)


def _is_published(model: Any, search: str | None) -> ColumnElement[bool]:
    """Whether the app of a row is published, and has the words of a search."""
    published: Select[tuple[str]] = select(col(Publication.integration_id))
    if search:
        of_the_app = col(Integration.id) == col(Publication.integration_id)
        published = published.join(Integration, of_the_app).where(*named(search))
    within: ColumnElement[bool] = col(model.integration_id).in_(published)
    return within


async def _apps(work: Work, found: Slice[Any]) -> dict[str, Published]:
    """The apps of a page, by the ids of their integrations."""
    ids = {row.integration_id for row in found.rows}
    integrations = await work.all(work.mine(Integration).where(col(Integration.id).in_(ids)))
    return {one.integration.id: one for one in await published_of(work, integrations)}


async def _installations(work: Work, found: Slice[InstallationPlace]) -> dict[str, InstallationStatus]:
    ids = {row.installation_id for row in found.rows}
    rows = await work.all(work.mine(Installation).where(col(Installation.id).in_(ids)))
    return {row.id: row.status for row in rows}


def _like(found: Slice[Any], rows: list[AppStatus]) -> Slice[AppStatus]:
    return Slice(rows=rows, has_next=found.has_next, has_previous=found.has_previous, total=found.total)
