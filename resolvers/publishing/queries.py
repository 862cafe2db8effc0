"""Published apps: one by its name, and the list of the public ones."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import NotFound
from models.vocabulary import PublicationTarget
from resolvers.find import IntegrationRef, get_app
from resolvers.operation import operation
from resolvers.page import BY_NAME_KEY, Slice, SliceRequest
from resolvers.publishing.published import Published, published_of
from resolvers.work import Work


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


@operation(reads=True)
async def list_published(work: Work, filter: PublicationFilter, page: SliceRequest) -> Slice[Published]:
    """List the public apps of all organizations, by name."""
    raise NotImplementedError(filter, page, BY_NAME_KEY, work)


@operation(reads=True, refuses=(NotFound,))
async def read_published(work: Work, ref: IntegrationRef) -> Published:
    """Read one app. An own integration is found by its id, published or not."""
    return (await published_of(work, [await get_app(work, ref)]))[0]
