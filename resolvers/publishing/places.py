"""Spaces and sites by id, as far as they exist for a caller: an app's token knows those on which it is enabled."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col

from models.errors import NotFound, Path
from models.row import is_id
from models.tables import InstallationPlace, Place
from models.vocabulary import Permission, PlaceKind
from resolvers.caller import Caller
from resolvers.filters import equal
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class PlaceRef:
    """One space or site of the caller's organization. A place of another kind does not fit; None fits any."""

    id: str
    kind: PlaceKind | None = None


async def get_place(work: Work, ref: PlaceRef, *, path: Path | None = None) -> Place:
    """A place of the caller's organization. Raises NotFound.

    For an installation's token, only places on which the installation is enabled exist; for an app's token without
    ORGANIZATION_READ, only those on which the app is.
    """
    own = col(Place.organization_id) == work.organization_id
    places = work.mine(Place).where(own, col(Place.id) == ref.id, *equal(col(Place.kind), ref.kind))
    for condition in _of_the_app(work.caller):
        enabled = work.mine(InstallationPlace).with_only_columns(col(InstallationPlace.place_id)).where(condition)
        places = places.where(col(Place.id).in_(enabled))
    found = await work.first(places) if is_id(ref.id) else None
    if found is None:
        raise NotFound("place" if ref.kind is None else ref.kind.lower(), path=path)
    return found


def is_of_an_app(caller: Caller) -> bool:
    """Whether the token is an app's or an installation's, also while it acts for a user."""
    holder = caller.acted_by or caller
    return holder.installation_id is not None or holder.integration_id is not None


def _of_the_app(caller: Caller) -> list[ColumnElement[bool]]:
    """The condition on places of installations that limits the caller's token, if any does."""
    holder = caller.acted_by or caller
    if holder.installation_id is not None:
        return [col(InstallationPlace.installation_id) == holder.installation_id]
    if holder.integration_id is not None and not caller.may(Permission.ORGANIZATION_READ):
        return [col(InstallationPlace.integration_id) == holder.integration_id]
    return []
