"""Published apps: one by its name, and the list of the public ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from models.errors import Forbidden, InvalidInput, NotFound
from models.tables import Integration, Organization, Publication, PublicationFacet
from models.vocabulary import FacetKind, Permission, PublicationTarget, PublicationVisibility
from resolvers.filters import equal
from resolvers.find import IntegrationRef, get_app
from resolvers.operation import operation
from resolvers.page import BY_NAME_KEY, Slice, SliceRequest
from resolvers.publishing.enabled import named
from resolvers.publishing.hosts import patterns_for
from resolvers.publishing.published import Published, published_of
from resolvers.work import Work

_HOST: Final = re.compile(r"[a-zA-Z0-9\-_.]{1,100}")


@dataclass(frozen=True, kw_only=True)
class PublicationFilter:
    """Conditions on public apps; all must hold. `publisher`: the slug or the id of an organization."""

    search: str | None = None
    category: str | None = None
    blocks: bool | None = None
    block_domain: str | None = None
    content_sources: bool | None = None
    target: PublicationTarget | None = None
    scope: str | None = None
    publisher: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL, on Publication joined with Integration. Raises InvalidInput."""
        return [
            *named(self.search),
            *_has_facet(FacetKind.CATEGORY, self.category),
            *_has_facet(FacetKind.SCOPE, self.scope),
            *equal(col(Publication.has_blocks), self.blocks),
            *equal(col(Publication.has_sources), self.content_sources),
            *equal(col(Publication.target), self.target),
            *_unfurls(self.block_domain),
            *_of_publisher(self.publisher),
        ]


@operation(reads=True, refuses=(InvalidInput,))
async def list_published(work: Work, filter: PublicationFilter, page: SliceRequest) -> Slice[Published]:
    """List the public apps of all organizations, by name."""
    public = (
        select(Publication)
        .join(Integration, col(Integration.id) == col(Publication.integration_id))
        .where(
            col(Publication.visibility) == PublicationVisibility.PUBLIC,
            col(Integration.removed_at).is_(None),
            *filter.conditions(),
        )
    )
    found = await work.slice(public, Publication, BY_NAME_KEY, page)
    ids = [one.integration_id for one in found.rows]
    integrations = {one.id: one for one in await work.all(select(Integration).where(col(Integration.id).in_(ids)))}
    rows = await published_of(work, [integrations[one] for one in ids if one in integrations])
    return Slice(rows=rows, has_next=found.has_next, has_previous=found.has_previous, total=found.total)


@operation(reads=True, refuses=(NotFound, Forbidden))
async def read_published(work: Work, ref: IntegrationRef) -> Published:
    """Read one app. An own integration is found by its id, published or not.

    Anybody reads a public or unlisted app; any other one needs INTEGRATIONS_READ.
    """
    found = (await published_of(work, [await get_app(work, ref)]))[0]
    if found.publication is None or found.publication.visibility is PublicationVisibility.PRIVATE:
        work.need(Permission.INTEGRATIONS_READ)
    return found


def _has_facet(kind: FacetKind, value: str | None) -> list[ColumnElement[bool]]:
    if value is None:
        return []
    having = select(col(PublicationFacet.publication_id)).where(
        col(PublicationFacet.kind) == kind, col(PublicationFacet.value) == value
    )
    return [col(Publication.id).in_(having)]


def _unfurls(host: str | None) -> list[ColumnElement[bool]]:
    if host is None:
        return []
    if _HOST.fullmatch(host) is None:
        message = "It must be a host: 1 to 100 ASCII letters, digits, hyphens, underscores and full stops."
        raise InvalidInput.at(("filter", "block_domain"), message)
    hosts = col(Publication.block_hosts)
    return [or_(*(hosts.contains(pattern, autoescape=True) for pattern in patterns_for(host)))]


def _of_publisher(publisher: str | None) -> list[ColumnElement[bool]]:
    if publisher is None:
        return []
    named = or_(col(Organization.slug) == publisher, col(Organization.id) == publisher)
    return [col(Publication.organization_id).in_(select(col(Organization.id)).where(named))]
