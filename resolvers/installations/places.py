"""Places of installations: enable an app on a space or a site, configure it there, take it off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, SecretUnreadable, Stale
from models.row import is_id
from models.tables import Installation, InstallationPlace, Place
from models.vocabulary import HubEvent, InstallationStatus, Permission, PlaceKind, Selection
from resolvers.announcing import announce_place
from resolvers.faults import Faults, require
from resolvers.installations.address import PlaceAddress
from resolvers.installations.external_ids import check_external_ids, save_external_ids
from resolvers.installations.rights import Found, at_installer, find_installation, require_changing
from resolvers.installations.schema import kinds_of, place_schema, satisfies
from resolvers.installations.shown import AppInstallation, AppPlace, places_shown, shown, status_on_place
from resolvers.operation import operation
from resolvers.unset import UNSET, Unset
from resolvers.work import Work

_INSTALLATION: Final = ("installation_id",)
_PLACE: Final = ("place_id",)
_NOUNS: Final = {PlaceKind.SPACE: ("space", "spaces"), PlaceKind.SITE: ("site", "sites")}


@dataclass(frozen=True, kw_only=True)
class SaveInstallationPlace:
    """An installation on a place, made or changed; an absent value stays unchanged.

    `expected_version`: of the installation on this place, 0 if there is none yet.
    """

    place: PlaceAddress
    configuration: dict[str, Any] | Unset | None = UNSET
    external_ids: tuple[str, ...] | Unset | None = UNSET
    expected_version: int | Unset | None = UNSET


@operation(needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden, Stale))
async def save_installation_place(work: Work, new: SaveInstallationPlace) -> AppPlace:
    """Enable an app on a space or a site, or change it there. Its version there grows by one.

    Raises Conflict if the place is deleted, or the app taken off it, at the same moment.
    """
    faults = Faults()
    faults.object("configuration", new.configuration)
    check_external_ids(faults, "external_ids", new.external_ids)
    faults.refuse()
    found = await find_installation(work, new.place.installation, path=_INSTALLATION, locked=True)
    await require_changing(work, found, path=_INSTALLATION)
    there = at_installer(work, found)
    place, row = await _place_and_row(work, found, new.place)
    created = row is None
    if row is None:
        row = _new_row(work, found, place)
    if isinstance(new.expected_version, int) and new.expected_version != row.version:
        raise Stale(row.version)
    before = None if created else status_on_place(row, found.installation.status)
    changed = _configure(work, found, row, new.configuration) or created
    row.version += 1
    if created:
        work.add(row)
        await work.flush()
    ids = await save_external_ids(work, row, new.external_ids)
    there.audit(row, "installation_place.created" if created else "installation_place.updated", besides=ids)
    _announce(there, row, found.installation.status, before, changed=bool(changed or ids))
    await work.flush()
    (answer,) = await places_shown(work, [(row, place, found)], created=created)
    return answer


@operation(needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, Conflict, Forbidden))
async def remove_installation_place(work: Work, place: PlaceAddress) -> AppInstallation:
    """Take an app off a space or a site. Raises Conflict while it is enabled on all of them."""
    found = await find_installation(work, place.installation, path=_INSTALLATION, locked=True)
    await require_changing(work, found, path=_INSTALLATION)
    row = await _row(work, found, place)
    if row is None:
        raise NotFound("installation place", path=_PLACE)
    installation, (noun, nouns) = found.installation, _NOUNS[row.kind]
    selection = installation.space_selection if row.kind is PlaceKind.SPACE else installation.site_selection
    if selection is Selection.ALL:
        message = f"It is enabled on all {nouns}; set the selection of {nouns} to SELECTED, then take off one {noun}."
        raise Conflict(message, existing=row, path=_PLACE)
    await take_off(at_installer(work, found), row, status_on_place(row, installation.status))
    await work.flush()
    return await shown(work, found)


async def take_off(work: Work, row: InstallationPlace, status: InstallationStatus) -> None:
    """Take an app off a place, on which it has this status. `work` is in the organization of the place."""
    work.audit(row, "installation_place.deleted")
    announce_place(work, row, HubEvent.PLACE_REMOVED, status=status)
    await work.remove(row)


async def announce_removals(work: Work, place: Place) -> None:
    """Announce that every app is taken off a place that is being deleted; its rows go with it."""
    here = (
        select(InstallationPlace, col(Installation.status))
        .join(Installation, col(Installation.id) == col(InstallationPlace.installation_id))
        .where(col(InstallationPlace.place_id) == place.id)
    )
    for row, status in (await work.session.execute(here)).all():
        announce_place(work, row, HubEvent.PLACE_REMOVED, status=status_on_place(row, status))


def _new_row(work: Work, found: Found, place: Place) -> InstallationPlace:
    """The row of a place on which the app is not enabled yet, in version 0. Raises InvalidInput for a wrong kind."""
    nouns = _NOUNS[place.kind][1]
    fits = place.kind in kinds_of(found.publication)
    require(fits, _PLACE, f"This app cannot be enabled on {nouns}; its publisher has not published it for them.")
    row = InstallationPlace(
        organization_id=found.installation.organization_id,
        integration_id=found.integration.id,
        installation_id=found.installation.id,
        place_id=place.id,
        kind=place.kind,
        configured=satisfies({}, place_schema(found.publication, place.kind)),
        version=0,
    )
    row.configuration = work.seal(row, "configuration", {})
    return row


def _configure(
    work: Work, found: Found, row: InstallationPlace, configuration: dict[str, Any] | Unset | None
) -> bool:
    """Replace the configuration of a place, if one is given. Answers whether it changes."""
    if isinstance(configuration, Unset):
        return False
    values = configuration or {}
    try:
        changes = (work.unseal(row, "configuration") or {}) != values
    except SecretUnreadable:
        changes = True
    row.configuration = work.seal(row, "configuration", values)
    row.configured = satisfies(values, place_schema(found.publication, row.kind))
    return changes


def _announce(
    work: Work,
    row: InstallationPlace,
    status: InstallationStatus,
    before: InstallationStatus | None,
    *,
    changed: bool,
) -> None:
    now = status_on_place(row, status)
    if changed:
        announce_place(work, row, HubEvent.PLACE_CONFIGURED, status=now, previous=before)


async def _place_and_row(work: Work, found: Found, address: PlaceAddress) -> tuple[Place, InstallationPlace | None]:
    """A space or site of the installing organization, and the installation's row there. Raises NotFound.

    For the token of an installation only those exist on which it is enabled.
    """
    row = await _row(work, found, address)
    here = select(Place).where(
        col(Place.id) == address.place_id,
        col(Place.organization_id) == found.installation.organization_id,
    )
    hidden = not is_id(address.place_id) or (row is None and work.caller.installation_id is not None)
    place = None if hidden else await work.first(here)
    if place is None or address.kind not in (None, place.kind):
        noun = "place" if address.kind is None else _NOUNS[address.kind][0]
        raise NotFound(noun, path=_PLACE)
    return place, row


async def _row(work: Work, found: Found, address: PlaceAddress) -> InstallationPlace | None:
    kinds = [] if address.kind is None else [col(InstallationPlace.kind) == address.kind]
    statement = select(InstallationPlace).where(
        col(InstallationPlace.installation_id) == found.installation.id,
        col(InstallationPlace.place_id) == address.place_id,
        *kinds,
    )
    return await work.first(statement) if is_id(address.place_id) else None
