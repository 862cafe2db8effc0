"""Apps as others see them: the integration with its public side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import col

from models.tables import Integration, Organization, Publication
from resolvers.integrations.edges import MANAGEABLE_BY_INTEGRATION
from resolvers.integrations.fields import icon_url
from resolvers.publishing.fields import preview_image_urls
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Published:
    """An app. `publication` is None for an own integration that is not published.

    `organization` publishes it. Pictures are at addresses that need no token. `is_admin`: the caller may change the
    app. `events_secret`: the signing secret of its address for events, in the answer that made the address only.
    """

    integration: Integration
    publication: Publication | None
    organization: Organization
    icon_url: str | None
    preview_urls: tuple[str, ...]
    is_admin: bool
    events_secret: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The name by which others address it; the id of an app that is not published."""
        return self.integration.id if self.publication is None else self.publication.name

    @property
    def name_key(self) -> str:
        """With `id`, its place in lists."""
        return self.integration.name_key if self.publication is None else self.publication.name_key

    @property
    def id(self) -> str:
        """The id of the publication; of the integration if it is not published."""
        return self.integration.id if self.publication is None else self.publication.id


async def published_of(work: Work, integrations: Sequence[Integration]) -> list[Published]:
    """The apps of these integrations, in their order, in three statements. The caller may see the integrations."""
    if not integrations:
        return []
    ids = [one.id for one in integrations]
    found = await work.all(work.mine(Publication).where(col(Publication.integration_id).in_(ids)))
    publications = {one.integration_id: one for one in found}
    owners = {one.organization_id for one in integrations}
    rows = await work.all(select(Organization).where(col(Organization.id).in_(owners)))
    organizations = {one.id: one for one in rows}
    managed = await MANAGEABLE_BY_INTEGRATION.load(work.session, work.caller, ids)
    return [
        Published(
            integration=one,
            publication=(publication := publications.get(one.id)),
            organization=organizations[one.organization_id],
            icon_url=icon_url(one, work.caller),
            preview_urls=() if publication is None else preview_image_urls(publication, work.caller),
            is_admin=managed[one.id],
        )
        for one in integrations
    ]
