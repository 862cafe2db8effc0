"""Installations: install, configure, pause and uninstall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, NotReady, Path, SecretUnreadable, Stale
from models.tables import Installation, Integration
from models.vocabulary import HubEvent, InstallationStatus, Permission, Selection
from resolvers.announcing import announce_configuration, announce_installation
from resolvers.faults import Faults
from resolvers.find import IntegrationRef, get_integration
from resolvers.installations.install import install_on
from resolvers.managing import manages
from resolvers.operation import operation
from resolvers.tasks import drop_tasks_of_installation
from resolvers.unset import UNSET, Unset
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class InstallIntegration:
    """An app to install on the caller's organization."""

    integration: IntegrationRef
    configuration: dict[str, Any] | None = None
    space_selection: Selection = Selection.SELECTED
    site_selection: Selection = Selection.SELECTED
    handler: str | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateInstallation:
    """New values; an absent one stays unchanged."""

    id: str
    expected_version: int | Unset | None = UNSET
    configuration: dict[str, Any] | Unset | None = UNSET
    space_selection: Selection | Unset | None = UNSET
    site_selection: Selection | Unset | None = UNSET
    paused: bool | Unset | None = UNSET


@operation(needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def install_integration(work: Work, new: InstallIntegration) -> Installation:
    """Install an app on the caller's organization. Raises Conflict if it is installed already.

    This and every other change needs the right to change the app where that is restricted: it stops or alters the
    calls of everybody.
    """
    faults = Faults()
    faults.handler("handler", new.handler)
    faults.object("configuration", new.configuration)
    faults.refuse()
    integration = await get_integration(work, new.integration, path=("integration",))
    here = select(Installation).where(col(Installation.organization_id) == work.organization_id)
    await _require_managing(work, integration, ("integration",))
    existing = await work.first(here.where(col(Installation.integration_id) == integration.id))
    if existing is not None:
        raise Conflict("It is installed already.", existing=existing, path=("integration",))
    if new.handler is not None:
        taken = await work.first(here.where(col(Installation.handler) == new.handler))
        if taken is not None:
            shown = await work.find(Installation, taken.id)
            message = f"The handler {new.handler} is taken; choose another one."
            raise Conflict(message, existing=shown, path=("handler",))
    return await install_on(
        work,
        integration,
        handler=new.handler,
        configuration=new.configuration,
        space_selection=new.space_selection,
        site_selection=new.site_selection,
    )


@operation(
    needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden, Stale, NotReady)
)
async def update_installation(work: Work, new: UpdateInstallation) -> Installation:
    """Change configuration and selections, pause or resume. Its version grows by one."""
    faults = Faults()
    faults.object("configuration", new.configuration)
    faults.refuse()
    installation = await work.lock(Installation, new.id, expected_version=new.expected_version, path=("id",))
    await _require_managing(work, await _app_of(work, installation), ("id",))
    before, changed = _shown(installation), set[str]()
    if not isinstance(new.configuration, Unset):
        changed |= set() if _configured(work, installation) == (new.configuration or {}) else {"configuration"}
        installation.configuration = work.seal(installation, "configuration", new.configuration or {})
    if isinstance(new.space_selection, Selection):
        installation.space_selection = new.space_selection
    if isinstance(new.site_selection, Selection):
        installation.site_selection = new.site_selection
    if isinstance(new.paused, bool):
        installation.status = InstallationStatus.PAUSED if new.paused else InstallationStatus.ACTIVE
    installation.version += 1
    work.audit(installation, "installation.updated")
    previous = {word: value for word, value in before.items() if _shown(installation)[word] != value}
    announce_configuration(work, installation, changed | previous.keys(), previous)
    return installation


@operation(needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, Forbidden))
async def uninstall_integration(work: Work, installation_id: str) -> str:
    """Remove an installation. Answers its id."""
    installation = await work.lock(Installation, installation_id, path=("installation_id",))
    await _require_managing(work, await _app_of(work, installation), ("installation_id",))
    work.audit(installation, "installation.uninstalled")
    announce_installation(work, installation, HubEvent.INSTALLATION_UNINSTALLED)
    await drop_tasks_of_installation(work, installation.id)
    await work.remove(installation)
    return installation.id


def _shown(installation: Installation) -> dict[str, Any]:
    """The values that are no secret, by their words in events."""
    return {
        "status": installation.status,
        "spaceSelection": installation.space_selection,
        "siteSelection": installation.site_selection,
    }


def _configured(work: Work, installation: Installation) -> object:
    """The configuration as it is; None if it does not open, so that a new one replaces it."""
    try:
        return work.unseal(installation, "configuration") or {}
    except SecretUnreadable:
        return None


async def _app_of(work: Work, installation: Installation) -> Integration:
    return await work.get(Integration, installation.integration_id)


async def _require_managing(work: Work, integration: Integration, path: Path) -> None:
    if not await manages(work, [integration]):
        message = "Only its owner, those with a MANAGE share and administrators may install, change or uninstall it."
        raise Forbidden(message, path=path)
