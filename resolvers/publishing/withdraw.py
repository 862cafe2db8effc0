"""Withdraw an app: its public side goes at once, its installations on other organizations in bites."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import delete, func, select
from sqlmodel import col

from jobs.job import NewJob
from models.errors import Conflict, Forbidden
from models.tables import Asset, Installation, Integration, Publication
from models.vocabulary import HubEvent, Permission, UploadPurpose
from resolvers.announcing import announce_installation, announce_integration, own_work
from resolvers.apps.address import forget_app
from resolvers.find import IntegrationRef, find_app, managed_integration
from resolvers.integrations.deletion import begin_deletion
from resolvers.managing import require_governing
from resolvers.operation import operation
from resolvers.work import Work

WITHDRAW: Final = "publication.withdraw"
_BITE: Final = 200


@dataclass(frozen=True, kw_only=True)
class Unpublished:
    """The integration, which may be on its way to be deleted; None if there was nothing by this name.

    `withdrawn`: it was published until now.
    """

    integration: Integration | None
    withdrawn: bool = False


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """A withdrawn app. `last`: the greatest id of an installation that it had then; later ones stay.

    `deletes`: the integration goes after the last of them.
    """

    id: str
    last: str
    deletes: bool


@operation(needs=Permission.INTEGRATIONS_PUBLISH, refuses=(Forbidden,))
async def unpublish_integration(work: Work, ref: IntegrationRef) -> Unpublished:
    """Withdraw an app, and uninstall it from all other organizations. A second time nothing changes.

    The integration stays with its icon; if publishing made it and its own organization has not installed it, it is
    deleted, which only those may do who may delete it. Raises Forbidden for another organization's app.
    """
    found = await find_app(work, ref)
    if found is None:
        return Unpublished(integration=None)
    if found.organization_id != work.organization_id:
        raise Forbidden("Another organization publishes it, and only that organization withdraws it.")
    integration = await managed_integration(work, found.id)
    publication = await work.first(select(Publication).where(col(Publication.integration_id) == integration.id))
    if publication is None:
        return Unpublished(integration=integration)
    deletes = publication.made_integration and not await _is_at_home(work, integration)
    if deletes:
        await require_governing(work, integration)
    await _close(work, integration, publication)
    withdrawn = Withdrawn(id=integration.id, last=await _last(work, integration), deletes=deletes)
    if await _uninstall(work, withdrawn) < _BITE:
        await _delete_unused(work, integration, withdrawn)
    else:
        await work.enqueue(_job(work, integration, withdrawn))
    return Unpublished(integration=integration, withdrawn=True)


@operation(needs=Permission.INTEGRATIONS_PUBLISH)
async def uninstall_withdrawn(work: Work, withdrawn: Withdrawn) -> int:
    """Uninstall a withdrawn app from up to 200 other organizations. Answers their number; 0 if none are left."""
    return 0 if await _withdrawn_one(work, withdrawn) is None else await _uninstall(work, withdrawn)


@operation(needs=Permission.INTEGRATIONS_PUBLISH)
async def finish_withdrawal(work: Work, withdrawn: Withdrawn) -> None:
    """Delete the integration if it is to go and nobody uses it, once it is uninstalled. Repeating changes nothing."""
    integration = await _withdrawn_one(work, withdrawn)
    if integration is not None:
        await _delete_unused(work, integration, withdrawn)
    await work.finish_job()


async def _withdrawn_one(work: Work, withdrawn: Withdrawn) -> Integration | None:
    """The integration, locked; None once it is deleted."""
    living = select(Integration).where(
        col(Integration.id) == withdrawn.id,
        col(Integration.organization_id) == work.organization_id,
        col(Integration.removed_at).is_(None),
    )
    return await work.first(living.with_for_update())


async def _close(work: Work, integration: Integration, publication: Publication) -> None:
    """Remove the public side: the publication with its name, previews, script and address for events."""
    work.audit(publication, "integration.unpublished")
    announce_integration(work, integration, HubEvent.INTEGRATION_UNPUBLISHED, {"publishedName": publication.name})
    await forget_app(work, integration.id)
    await work.remove(publication)
    await work.flush()
    files = (UploadPurpose.PREVIEW, UploadPurpose.SCRIPT)
    await work.session.execute(
        delete(Asset).where(col(Asset.integration_id) == integration.id, col(Asset.purpose).in_(files))
    )


async def _last(work: Work, integration: Integration) -> str:
    greatest = select(func.max(col(Installation.id))).where(col(Installation.integration_id) == integration.id)
    return (await work.session.execute(greatest)).scalar() or ""


async def _uninstall(work: Work, withdrawn: Withdrawn) -> int:
    """Uninstall one bite, each with an event and an audit entry in its own organization."""
    foreign = select(Installation).where(
        col(Installation.integration_id) == withdrawn.id,
        col(Installation.organization_id) != work.organization_id,
        col(Installation.id) <= withdrawn.last,
    )
    bite = await work.all(foreign.order_by(col(Installation.id)).limit(_BITE).with_for_update())
    for installation in bite:
        own_work(work, installation.organization_id).audit(installation, "installation.uninstalled")
        announce_installation(work, installation, HubEvent.INSTALLATION_UNINSTALLED)
    await work.flush()
    ids = [installation.id for installation in bite]
    await work.session.execute(delete(Installation).where(col(Installation.id).in_(ids)))
    return len(bite)


async def _delete_unused(work: Work, integration: Integration, withdrawn: Withdrawn) -> None:
    """Delete an integration that publishing made, unless it was installed at home or published again meanwhile.

    One that flows at home use stays.
    """
    again = select(Publication).where(col(Publication.integration_id) == integration.id)
    if withdrawn.deletes and not await _is_at_home(work, integration) and await work.first(again) is None:
        with suppress(Conflict):  # flows use it: it is refused before it changes anything
            await begin_deletion(work, integration)


async def _is_at_home(work: Work, integration: Integration) -> bool:
    """Whether the publisher's own organization has installed it."""
    own = select(Installation).where(
        col(Installation.integration_id) == integration.id,
        col(Installation.organization_id) == integration.organization_id,
    )
    return await work.first(own) is not None


def _job(work: Work, integration: Integration, withdrawn: Withdrawn) -> NewJob:
    return NewJob(
        operation=WITHDRAW,
        caption=f"Uninstall {integration.name} everywhere"[:255],
        organization_id=integration.organization_id,
        payload=asdict(withdrawn),
        subject_kind="Integration",
        subject_id=integration.id,
        integration_id=integration.id,
        dedupe_key=f"{WITHDRAW}:{integration.id}:{withdrawn.last}",
        created_by=work.caller.principal_id,
    )
