"""Apply a manifest to its integration and publication, and tell whether anything differs from the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import delete
from sqlmodel import col

from models.errors import SecretUnreadable
from models.row import name_key
from models.tables import Integration, Publication, PublicationFacet
from models.vocabulary import FacetKind, PublicationTarget, PublicationVisibility
from proxy.endpoint import canonical_endpoint
from resolvers.announcing import announce_update
from resolvers.changes import changes_of
from resolvers.integrations.names import search_text_of
from resolvers.publishing.files import JudgedFiles, digests_of, keep_files
from resolvers.publishing.hosts import block_hosts
from resolvers.publishing.manifest import PublishIntegration
from resolvers.unset import Unset
from resolvers.work import Work


def new_publication(work: Work, integration: Integration, name: str, *, made_integration: bool) -> Publication:
    """A publication without contents, at version 0."""
    return Publication(
        organization_id=integration.organization_id,
        integration_id=integration.id,
        name=name,
        name_key=name_key(name),
        version=0,
        digest="",
        made_integration=made_integration,
        published_at=work.now(),
    )


async def apply_files(work: Work, integration: Integration, publication: Publication, files: JudgedFiles) -> None:
    """Store the given files, and remove those that they replace."""
    if not isinstance(files.icon, Unset):
        former = [] if integration.icon_asset_id is None else [integration.icon_asset_id]
        integration.icon_asset_id = next(iter(await keep_files(work, integration, files.icon, former)), None)
    if not isinstance(files.previews, Unset):
        former = publication.preview_asset_ids
        publication.preview_asset_ids = list(await keep_files(work, integration, files.previews, former))
    if not isinstance(files.script, Unset):
        former = [] if publication.script_asset_id is None else [publication.script_asset_id]
        publication.script_asset_id = next(iter(await keep_files(work, integration, files.script, former)), None)


def apply_texts(work: Work, integration: Integration, new: PublishIntegration) -> None:
    """Set the texts that an integration shows. Its version grows by one if they, or its icon, differ."""
    integration.name, integration.name_key = new.title, name_key(new.title)
    integration.description, integration.readme = new.description, new.summary or ""
    integration.search_text = search_text_of(integration)
    if changes_of(integration):
        integration.version += 1
        integration.updated_by = work.caller.principal_id
        work.audit(integration, "integration.updated")
        announce_update(work, integration)


def apply_manifest(work: Work, publication: Publication, new: PublishIntegration) -> bool:
    """Set all values of a publication but its files, and count the publishing. Answers whether a secret differs."""
    publication.version += 1
    publication.published_at = work.now()
    publication.visibility = new.visibility or PublicationVisibility.PRIVATE
    publication.target = new.target or PublicationTarget.ALL
    publication.scopes = list(dict.fromkeys(new.scopes))
    publication.categories = list(dict.fromkeys(new.categories or ()))
    publication.blocks = _list(new.blocks)
    publication.block_hosts = block_hosts(publication.blocks)
    publication.has_blocks = bool(publication.blocks)
    publication.content_sources = _list(new.content_sources)
    publication.has_sources = bool(publication.content_sources)
    publication.external_links = [{"url": link.url, "label": link.label} for link in new.external_links or ()]
    publication.configurations = new.configurations if isinstance(new.configurations, dict) else {}
    policy = new.content_security_policy
    publication.content_security_policy = policy if isinstance(policy, dict | str) else None
    publication.runtime = new.runtime or "v1"
    if not isinstance(new.events_url, Unset):
        publication.events_url = None if new.events_url is None else canonical_endpoint(new.events_url)
    return _apply_secrets(work, publication, new)


async def write_facets(work: Work, publication: Publication) -> None:
    """Write the words by which lists are filtered anew."""
    await work.session.execute(delete(PublicationFacet).where(col(PublicationFacet.publication_id) == publication.id))
    words = {FacetKind.CATEGORY: publication.categories, FacetKind.SCOPE: publication.scopes}
    for kind, values in words.items():
        for value in values:
            work.add(
                PublicationFacet(
                    organization_id=publication.organization_id,
                    publication_id=publication.id,
                    kind=kind,
                    value=value,
                )
            )


async def digest_of(work: Work, integration: Integration, publication: Publication) -> str:
    """The SHA-256 of everything that is published, except secrets: equal digests publish the same."""
    files = [integration.icon_asset_id, *publication.preview_asset_ids, publication.script_asset_id]
    columns = (
        *("visibility", "target", "scopes", "categories", "blocks", "content_sources", "external_links"),
        *("configurations", "content_security_policy", "runtime", "events_url", "secret_names"),
    )
    published: Sequence[Any] = [
        *(integration.name, integration.description, integration.readme),
        *(getattr(publication, column) for column in columns),
        await digests_of(work, [one for one in files if one is not None]),
        [one is None for one in files],
    ]
    return hashlib.sha256(orjson.dumps(published, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _apply_secrets(work: Work, publication: Publication, new: PublishIntegration) -> bool:
    if isinstance(new.secrets, Unset):
        return False
    secrets = dict(new.secrets or {})
    differs = _stored(work, publication) != secrets
    if differs:
        publication.secrets = work.seal(publication, "secrets", secrets) if secrets else None
        publication.secret_names = list(secrets)
    return differs


def _stored(work: Work, publication: Publication) -> object:
    """The secrets as they are; None if they do not open, so that new ones replace them."""
    try:
        return work.unseal(publication, "secrets") or {}
    except SecretUnreadable:
        return None


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
