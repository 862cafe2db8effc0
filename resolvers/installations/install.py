"""Install an integration on an organization, for every operation that does so."""

from __future__ import annotations

from typing import Any

from sqlmodel import col

from models.tables import Installation, Integration, Publication
from models.vocabulary import HubEvent, InstallationStatus, PlaceKind, Selection
from resolvers.announcing import announce_installation
from resolvers.installations.enabling import enable_everywhere
from resolvers.installations.rights import hold_places
from resolvers.installations.schema import account_schema, satisfies
from resolvers.naming import free
from resolvers.work import Work


async def install_on(
    work: Work,
    integration: Integration,
    *,
    publication: Publication | None = None,
    handler: str | None = None,
    configuration: dict[str, Any] | None = None,
    space_selection: Selection = Selection.SELECTED,
    site_selection: Selection = Selection.SELECTED,
) -> Installation:
    """A new installation on the caller's organization. Its handler is the given one, else a free one.

    It is PENDING until the configuration satisfies the published schema.
    """
    here = col(Installation.organization_id) == work.organization_id
    everywhere = [
        kind
        for kind, selection in ((PlaceKind.SPACE, space_selection), (PlaceKind.SITE, site_selection))
        if selection is Selection.ALL
    ]
    if everywhere:
        await hold_places(work, work.organization_id)
    installation = Installation(
        organization_id=work.organization_id,
        integration_id=integration.id,
        handler=handler or await free(work, col(Installation.handler), integration.handler, "_", here),
        status=status_by(configuration or {}, publication),
        space_selection=space_selection,
        site_selection=site_selection,
    )
    installation.configuration = work.seal(installation, "configuration", configuration or {})
    work.add(installation)
    work.audit(installation, "installation.created")
    await work.flush()
    announce_installation(work, installation, HubEvent.INSTALLATION_CREATED)
    for kind in everywhere:
        await enable_everywhere(work, installation, kind)
    return installation


def status_by(configuration: dict[str, Any], publication: Publication | None) -> InstallationStatus:
    """The status of an installation that is not paused: ACTIVE once its configuration satisfies the schema."""
    is_set_up = satisfies(configuration, account_schema(publication))
    return InstallationStatus.ACTIVE if is_set_up else InstallationStatus.PENDING
