"""Installations of an app as its publisher and its own tokens read them, and their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, select
from sqlmodel import col

from models.errors import NotFound
from models.row import is_id
from models.tables import ExternalId, Installation, InstallationPlace, Integration, Place, Publication
from models.vocabulary import Permission, PlaceKind
from resolvers.find import IntegrationRef, get_app
from resolvers.installations.address import InstallationAddress, PlaceAddress
from resolvers.installations.rights import Found, find_installation
from resolvers.installations.shown import AppInstallation, AppPlace, installations_shown, places_shown, shown
from resolvers.operation import operation
from resolvers.page import NEWEST_FIRST, Slice, SliceRequest
from resolvers.work import Work

Shown = TypeVar("Shown", AppInstallation, AppPlace)


@dataclass(frozen=True, kw_only=True)
class AppInstallations:
    """Installations of one app. `external_id`: only those to which the app gave this id."""

    app: IntegrationRef
    external_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class InstallationPlaces:
    """The spaces or the sites of one installation."""

    installation: InstallationAddress
    kind: PlaceKind


@dataclass(frozen=True, kw_only=True)
class AppPlaces:
    """Spaces or sites of all installations of one app. `external_id`: only those with this id of their own."""

    app: IntegrationRef
    kind: PlaceKind
    external_id: str | None = None


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def read_app_installation(work: Work, address: InstallationAddress) -> AppInstallation:
    """Read one installation of an app, on the caller's organization or of the caller's own app."""
    return await shown(work, await find_installation(work, address))


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def list_app_installations(work: Work, wanted: AppInstallations, page: SliceRequest) -> Slice[AppInstallation]:
    """List the installations of an app, newest first: all of them for its publisher, else the caller's own."""
    app = await get_app(work, wanted.app, path=("app",))
    chosen = work.mine(Installation).where(
        col(Installation.integration_id) == app.id, *_given_id(app, wanted.external_id)
    )
    found = await work.slice(chosen, Installation, NEWEST_FIRST, page)
    publication = await _publication(work, app)
    ones = [Found(installation=row, integration=app, publication=publication) for row in found.rows]
    return _with(await installations_shown(work, ones), found)


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def list_installation_places(work: Work, wanted: InstallationPlaces, page: SliceRequest) -> Slice[AppPlace]:
    """List the spaces or the sites on which an installation is enabled, newest first."""
    found = await find_installation(work, wanted.installation, path=("installation_id",))
    chosen = select(InstallationPlace).where(
        col(InstallationPlace.installation_id) == found.installation.id, col(InstallationPlace.kind) == wanted.kind
    )
    rows = await work.slice(chosen, InstallationPlace, NEWEST_FIRST, page)
    return _with(await _shown(work, rows.rows, [found]), rows)


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def read_installation_place(work: Work, place: PlaceAddress) -> AppPlace:
    """Read an installation on one space or site."""
    found = await find_installation(work, place.installation, path=("installation_id",))
    chosen = select(InstallationPlace).where(
        col(InstallationPlace.installation_id) == found.installation.id,
        col(InstallationPlace.place_id) == place.place_id,
    )
    row = await work.first(chosen) if is_id(place.place_id) else None
    if row is None or place.kind not in (None, row.kind):
        raise NotFound("installation place", path=("place_id",))
    (answer,) = await _shown(work, [row], [found])
    return answer


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def list_app_places(work: Work, wanted: AppPlaces, page: SliceRequest) -> Slice[AppPlace]:
    """List the spaces or the sites on which an app is enabled, over all installations, newest first."""
    app = await get_app(work, wanted.app, path=("app",))
    chosen = work.mine(InstallationPlace).where(
        col(InstallationPlace.integration_id) == app.id,
        col(InstallationPlace.kind) == wanted.kind,
        *_given_place_id(app, wanted.external_id),
    )
    rows = await work.slice(chosen, InstallationPlace, NEWEST_FIRST, page)
    ids = {row.installation_id for row in rows.rows}
    installations = await work.all(work.mine(Installation).where(col(Installation.id).in_(ids)))
    publication = await _publication(work, app)
    found = [Found(installation=one, integration=app, publication=publication) for one in installations]
    return _with(await _shown(work, rows.rows, found), rows)


def _given_id(app: Integration, external_id: str | None) -> list[ColumnElement[bool]]:
    """Conditions on installations: the app gave this id to them themselves, not to one of their places."""
    if external_id is None:
        return []
    given = _ids(app, external_id).where(col(ExternalId.installation_place_id).is_(None))
    return [col(Installation.id).in_(given.with_only_columns(col(ExternalId.installation_id)))]


def _given_place_id(app: Integration, external_id: str | None) -> list[ColumnElement[bool]]:
    if external_id is None:
        return []
    given = _ids(app, external_id).with_only_columns(col(ExternalId.installation_place_id))
    return [col(InstallationPlace.id).in_(given)]


def _ids(app: Integration, external_id: str) -> Select[Any]:
    return select(ExternalId).where(col(ExternalId.integration_id) == app.id, col(ExternalId.value) == external_id)


async def _publication(work: Work, app: Integration) -> Publication | None:
    return await work.first(select(Publication).where(col(Publication.integration_id) == app.id))


async def _shown(work: Work, rows: Sequence[InstallationPlace], found: Sequence[Found]) -> list[AppPlace]:
    """Rows with their places, which a publisher sees where its app is enabled."""
    by_id = {one.installation.id: one for one in found}
    ids = [row.place_id for row in rows]
    places = {place.id: place for place in await work.all(select(Place).where(col(Place.id).in_(ids)))}
    return await places_shown(work, [(row, places[row.place_id], by_id[row.installation_id]) for row in rows])


def _with(rows: list[Shown], found: Slice[Any]) -> Slice[Shown]:
    """The same slice with its rows as a face shows them."""
    return Slice(rows=rows, has_next=found.has_next, has_previous=found.has_previous, total=found.total)
