"""Installations and their places with everything that a face shows of them, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from models.tables import Installation, InstallationPlace, Integration, Place, Publication
from models.vocabulary import InstallationStatus, PlaceKind
from resolvers.installations.external_ids import external_ids
from resolvers.installations.rights import Found
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class AppInstallation:
    """An installation with its app. `organization_id`: the installing one. `space_count`: spaces it is enabled on."""

    installation: Installation
    integration: Integration
    publication: Publication | None
    organization_id: str
    external_ids: tuple[str, ...] = ()
    configuration: dict[str, Any]
    space_count: int = 0


@dataclass(frozen=True, kw_only=True)
class AppPlace:
    """An installation on one place, with its app. `created`: the operation that answers it has made it."""

    row: InstallationPlace
    place: Place
    installation: Installation
    integration: Integration
    publication: Publication | None
    external_ids: tuple[str, ...] = ()
    configuration: dict[str, Any]
    status: InstallationStatus
    created: bool = False


async def shown(work: Work, found: Found) -> AppInstallation:
    """One installation as a face shows it. Raises SecretUnreadable."""
    (one,) = await installations_shown(work, [found])
    return one


async def installations_shown(work: Work, found: Sequence[Found]) -> list[AppInstallation]:
    """Installations as a face shows them, in their order. Raises SecretUnreadable."""
    ids = await external_ids(work.session, [one.installation for one in found])
    counts = await _space_counts(work, [one.installation.id for one in found])
    return [
        AppInstallation(
            installation=one.installation,
            integration=one.integration,
            publication=one.publication,
            organization_id=one.installation.organization_id,
            external_ids=ids.get(one.installation.id, ()),
            configuration=configuration_of(work, one.installation),
            space_count=counts.get(one.installation.id, 0),
        )
        for one in found
    ]


async def places_shown(
    work: Work, found: Sequence[tuple[InstallationPlace, Place, Found]], *, created: bool = False
) -> list[AppPlace]:
    """Places of installations as a face shows them, in their order. Raises SecretUnreadable."""
    ids = await external_ids(work.session, [row for row, _, _ in found])
    return [
        AppPlace(
            row=row,
            place=place,
            installation=one.installation,
            integration=one.integration,
            publication=one.publication,
            external_ids=ids.get(row.id, ()),
            configuration=configuration_of(work, row),
            status=status_on_place(row, one.installation.status),
            created=created,
        )
        for row, place, one in found
    ]


def configuration_of(work: Work, row: Installation | InstallationPlace) -> dict[str, Any]:
    """The values of an installation or of one place of it. Raises SecretUnreadable."""
    return work.unseal(row, "configuration") or {}


def status_on_place(row: InstallationPlace, status: InstallationStatus) -> InstallationStatus:
    """The status on a place: of the installation, but PENDING while its own configuration does not satisfy."""
    waits = status is InstallationStatus.ACTIVE and not row.configured
    return InstallationStatus.PENDING if waits else status


def values_of(installation: Installation) -> dict[str, Any]:
    """The values of an installation that are no secret, by their words in events."""
    return {
        "status": installation.status,
        "spaceSelection": installation.space_selection,
        "siteSelection": installation.site_selection,
    }


async def _space_counts(work: Work, installation_ids: Sequence[str]) -> dict[str, int]:
    counted = (
        select(col(InstallationPlace.installation_id), func.count())
        .where(
            col(InstallationPlace.installation_id).in_(installation_ids),
            col(InstallationPlace.kind) == PlaceKind.SPACE,
        )
        .group_by(col(InstallationPlace.installation_id))
    )
    return {row[0]: row[1] for row in await work.session.execute(counted)}
