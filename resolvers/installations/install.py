"""Install an integration on an organization, for every operation that does so."""

from __future__ import annotations

from typing import Any

from sqlmodel import col

from models.tables import Installation, Integration
from models.vocabulary import HubEvent, InstallationStatus, Selection
from resolvers.announcing import announce_installation
from resolvers.naming import free
from resolvers.work import Work


async def install_on(
    work: Work,
    integration: Integration,
    *,
    handler: str | None = None,
    configuration: dict[str, Any] | None = None,
    space_selection: Selection = Selection.SELECTED,
    site_selection: Selection = Selection.SELECTED,
) -> Installation:
    """A new installation on the caller's organization. Its handler is the given one, else a free one."""
    here = col(Installation.organization_id) == work.organization_id
    installation = Installation(
        organization_id=work.organization_id,
        integration_id=integration.id,
        handler=handler or await free(work, col(Installation.handler), integration.handler, "_", here),
        status=InstallationStatus.ACTIVE,
        space_selection=space_selection,
        site_selection=site_selection,
    )
    installation.configuration = work.seal(installation, "configuration", configuration or {})
    work.add(installation)
    work.audit(installation, "installation.created")
    await work.flush()
    announce_installation(work, installation, HubEvent.INSTALLATION_CREATED)
    return installation
