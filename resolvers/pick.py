"""The pick of a connection: the one place that says which credential a call would use. It never guesses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.errors import NotFound
from models.tables import Connection, Integration, Registration
from models.vocabulary import ConnectionMode, ConnectionStatus, UnavailableReason
from resolvers.auth_kinds import KINDS
from resolvers.scope import Viewer
from resolvers.work import Work

#: How `Connection.details` says that a publisher declared this as the token of its app.
ORIGIN: Final = "origin"
APP_TOKEN: Final = "app_token"

Candidate = tuple[Registration, Connection]


@dataclass(frozen=True, kw_only=True)
class Pick:
    """The connection, or why there is none. `borrowed`: it is the publisher's own and is never shown."""

    connection: Connection | None = None
    reason: UnavailableReason | None = None
    borrowed: bool = False

    @property
    def shown(self) -> Connection | None:
        """The connection, unless it is borrowed."""
        return None if self.borrowed else self.connection


NOT_NEEDED: Final = Pick()


def usable(viewer: Viewer) -> ColumnElement[bool]:
    """Whether a connection registered at an integration is the viewer's to use, or its publisher's shared default.

    Asks for Registration, Connection and Integration from outside.
    """
    mine = and_(
        col(Connection.organization_id) == viewer.organization_id,
        or_(col(Connection.mode) == ConnectionMode.SHARED, col(Connection.principal_id) == viewer.principal_id),
    )
    publishers = and_(
        col(Connection.organization_id) == col(Integration.organization_id),
        col(Connection.mode) == ConnectionMode.SHARED,
        col(Registration.is_default),
    )
    return or_(mine, publishers)


def candidates(viewer: Viewer, integration_ids: Sequence[str]) -> Select[Registration, Connection]:
    """Connections that the viewer could use at these integrations, and the publishers' own shared defaults."""
    return (
        select(Registration, Connection)
        .join(Connection, col(Connection.id) == col(Registration.connection_id))
        .join(Integration, col(Integration.id) == col(Registration.integration_id))
        .where(col(Registration.integration_id).in_(integration_ids), usable(viewer))
        .order_by(col(Registration.integration_id), col(Registration.id))
    )


async def picked(work: Work, integration: Integration, *, named: str | None = None) -> Pick:
    """The pick for one integration. Raises NotFound as `pick` does."""
    found = (await work.session.execute(candidates(work.caller, [integration.id]))).all()
    return pick(work.caller, integration, [(row[0], row[1]) for row in found], named=named)


async def picks(session: AsyncSession, viewer: Viewer, integrations: Sequence[Integration]) -> dict[str, Pick]:
    """The picks for several integrations by their ids, none named; one statement for all of them."""
    found: dict[str, list[Candidate]] = defaultdict(list)
    rows = await session.execute(candidates(viewer, [one.id for one in integrations]))
    for registration, connection in rows.all():
        found[registration.integration_id].append((registration, connection))
    return {one.id: pick(viewer, one, found[one.id]) for one in integrations}


def pick(viewer: Viewer, integration: Integration, found: Sequence[Candidate], *, named: str | None = None) -> Pick:
    """Named; else the viewer's own; else the default shared one; else the only shared one; else the app's token.

    Raises NotFound for a named connection that is not registered here or not the viewer's to use.
    """
    mine = [pair for pair in found if pair[1].organization_id == viewer.organization_id]
    if named is not None:
        chosen = next((connection for _, connection in mine if connection.id == named), None)
        if chosen is None:
            raise NotFound("connection", path=("connection_id",))
        return _usable(chosen)
    own = [pair for pair in mine if pair[1].mode is ConnectionMode.PER_USER]
    shared = [pair for pair in mine if pair[1].mode is ConnectionMode.SHARED]
    for pairs in (own, shared):
        if pairs:
            return _one_of(pairs)
    return _publishers(viewer, integration, found)


def _one_of(pairs: Sequence[Candidate]) -> Pick:
    if len(pairs) == 1:
        return _usable(pairs[0][1])
    default = [connection for registration, connection in pairs if registration.is_default]
    return _usable(default[0]) if default else Pick(reason=UnavailableReason.AMBIGUOUS_CONNECTION)


def _publishers(viewer: Viewer, integration: Integration, found: Sequence[Candidate]) -> Pick:
    if integration.organization_id != viewer.organization_id:
        for _, connection in found:
            if connection.details.get(ORIGIN) == APP_TOKEN:
                return Pick(connection=connection, borrowed=True)
    if KINDS[integration.auth_type].needs_connection:
        return Pick(reason=UnavailableReason.NO_CONNECTION)
    return NOT_NEEDED


def _usable(connection: Connection) -> Pick:
    if connection.status is ConnectionStatus.NEEDS_RECONNECT:
        return Pick(connection=connection, reason=UnavailableReason.NEEDS_RECONNECT)
    if connection.status is ConnectionStatus.PENDING:
        return Pick(connection=connection, reason=UnavailableReason.NO_CONNECTION)
    return Pick(connection=connection)
