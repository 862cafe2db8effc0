"""Apps that are enabled on a space or a site, and their blocks there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, or_, select
from sqlmodel import col

from models.errors import InvalidInput, NotFound
from models.tables import Installation, InstallationPlace, Integration, Place, Publication
from models.vocabulary import InstallationStatus, Permission, PlaceKind
from resolvers.filters import searching, words_of
from resolvers.operation import operation
from resolvers.publishing.places import PlaceRef, get_place
from resolvers.publishing.published import Published, published_of
from resolvers.scope import visible
from resolvers.work import Work

#: The most apps of one place that an answer has; a search finds the others.
MOST_APPS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class PlaceApps:
    """The apps of one space or site. `search`: words, each in the name or in the texts of the app."""

    kind: PlaceKind
    place_id: str
    search: str | None = None


@dataclass(frozen=True, kw_only=True)
class AppBlocks:
    """The blocks of one app, as they were published. `name`: the app's."""

    name: str
    blocks: Sequence[dict[str, Any]]


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound, InvalidInput), reads=True)
async def list_place_apps(work: Work, of: PlaceApps) -> list[Published]:
    """List the apps that are enabled on a place, by name; the first 1,000 of them.

    Enabled: published, installed and active, with a configuration that is complete for the organization and for the
    place. Pending and paused ones are left out: they do nothing there.
    """
    place = await get_place(work, PlaceRef(id=of.place_id, kind=of.kind), path=("place_id",))
    enabled = by_name(select(Integration).join(Publication, _published()).where(*named(of.search)))
    return await published_of(work, await work.all(enabled_at(work, place, enabled)))


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def list_place_blocks(work: Work, place_id: str) -> list[AppBlocks]:
    """List the blocks of the apps that are enabled on a space, by the app's name; those of apps that have any."""
    place = await get_place(work, PlaceRef(id=place_id, kind=PlaceKind.SPACE), path=("place_id",))
    columns = select(col(Publication.name), col(Publication.blocks)).join(Integration, _published())
    found = await work.session.execute(enabled_at(work, place, by_name(columns.where(col(Publication.has_blocks)))))
    return [AppBlocks(name=name, blocks=blocks) for name, blocks in found]


def enabled_at(work: Work, place: Place, statement: Select[Any]) -> Select[Any]:
    """A statement over Integration and Publication, limited to apps that are enabled on a place."""
    return (
        statement.join(Installation, col(Installation.integration_id) == col(Integration.id))
        .join(InstallationPlace, col(InstallationPlace.installation_id) == col(Installation.id))
        .where(
            col(InstallationPlace.place_id) == place.id,
            col(Installation.organization_id) == place.organization_id,
            *active(),
            *visible(work.caller, Integration),
            *visible(work.caller, InstallationPlace),
        )
    )


def active() -> list[ColumnElement[bool]]:
    """Conditions on Installation and InstallationPlace: the app is active there."""
    return [col(Installation.status) == InstallationStatus.ACTIVE, col(InstallationPlace.configured).is_(True)]


def named(search: str | None) -> list[ColumnElement[bool]]:
    """Conditions on Integration and Publication: each word is in the app's name or in its texts."""
    return [
        or_(*searching(col(Publication.name_key), word), *searching(col(Integration.search_text), word))
        for word in words_of(search)
    ]


def by_name(statement: Select[Any]) -> Select[Any]:
    """The first MOST_APPS apps by name."""
    return statement.order_by(col(Publication.name_key), col(Publication.id)).limit(MOST_APPS)


def _published() -> ColumnElement[bool]:
    return col(Publication.integration_id) == col(Integration.id)
