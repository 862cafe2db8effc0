"""Places: add, change and remove spaces and sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.errors import InvalidInput, NotFound
from models.row import name_key
from models.tables import Place
from models.vocabulary import Permission, PlaceKind
from resolvers.faults import Faults
from resolvers.installations.enabling import enable_here
from resolvers.installations.places import announce_removals
from resolvers.installations.rights import hold_places
from resolvers.operation import operation
from resolvers.unset import UNSET, Unset, given
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class CreatePlace:
    """A new space or site."""

    kind: PlaceKind
    name: str
    details: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class UpdatePlace:
    """New values; an absent one stays unchanged. Null clears a value that may be empty."""

    id: str
    name: str | Unset | None = UNSET
    details: dict[str, Any] | Unset | None = UNSET


@operation(needs=Permission.ORGANIZATION_ADMIN, refuses=(InvalidInput,))
async def create_place(work: Work, new: CreatePlace) -> Place:
    """Add a space or a site. Every app that is enabled on all of this kind is enabled on it too."""
    _check(new)
    await hold_places(work, work.organization_id)
    place = Place(
        organization_id=work.organization_id,
        kind=new.kind,
        name=new.name,
        name_key=name_key(new.name),
        details=new.details or {},
    )
    work.add(place)
    work.audit(place, "place.created")
    await enable_here(work, place)
    return place


@operation(needs=Permission.ORGANIZATION_ADMIN, refuses=(NotFound, InvalidInput))
async def update_place(work: Work, new: UpdatePlace) -> Place:
    """Rename a space or a site, or replace its other facts."""
    _check(new)
    place = await work.lock(Place, new.id, path=("id",))
    place.name = given(new.name, place.name) or place.name
    place.name_key = name_key(place.name)
    if not isinstance(new.details, Unset):
        place.details = new.details or {}
    work.audit(place, "place.updated")
    return place


@operation(needs=Permission.ORGANIZATION_ADMIN, refuses=(NotFound,))
async def delete_place(work: Work, id: str) -> str:
    """Remove a space or a site, also from every installation. Answers its id."""
    place = await work.lock(Place, id, path=("id",))
    work.audit(place, "place.deleted")
    await announce_removals(work, place)
    await work.remove(place)
    return place.id


def _check(new: CreatePlace | UpdatePlace) -> None:
    faults = Faults()
    faults.check(new.name is not None, "name", "It cannot be null.")
    faults.name("name", new.name)
    faults.object("details", new.details)
    faults.refuse()
