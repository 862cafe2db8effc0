"""The right to change a restricted integration, and the shared connections at it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import Forbidden, Path
from models.tables import Connection, Integration, Registration
from models.vocabulary import ConnectionMode, IntegrationAccess
from resolvers.scope import MANAGE, accessible
from resolvers.work import Work

_REFUSED: Final = (
    "It is a shared connection at a restricted integration: only the integration's owner, those with a MANAGE share"
    " and administrators may make, change or remove it."
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


async def may_share(work: Work, *at: Integration, connection: Connection | None = None) -> bool:
    """Whether the caller may create a shared connection at these integrations, or register this one there.

    A change of a shared connection affects all its integrations, so the caller needs the right at each of them.
    """
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
