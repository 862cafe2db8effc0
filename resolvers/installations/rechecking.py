"""Recheck the installations of an app against a newly published schema or target, in pieces.

The job belongs to the publisher. It walks the installations of every organization, and then their places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, select
from sqlmodel import col

from jobs.job import NewJob
from jobs.kind import JobContext
from models.errors import SecretUnreadable
from models.tables import Installation, InstallationPlace, Integration, Job, Publication
from models.vocabulary import HubEvent, InstallationStatus, Permission, PlaceKind, Selection
from resolvers.announcing import announce_configuration, announce_place
from resolvers.caller import Caller
from resolvers.installations.install import status_by
from resolvers.installations.places import take_off
from resolvers.installations.rights import Found, at_installer
from resolvers.installations.schema import kinds_of, place_schema, satisfies
from resolvers.installations.shown import status_on_place, values_of
from resolvers.operation import operation
from resolvers.work import Work

RECHECK: Final = "installation.recheck"
#: Rows that one transaction rechecks.
BITE: Final = 100


@dataclass(frozen=True, kw_only=True)
class Recheck:
    """A walk over the installations of an app, and then over their places, by id. `after`: the last one seen.

    `version`: of the publication at the beginning. A walk that meets a later one begins anew.
    """

    integration_id: str
    version: int
    in_places: bool = False
    after: str = ""


async def ask_to_recheck(work: Work, integration: Integration, publication: Publication) -> Job:
    """Enqueue the job that rechecks every installation of an app. A walk that runs already begins anew by itself."""
    walk = Recheck(integration_id=integration.id, version=publication.version)
    return await _ask(work, integration.organization_id, walk)


@operation(needs=Permission.INTEGRATIONS_PUBLISH)
async def recheck_installations(work: Work, walk: Recheck) -> int:
    """Recheck up to 100 installations of the organization's app, or as many places of them. Answers how many.

    Those on a kind of place that the app is no longer published for are taken off; nor is it enabled on all of them.
    The job goes on until there are none. A configuration that does not open counts as it did before.
    """
    found = await _published(work, walk)
    if found is None:
        await work.finish_job()
        return 0
    integration, publication = found
    if publication.version != walk.version:
        walk = Recheck(integration_id=walk.integration_id, version=publication.version)
    ids = await (_recheck_places if walk.in_places else _recheck)(work, integration, publication, walk.after)
    await _go_on(work, integration, walk, ids)
    return len(ids)


async def run_recheck(caller: Caller, context: JobContext) -> None:
    """Run the job of one piece."""
    await recheck_installations(caller, Recheck(**context.job.payload))


async def _recheck(work: Work, integration: Integration, publication: Publication, after: str) -> list[str]:
    rows: list[Installation] = await _bite(work, Installation, integration, after)
    for row in rows:
        before = values_of(row)
        row.status = _status(work, row, publication)
        _narrow(row, publication)
        previous = {word: value for word, value in before.items() if values_of(row)[word] != value}
        if not previous:
            continue
        row.version += 1
        there = at_installer(work, Found(installation=row, integration=integration, publication=publication))
        there.audit(row, "installation.updated")
        announce_configuration(there, row, previous.keys(), previous)
    return [row.id for row in rows]


async def _recheck_places(work: Work, integration: Integration, publication: Publication, after: str) -> list[str]:
    rows: list[InstallationPlace] = await _bite(work, InstallationPlace, integration, after)
    ids = {row.installation_id for row in rows}
    above = {one.id: one for one in await work.all(select(Installation).where(col(Installation.id).in_(ids)))}
    for row in rows:
        found = Found(installation=above[row.installation_id], integration=integration, publication=publication)
        there, before = at_installer(work, found), status_on_place(row, found.installation.status)
        if row.kind not in kinds_of(publication):
            await take_off(there, row, before)
            continue
        configured = _is_configured(work, row, publication)
        if configured is row.configured:
            continue
        row.configured = configured
        row.version += 1
        there.audit(row, "installation_place.updated")
        now = status_on_place(row, found.installation.status)
        announce_place(there, row, HubEvent.PLACE_CONFIGURED, status=now, previous=before)
    return [row.id for row in rows]


def _narrow(row: Installation, publication: Publication) -> None:
    """Select no longer all places of a kind that the app is no longer published for."""
    allowed = kinds_of(publication)
    if PlaceKind.SPACE not in allowed:
        row.space_selection = Selection.SELECTED
    if PlaceKind.SITE not in allowed:
        row.site_selection = Selection.SELECTED


def _status(work: Work, row: Installation, publication: Publication) -> InstallationStatus:
    if row.status not in (InstallationStatus.ACTIVE, InstallationStatus.PENDING):
        return row.status
    try:
        return status_by(work.unseal(row, "configuration") or {}, publication)
    except SecretUnreadable:
        return row.status


def _is_configured(work: Work, row: InstallationPlace, publication: Publication) -> bool:
    try:
        return satisfies(work.unseal(row, "configuration") or {}, place_schema(publication, row.kind))
    except SecretUnreadable:
        return row.configured


async def _published(work: Work, walk: Recheck) -> tuple[Integration, Publication] | None:
    """The organization's own app and its publication, unchanged until the commit; None if it was withdrawn."""
    own = (
        select(Integration, Publication)
        .join(Publication, col(Publication.integration_id) == col(Integration.id))
        .where(col(Integration.id) == walk.integration_id, col(Integration.organization_id) == work.organization_id)
        .with_for_update(read=True, of=Publication)
    )
    row = (await work.session.execute(own)).first()
    return None if row is None else (row[0], row[1])


async def _bite(work: Work, model: Any, integration: Integration, after: str) -> list[Any]:
    """The next rows of an app, locked."""
    statement: Select[Any] = (
        select(model)
        .where(model.integration_id == integration.id, model.id > after)
        .order_by(model.id)
        .limit(BITE)
        .with_for_update()
    )
    return await work.all(statement)


async def _go_on(work: Work, integration: Integration, walk: Recheck, ids: Sequence[str]) -> None:
    if work.caller.job is None:
        return
    await work.finish_job()
    if len(ids) >= BITE:
        following = Recheck(**{**vars(walk), "after": ids[-1]})
    elif not walk.in_places:
        following = Recheck(integration_id=walk.integration_id, version=walk.version, in_places=True)
    else:
        return
    await _ask(work, integration.organization_id, following)


async def _ask(work: Work, organization_id: str, walk: Recheck) -> Job:
    new = NewJob(
        operation=RECHECK,
        caption="Recheck the installations of an app",
        organization_id=organization_id,
        payload=vars(walk),
        subject_kind=Integration.__name__,
        subject_id=walk.integration_id,
        integration_id=walk.integration_id,
        dedupe_key=f"{RECHECK}:{walk.integration_id}",
        created_by=work.caller.principal_id,
    )
    return await work.enqueue(new)
