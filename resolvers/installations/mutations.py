"""Installations: install, configure, pause and uninstall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, NotReady, SecretUnreadable, Stale
from models.tables import Installation, Integration, Publication
from models.vocabulary import (
    HubEvent,
    InstallationStatus,
    Permission,
    PlaceKind,
    PublicationVisibility,
    Selection,
)
from resolvers.announcing import announce_configuration, announce_installation
from resolvers.faults import Faults
from resolvers.find import IntegrationRef, get_app
from resolvers.installations.address import InstallationAddress
from resolvers.installations.enabling import enable_everywhere
from resolvers.installations.external_ids import check_external_ids, save_external_ids
from resolvers.installations.install import install_on, status_by
from resolvers.installations.rights import (
    Found,
    at_installer,
    find_installation,
    hold_places,
    refuse_installations,
    refuse_other_apps,
    require_changing,
    require_governing,
    require_managing,
)
from resolvers.installations.schema import account_schema, demands, kinds_of
from resolvers.installations.shown import AppInstallation, shown, values_of
from resolvers.operation import operation
from resolvers.tasks import drop_tasks_of_installation
from resolvers.unset import UNSET, Unset
from resolvers.work import Work

_APP: Final = ("integration",)
_WORDS: Final = {PlaceKind.SPACE: "spaces", PlaceKind.SITE: "sites"}


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
    """New values; an absent one stays unchanged. `app`: the app that it must be of, if that is named too."""

    id: str
    app: IntegrationRef | None = None
    expected_version: int | Unset | None = UNSET
    configuration: dict[str, Any] | Unset | None = UNSET
    space_selection: Selection | Unset | None = UNSET
    site_selection: Selection | Unset | None = UNSET
    external_ids: tuple[str, ...] | Unset | None = UNSET
    paused: bool | Unset | None = UNSET

    @property
    def selections(self) -> dict[PlaceKind, Selection | Unset | None]:
        """The new selection of each kind of place."""
        return {PlaceKind.SPACE: self.space_selection, PlaceKind.SITE: self.site_selection}


@operation(needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def install_integration(work: Work, new: InstallIntegration) -> AppInstallation:
    """Install an app on the caller's organization. Raises Conflict if it is installed already.

    It is the organization's own app, one that is installed, or by its published name one that is public or unlisted.
    This and every other change needs the right to change the app where that is restricted: it stops or alters the
    calls of everybody.
    """
    faults = Faults()
    faults.handler("handler", new.handler)
    faults.object("configuration", new.configuration)
    faults.refuse()
    refuse_installations(work, path=_APP)
    integration = await get_app(work, new.integration, path=_APP)
    refuse_other_apps(work, integration, path=_APP)
    await require_managing(work, integration, path=_APP)
    await _require_free(work, integration, new.handler)
    publication = await _held_publication(work, integration)
    selections = {PlaceKind.SPACE: new.space_selection, PlaceKind.SITE: new.site_selection}
    _require_targets(publication, [kind for kind, one in selections.items() if one is Selection.ALL])
    installation = await install_on(
        work,
        integration,
        publication=publication,
        handler=new.handler,
        configuration=new.configuration,
        space_selection=new.space_selection,
        site_selection=new.site_selection,
    )
    return await shown(work, Found(installation=installation, integration=integration, publication=publication))


@operation(
    needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden, Stale, NotReady)
)
async def update_installation(work: Work, new: UpdateInstallation) -> AppInstallation:
    """Change configuration, selections and external ids, pause or resume. Its version grows by one."""
    faults = Faults()
    faults.object("configuration", new.configuration)
    check_external_ids(faults, "external_ids", new.external_ids)
    faults.refuse()
    found = await _locked(work, new)
    if isinstance(new.paused, bool):
        await require_governing(work, found)
    await require_changing(work, found)
    installation = found.installation
    switched = [kind for kind, one in new.selections.items() if _switches(installation, kind, one)]
    _require_targets(found.publication, switched)
    before, changed = values_of(installation), _configure(work, found, new)
    ids = await save_external_ids(work, installation, new.external_ids)
    installation.version += 1
    there = at_installer(work, found)
    there.audit(installation, "installation.updated", besides=ids)
    previous = {word: value for word, value in before.items() if values_of(installation)[word] != value}
    changed |= previous.keys() | ({"externalIds"} if ids else set())
    announce_configuration(there, installation, changed, previous)
    for kind in switched:
        await enable_everywhere(there, installation, kind)
    await work.flush()
    return await shown(work, found)


@operation(needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, Forbidden))
async def uninstall_integration(work: Work, address: InstallationAddress) -> str:
    """Remove an installation with its places, external ids, tokens and queued jobs. Answers its id."""
    path = ("installation_id",)
    found = await find_installation(work, address, path=path, locked=True)
    await require_governing(work, found, path=path)
    installation = found.installation
    work.audit(installation, "installation.uninstalled")
    announce_installation(work, installation, HubEvent.INSTALLATION_UNINSTALLED)
    await drop_tasks_of_installation(work, installation.id)
    await work.remove(installation)
    return installation.id


async def _locked(work: Work, new: UpdateInstallation) -> Found:
    """The installation, locked. Before it, places are held if it shall be enabled on all of them."""
    address = InstallationAddress(id=new.id, app=new.app)
    if Selection.ALL in new.selections.values():
        organization_id = (await find_installation(work, address)).installation.organization_id
        await hold_places(work, organization_id)
    return await find_installation(work, address, locked=True, expected_version=new.expected_version)


def _configure(work: Work, found: Found, new: UpdateInstallation) -> set[str]:
    """Put the new values, and the status that follows, into the row. Answers `configuration` if that changes."""
    installation, changed = found.installation, set[str]()
    if not isinstance(new.configuration, Unset):
        changed |= set() if _configured(work, installation) == (new.configuration or {}) else {"configuration"}
        installation.configuration = work.seal(installation, "configuration", new.configuration or {})
    if isinstance(new.space_selection, Selection):
        installation.space_selection = new.space_selection
    if isinstance(new.site_selection, Selection):
        installation.site_selection = new.site_selection
    if new.paused is True:
        installation.status = InstallationStatus.PAUSED
    elif new.paused is False or (installation.status is not InstallationStatus.PAUSED and changed):
        opens = demands(account_schema(found.publication))
        values = _configured(work, installation) if opens else {}
        installation.status = status_by(values or {}, found.publication)
    return changed


async def _require_free(work: Work, integration: Integration, handler: str | None) -> None:
    """Raise Conflict if the app is installed here, or if its handler is taken."""
    here = select(Installation).where(col(Installation.organization_id) == work.organization_id)
    existing = await work.first(here.where(col(Installation.integration_id) == integration.id))
    if existing is not None:
        raise Conflict("It is installed already.", existing=existing, path=_APP)
    if handler is not None:
        taken = await work.first(here.where(col(Installation.handler) == handler))
        if taken is not None:
            seen = await work.find(Installation, taken.id)
            message = f"The handler {handler} is taken; choose another one."
            raise Conflict(message, existing=seen, path=("handler",))


async def _held_publication(work: Work, integration: Integration) -> Publication | None:
    """The app's publication, which stays until the commit. Raises NotFound for a foreign app withdrawn meanwhile."""
    of_app = select(Publication).where(col(Publication.integration_id) == integration.id)
    publication = await work.first(of_app.with_for_update(read=True))
    withdrawn = publication is None or publication.visibility is PublicationVisibility.PRIVATE
    if withdrawn and integration.organization_id != work.organization_id:
        raise NotFound("integration", path=_APP)
    return publication


def _require_targets(publication: Publication | None, wanted: list[PlaceKind]) -> None:
    """Raise InvalidInput at each selection of a kind of place on which the app cannot be enabled."""
    faults = Faults()
    for kind in set(wanted) - kinds_of(publication):
        message = f"This app cannot be enabled on {_WORDS[kind]}; leave the selection at SELECTED."
        faults.add(f"{kind.lower()}_selection", message)
    faults.refuse()


def _switches(installation: Installation, kind: PlaceKind, selection: Selection | Unset | None) -> bool:
    """Whether an installation comes to be enabled on all places of a kind."""
    now = installation.space_selection if kind is PlaceKind.SPACE else installation.site_selection
    return selection is Selection.ALL and now is not Selection.ALL


def _configured(work: Work, installation: Installation) -> dict[str, Any] | None:
    """The configuration as it is; None if it does not open, so that a new one replaces it."""
    try:
        return work.unseal(installation, "configuration") or {}
    except SecretUnreadable:
        return None
