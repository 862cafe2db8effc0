"""Publish an app, or a new version of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from models.tables import Integration, Publication
from models.vocabulary import HubEvent, Permission
from resolvers.announcing import announce_integration
from resolvers.apps.address import apply_events_url
from resolvers.faults import Faults
from resolvers.hub import Hub
from resolvers.installations.rechecking import ask_to_recheck
from resolvers.operation import READS, WRITES, exchange
from resolvers.publishing.apply import (
    apply_files,
    apply_manifest,
    apply_texts,
    digest_of,
    new_publication,
    write_facets,
)
from resolvers.publishing.checking import check_manifest, check_name
from resolvers.publishing.files import JudgedFiles, digests_of, forget_files, judge_files, store_files
from resolvers.publishing.manifest import PublishIntegration
from resolvers.publishing.published import Published, published_of
from resolvers.publishing.target import Target, make_target, target_of
from resolvers.unset import Unset
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """A manifest for an app that the caller may publish, and the caller's organization.

    `known`: the SHA-256 of the app's files, which are not stored again.
    """

    new: PublishIntegration
    organization_id: str
    known: frozenset[str] = frozenset()


async def load_publishing(work: Work, new: PublishIntegration) -> Publishing:
    """Find the app. The manifest is not read, but for a name by which an app can be found."""
    faults = Faults()
    check_name(faults, new.name)
    target = None if faults.found else await target_of(work, new)
    return Publishing(new=new, organization_id=work.organization_id, known=await _digests(work, target))


async def judge_publishing(hub: Hub, publishing: Publishing) -> JudgedFiles:
    """Judge manifest and files in a thread, and store the files. Raises InvalidInput and TooMany."""
    await asyncio.to_thread(check_manifest, publishing.new, hub.egress.policy)
    judged = await judge_files(hub, publishing.organization_id, publishing.new)
    return await store_files(hub, publishing.organization_id, judged, publishing.known)


@exchange(
    load_publishing,
    judge_publishing,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_PUBLISH,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, TooMany),
    undo=forget_files,
)
async def publish_integration(work: Work, publishing: Publishing, files: JudgedFiles) -> Published:
    """Publish an app, or a new version of it: all of the manifest or nothing.

    Its version grows by one. A manifest that changes nothing is not announced.
    """
    new = publishing.new
    target = await make_target(work, new)
    integration, publication = target.integration, target.publication
    if publication is None:
        publication = new_publication(work, integration, new.name or "", made_integration=target.is_new)
    demanded, digest = (publication.configurations, publication.target), publication.digest
    await apply_files(work, integration, publication, files)
    apply_texts(work, integration, new)
    differs = apply_manifest(work, publication, new)
    publication.digest = await digest_of(work, integration, publication)
    work.add(publication)
    work.audit(publication, "integration.published")
    await work.flush()
    await write_facets(work, publication)
    secret = None
    if not isinstance(new.events_url, Unset):
        secret = await apply_events_url(work, publication, integration)
    if (publication.configurations, publication.target) != demanded:
        await ask_to_recheck(work, integration, publication)
    if differs or publication.digest != digest:
        _announce(work, integration, publication)
    await work.flush()
    return replace((await published_of(work, [integration]))[0], events_secret=secret)


async def _digests(work: Work, target: Target | None) -> frozenset[str]:
    if target is None or target.publication is None:
        return frozenset()
    publication = target.publication
    files = [target.integration.icon_asset_id, *publication.preview_asset_ids, publication.script_asset_id]
    return frozenset(await digests_of(work, [one for one in files if one is not None]))


def _announce(work: Work, integration: Integration, publication: Publication) -> None:
    details = {
        "publishedName": publication.name,
        "publishedVersion": publication.version,
        "visibility": publication.visibility,
    }
    announce_integration(work, integration, HubEvent.INTEGRATION_PUBLISHED, details)
