"""The rights to change a restricted integration and its shared connections, and to decide about an integration."""

from __future__ import annotations

from collections.abc import Iterable
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
    "The token of an app publishes, withdraws, develops and hears of that app only, and makes no new one; use a token"
    " of this app or of a user."
)
_NOT_GOVERNED: Final = (
    "Only its owner, those with a MANAGE share and administrators may share, transfer or delete it, or change its"
    " access; ask one of them."
)


async def manages(work: Work, integrations: Iterable[Integration]) -> bool:
    """Whether the caller may change all of these integrations, and the shared connections at them.

    For access ORGANIZATION, seeing it is enough. A foreign app's restriction holds in its publisher's organization
    only; here everybody may connect to it.
    """
    restricted = {
        one.id
        for one in integrations
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
    return await holds(work, integration)


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
    if work.caller.allowed_capabilities:
        return False
    elsewhere = [] if connection is None else await _users_of(work, connection)
    return await manages(work, [*at, *elsewhere])


async def require_sharing(
    work: Work, *at: Integration, connection: Connection | None = None, path: Path | None = None
) -> None:
    """Raise Forbidden unless `may_share`."""
    if not await may_share(work, *at, connection=connection):
        raise Forbidden(_REFUSED, path=path)


async def integrations_of(work: Work, connection: Connection) -> list[Integration]:
    """The integrations to which a connection is registered, in the order of registration."""
    return await work.all(
        select(Integration)
        .join(Registration, col(Registration.integration_id) == col(Integration.id))
        .where(col(Registration.connection_id) == connection.id)
        .order_by(col(Registration.id))
    )


async def _users_of(work: Work, connection: Connection) -> list[Integration]:
    """The integrations that share a connection: none if it is a user's own."""
    return await integrations_of(work, connection) if connection.mode is ConnectionMode.SHARED else []


def require_own_app(work: Work, integration: Integration | None, *, path: Path | None = None) -> None:
    """Raise Forbidden for the token of an app unless this is its app, whatever its permissions; None is a new one.

    For the operations of publishing and of apps at work: events and tasks of an app are of other organizations too.
    """
    app_id = work.caller.app_id
    if app_id is not None and (integration is None or integration.id != app_id):
        raise Forbidden(_OF_APP, path=path)
