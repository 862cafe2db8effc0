"""The rights to change a restricted integration and its shared connections, and to decide about an integration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import Forbidden, Path
from models.tables import Connection, Integration, Registration
from models.vocabulary import ConnectionMode, IntegrationAccess
from resolvers.access import MANAGE, accessible, held
from resolvers.work import Work

_REFUSED: Final = (
    "It is a shared connection at a restricted integration: only the integration's owner, those with a MANAGE share"
    " and administrators may make, change or remove it."
)
_OF_APP: Final = (
    "The token of an app acts for that app only: it changes and publishes no other one and hears of none; use a token"
    " of this app or of a user."
)
_NOT_GOVERNED: Final = (
    "Only its owner, those with a MANAGE share and administrators may share, transfer or delete it, or change its"
    " access; ask one of them."
)


async def manages(work: Work, integrations: Iterable[Integration]) -> bool:
    """Whether the caller may change all of these integrations, and the shared connections at them.

    For access ORGANIZATION, seeing it is enough. A foreign app's restriction holds in its publisher's organization
    only; here everybody may connect to it. The token of an app manages its own app alone.
    """
    wanted = list(integrations)
    if not all(_is_own_app(work, one) for one in wanted):
        return False
    restricted = {
        one.id
        for one in wanted
        if one.access is IntegrationAccess.RESTRICTED and one.organization_id == work.organization_id
    }
    if not restricted:
        return True
    managed = select(Integration).where(col(Integration.id).in_(restricted), accessible(work.caller, least=MANAGE))
    return len(await work.all(managed)) == len(restricted)


async def governs(work: Work, integration: Integration) -> bool:
    """Whether the caller may decide about an integration: its access, shares and owner, and its deletion.

    That belongs to its owner, those with a MANAGE share and administrators, also while everybody may change it. A
    token of an app counts as its maker. Without an owner, the right to change the integration is enough.
    """
    caller = work.caller
    if caller.is_admin or integration.owner_id is None:
        return await manages(work, [integration])
    return _is_own_app(work, integration) and await holds(work, integration)


async def holds(work: Work, integration: Integration) -> bool:
    """Whether the caller owns an integration or has a MANAGE share of it, itself or through a team.

    An administrator does not hold each integration. A token of an app counts as its maker.
    """
    user = work.caller.principal_id or work.caller.maker_id
    mine = select(Integration).where(col(Integration.id) == integration.id, held(user, least=MANAGE))
    return await work.first(mine) is not None


async def require_governing(work: Work, integration: Integration, *, path: Path | None = None) -> None:
    """Raise Forbidden unless `governs`."""
    if not await governs(work, integration):
        raise Forbidden(_NOT_GOVERNED, path=path)


async def may_share(work: Work, *at: Integration, connection: Connection | None = None) -> bool:
    """Whether the caller may create a shared connection at these integrations, or register this one there.

    A change of a shared connection affects all its integrations, so the caller needs the right at each of them. A
    token that is limited to capabilities does not choose with which credential others call them.
    """
    return await _may_share(work, await _affected(work, at, connection))


async def require_sharing(
    work: Work, *at: Integration, connection: Connection | None = None, path: Path | None = None
) -> None:
    """Raise Forbidden unless `may_share`."""
    affected = await _affected(work, at, connection)
    for integration in affected:
        require_own_app(work, integration, path=path)
    if not await _may_share(work, affected):
        raise Forbidden(_REFUSED, path=path)


async def integrations_of(work: Work, connection: Connection) -> list[Integration]:
    """The integrations to which a connection is registered, in the order of registration."""
    return await work.all(
        select(Integration)
        .join(Registration, col(Registration.integration_id) == col(Integration.id))
        .where(col(Registration.connection_id) == connection.id)
        .order_by(col(Registration.id))
    )


def require_own_app(work: Work, integration: Integration | None, *, path: Path | None = None) -> None:
    """Raise Forbidden for the token of an app unless this is its app, whatever its permissions; None is a new one.

    Its events and tasks are of other organizations too, and its secrets go to its addresses.
    """
    if not _is_own_app(work, integration):
        raise Forbidden(_OF_APP, path=path)


def _is_own_app(work: Work, integration: Integration | None) -> bool:
    """Whether this is the app of the caller's token; true for every other caller."""
    app_id = work.caller.app_id
    return app_id is None or (integration is not None and integration.id == app_id)


async def _may_share(work: Work, affected: Sequence[Integration]) -> bool:
    return not work.caller.allowed_capabilities and await manages(work, affected)


async def _affected(work: Work, at: Sequence[Integration], connection: Connection | None) -> Sequence[Integration]:
    """The integrations, with those to which a shared connection is registered; a user's own is the user's alone."""
    if connection is None or connection.mode is not ConnectionMode.SHARED:
        return at
    return [*at, *await integrations_of(work, connection)]
