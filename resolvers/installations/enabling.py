"""Enable installations on all spaces or sites: at the switch to ALL, and when a place is made.

Rows are made in pieces, the first in the transaction of the change and each other in one of its own, so that an
organization with very many places does not hold up the hub.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, insert, not_, or_, select
from sqlmodel import col

from jobs.job import NewJob
from jobs.kind import JobContext
from models.row import new_id
from models.tables import Installation, InstallationPlace, Place, Publication
from models.vocabulary import HubEvent, Permission, PlaceKind, PublicationTarget, Selection
from resolvers.announcing import announce_place
from resolvers.caller import Caller
from resolvers.installations.schema import demands, place_schema
from resolvers.installations.shown import status_on_place
from resolvers.operation import operation
from resolvers.work import Work

ENABLE: Final = "installation.enable"
#: Places that one transaction enables.
BITE: Final = 200
_TARGETS: Final = {
    PlaceKind.SPACE: (PublicationTarget.ALL, PublicationTarget.SPACE),
    PlaceKind.SITE: (PublicationTarget.ALL, PublicationTarget.SITE),
}


@dataclass(frozen=True, kw_only=True)
class Everywhere:
    """Pairs to make: of one installation with all places of a kind, or of one place with all installations."""

    kind: PlaceKind
    installation_id: str | None = None
    place_id: str | None = None


async def enable_everywhere(work: Work, installation: Installation, kind: PlaceKind) -> None:
    """Enable an installation on all places of a kind: the first 200 now, the others by a job."""
    await _enable(work, installation.organization_id, Everywhere(kind=kind, installation_id=installation.id))


async def enable_here(work: Work, place: Place) -> None:
    """Enable every installation that is on all places of this kind on a new place, in the same manner."""
    await _enable(work, place.organization_id, Everywhere(kind=place.kind, place_id=place.id))


@operation(needs=Permission.INSTALLATIONS_WRITE)
async def enable_places(work: Work, wanted: Everywhere) -> int:
    """Enable up to 200 pairs that are still missing. The job goes on until there are none. Answers how many."""
    made = await enable_bite(work, work.organization_id, wanted)
    if work.caller.job is not None:
        await work.finish_job()
        if made >= BITE:
            await _ask(work, work.organization_id, wanted)
    return made


async def run_enabling(caller: Caller, context: JobContext) -> None:
    """Run the job of one piece."""
    given = context.job.payload
    wanted = Everywhere(
        kind=PlaceKind(given["kind"]), installation_id=given.get("installation"), place_id=given.get("place")
    )
    await enable_places(caller, wanted)


async def enable_bite(work: Work, organization_id: str, wanted: Everywhere) -> int:
    """Make rows of up to 200 missing pairs, and announce them. Answers how many."""
    missing = (
        select(Place, Installation, Publication)
        .join(Installation, col(Installation.organization_id) == col(Place.organization_id))
        .outerjoin(Publication, col(Publication.integration_id) == col(Installation.integration_id))
        .where(*_missing(organization_id, wanted))
        .order_by(col(Installation.id), col(Place.id))
        .limit(BITE)
    )
    found: Sequence[Any] = (await work.session.execute(missing)).all()
    rows = [_row(work, *each) for each in found]
    if rows:
        await work.session.execute(insert(InstallationPlace), [row.model_dump() for row in rows])
    for row, (_, installation, _) in zip(rows, found, strict=True):
        announce_place(work, row, HubEvent.PLACE_CONFIGURED, status=status_on_place(row, installation.status))
    return len(rows)


async def _enable(work: Work, organization_id: str, wanted: Everywhere) -> None:
    await work.flush()
    if await enable_bite(work, organization_id, wanted) >= BITE:
        await _ask(work, organization_id, wanted)


async def _ask(work: Work, organization_id: str, wanted: Everywhere) -> None:
    named = wanted.installation_id or wanted.place_id or ""
    new = NewJob(
        operation=ENABLE,
        caption="Enable an app on all spaces or sites",
        organization_id=organization_id,
        payload={"kind": wanted.kind, "installation": wanted.installation_id, "place": wanted.place_id},
        subject_kind="Installation" if wanted.installation_id else "Place",
        subject_id=named,
        dedupe_key=f"{ENABLE}:{named}:{wanted.kind}",
        created_by=work.caller.principal_id,
    )
    await work.enqueue(new)


def _row(work: Work, place: Place, installation: Installation, publication: Publication | None) -> InstallationPlace:
    return InstallationPlace(
        id=new_id(work.now()),
        organization_id=place.organization_id,
        integration_id=installation.integration_id,
        installation_id=installation.id,
        place_id=place.id,
        kind=place.kind,
        configured=not demands(place_schema(publication, place.kind)),
    )


def _missing(organization_id: str, wanted: Everywhere) -> list[ColumnElement[bool]]:
    kind = wanted.kind
    selection = col(Installation.space_selection if kind is PlaceKind.SPACE else Installation.site_selection)
    made = exists().where(
        col(InstallationPlace.installation_id) == col(Installation.id),
        col(InstallationPlace.place_id) == col(Place.id),
    )
    named = {Installation.id: wanted.installation_id, Place.id: wanted.place_id}
    return [
        *(col(column) == value for column, value in named.items() if value is not None),
        col(Place.organization_id) == organization_id,
        col(Place.kind) == kind,
        selection == Selection.ALL,
        or_(col(Publication.id).is_(None), col(Publication.target).in_(_TARGETS[kind])),
        not_(made),
    ]
