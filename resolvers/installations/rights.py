"""Rights to installations: find one that the caller sees, and say what the caller may do with it.

The organization that installed an app does everything. The app's own token reads and changes its installations on
every organization. Users of the app's publisher read them. An installation's token has its own installation alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Select, select
from sqlmodel import col

from models.errors import Forbidden, NotFound, Path, Stale
from models.row import is_id
from models.tables import Installation, Integration, Organization, Publication
from resolvers.find import find_app
from resolvers.installations.address import InstallationAddress
from resolvers.managing import manages, require_own_app
from resolvers.scope import visible
from resolvers.unset import Unset
from resolvers.work import Work

_PATH: Final = ("id",)
_MANAGERS: Final = "Only its owner, those with a MANAGE share and administrators may install, change or uninstall it."
_PUBLISHERS: Final = (
    "On another organization only the app's own token may change an installation; use an INTEGRATION token of this"
    " app."
)
_INSTALLERS: Final = "Only the organization that installed an app may pause, resume or uninstall it."
_OF_INSTALLATION: Final = "The token of an installation reads and changes that installation only."
_SPEAKERS: Final = (
    "Only tokens of the app and users of its publisher may make tokens of an installation; use an INTEGRATION token"
    " of this app."
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """An installation with its app, and the app's publication if it has one."""

    installation: Installation
    integration: Integration
    publication: Publication | None


async def find_installation(
    work: Work,
    address: InstallationAddress,
    *,
    path: Path = _PATH,
    locked: bool = False,
    expected_version: int | Unset | None = None,
) -> Found:
    """An installation that exists for the caller. `locked`: until the end of the transaction.

    Raises NotFound, also for an installation of another app than the address names, and Stale.
    """
    statement = _found(work).where(col(Installation.id) == address.id)
    if address.app is not None:
        app = await find_app(work, address.app)
        if app is None:
            raise NotFound("integration", path=("app",))
        statement = statement.where(col(Installation.integration_id) == app.id)
    if locked:
        statement = statement.with_for_update(of=Installation).execution_options(populate_existing=True)
    row = (await work.session.execute(statement)).first() if is_id(address.id) else None
    if row is None:
        raise NotFound("installation", path=path)
    found = Found(installation=row[0], integration=row[1], publication=row[2])
    version = found.installation.version
    if isinstance(expected_version, int) and version != expected_version:
        raise Stale(version, path=(*path[:-1], "expected_version"))
    return found


async def require_changing(work: Work, found: Found, *, path: Path = _PATH) -> None:
    """Raise Forbidden unless the caller may change an installation: its values, its places, its external ids."""
    if work.caller.installation_id is not None:
        return
    if _is_at_home(work, found):
        await require_managing(work, found.integration, path=path)
    elif work.caller.integration_id != found.integration.id:
        raise Forbidden(_PUBLISHERS, path=path)


async def require_governing(work: Work, found: Found, *, path: Path = _PATH) -> None:
    """Raise Forbidden unless the caller may pause, resume or uninstall: a user or token of the installer."""
    refuse_installations(work, path=path)
    if not _is_at_home(work, found):
        raise Forbidden(_INSTALLERS, path=path)
    await require_managing(work, found.integration, path=path)


async def require_speaking(work: Work, found: Found, *, path: Path = _PATH) -> None:
    """Raise Forbidden unless the caller may make tokens of an installation."""
    refuse_installations(work, path=path)
    owns = found.integration.organization_id == work.organization_id
    if not owns or work.caller.app_id not in (None, found.integration.id):
        raise Forbidden(_SPEAKERS, path=path)
    await require_managing(work, found.integration, path=path)


async def require_managing(work: Work, integration: Integration, *, path: Path) -> None:
    """Raise Forbidden unless the caller may change an app in its organization, if it is restricted there."""
    require_own_app(work, integration, path=path)
    if not await manages(work, [integration]):
        raise Forbidden(_MANAGERS, path=path)


def refuse_installations(work: Work, *, path: Path) -> None:
    """Raise Forbidden for the token of an installation."""
    if work.caller.installation_id is not None:
        raise Forbidden(_OF_INSTALLATION, path=path)


def refuse_other_apps(work: Work, integration: Integration, *, path: Path) -> None:
    """Raise NotFound for the token of an app that acts for a user, unless it is the token of this app."""
    acting = work.caller.acted_by
    if acting is not None and acting.integration_id not in (None, integration.id):
        raise NotFound("integration", path=path)


def at_installer(work: Work, found: Found) -> Work:
    """The same transaction in the organization that installed the app, where its rows and audit entries belong.

    Of a publisher's token it shows the name of the app alone.
    """
    if _is_at_home(work, found):
        return work
    app = replace(
        work.caller,
        organization_id=found.installation.organization_id,
        actor_name=found.integration.name,
        principal_id=None,
        token_id=None,
        integration_id=None,
        maker_id=None,
        narrowed_by=None,
        subject=None,
        acted_by=None,
    )
    return work.as_caller(app)


async def hold_places(work: Work, organization_id: str) -> None:
    """Let no place be made in an organization, and no other installation be enabled on all, until the commit.

    Lock it before installations: whoever makes a place does so too.
    """
    held = select(Organization).where(col(Organization.id) == organization_id).with_for_update(key_share=True)
    await work.first(held)


def _found(work: Work) -> Select[Any]:
    entities: Any = select(Installation, Integration, Publication)
    found: Select[Any] = (
        entities.join(Integration, col(Integration.id) == col(Installation.integration_id))
        .outerjoin(Publication, col(Publication.integration_id) == col(Integration.id))
        .where(*visible(work.caller, Installation))
    )
    return found


def _is_at_home(work: Work, found: Found) -> bool:
    return found.installation.organization_id == work.organization_id
