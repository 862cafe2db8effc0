"""Who may change what everybody uses: a restricted integration, and the connections that are shared at it."""

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
    "It is everybody's at a restricted integration: only that one's owner, those with a MANAGE share"
    " and administrators may make, change or remove it."
)


async def manages(work: Work, integrations: Iterable[Integration]) -> bool:
    """Whether the caller may change all of these, and what is shared at them.

    To see one is enough where it is open to its organization. One of another organization is restricted there only:
    here everybody may connect to what is installed.
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
    """Whether the caller may make a connection that everybody uses at these integrations, or put this one there.

    What becomes of a shared connection happens wherever it is registered, so those count, too.
    """
    elsewhere = [] if connection is None else await _users_of(work, connection)
    return await manages(work, [*at, *elsewhere])


async def require_sharing(
    work: Work, *at: Integration, connection: Connection | None = None, path: Path | None = None
) -> None:
    """Raises Forbidden where the caller may not share so; see `may_share`."""
    if not await may_share(work, *at, connection=connection):
        raise Forbidden(_REFUSED, path=path)


async def integrations_of(work: Work, connection: Connection) -> list[Integration]:
    """The integrations that a connection is registered to, the first of them first."""
    return await work.all(
        select(Integration)
        .join(Registration, col(Registration.integration_id) == col(Integration.id))
        .where(col(Registration.connection_id) == connection.id)
        .order_by(col(Registration.id))
    )


async def _users_of(work: Work, connection: Connection) -> list[Integration]:
    """Those at which everybody uses it: none for a connection of a user's own."""
    return await integrations_of(work, connection) if connection.mode is ConnectionMode.SHARED else []
