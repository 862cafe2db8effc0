"""The pick of a connection: the one place that says which credential a call would use. It never guesses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.errors import Forbidden, NotFound
from models.tables import Connection, Integration, Registration
from models.vocabulary import AuthType, ConnectionMode, ConnectionStatus, UnavailableReason
from resolvers.access import Viewer
from resolvers.auth_kinds import KINDS
from resolvers.work import Work

#: How `Connection.details` says that a publisher declared this as the token of its app.
ORIGIN: Final = "origin"
APP_TOKEN: Final = "app_token"

_PATH: Final = ("connection_id",)
_ANOTHERS: Final = "This connection is another user's; act for that user, which needs the permission ACT_AS."

#: Whether it is the default at the integration, and the connection.
Candidate = tuple[bool, Connection]


class Target(Protocol):
    """The facts of an integration that decide a pick."""

    @property
    def organization_id(self) -> str:
        """The publisher."""

    @property
    def auth_type(self) -> AuthType:
        """The way in which calls authorise."""


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


async def candidates(
    session: AsyncSession, viewer: Viewer, integration_ids: Sequence[str]
) -> Mapping[str, Sequence[Candidate]]:
    """By integration, the connections that the viewer could use there; one statement for all of them."""
    statement = (
        select(col(Registration.integration_id), col(Registration.is_default), Connection)
        .join(Connection, col(Connection.id) == col(Registration.connection_id))
        .join(Integration, col(Integration.id) == col(Registration.integration_id))
        .where(col(Registration.integration_id).in_(integration_ids), usable(viewer))
        .order_by(col(Registration.integration_id), col(Registration.id))
    )
    found: dict[str, list[Candidate]] = defaultdict(list)
    for integration_id, is_default, connection in (await session.execute(statement)).all():
        found[integration_id].append((is_default, connection))
    return found


async def picked(work: Work, integration: Integration, *, named: str | None = None) -> Pick:
    """The pick for one integration. Raises as `choose` does."""
    found = await candidates(work.session, work.caller, [integration.id])
    return await choose(work, integration, found[integration.id], named=named)


async def choose(work: Work, target: Target, found: Sequence[Candidate], *, named: str | None = None) -> Pick:
    """Like `pick`. Raises Forbidden for a named connection that the caller sees and that is another user's."""
    try:
        return pick(work.caller, target, found, named=named)
    except NotFound:
        connection = await work.find(Connection, named or "")
        if connection is not None and connection.principal_id not in (None, work.caller.principal_id):
            raise Forbidden(_ANOTHERS, path=_PATH) from None
        raise


def pick(viewer: Viewer, target: Target, found: Sequence[Candidate], *, named: str | None = None) -> Pick:
    """Named; else the viewer's own; else the default shared one; else the only shared one; else the app's token.

    Raises NotFound for a named connection that is not registered here or not the viewer's to use.
    """
    mine = [pair for pair in found if pair[1].organization_id == viewer.organization_id]
    if named is not None:
        chosen = next((connection for _, connection in mine if connection.id == named), None)
        if chosen is None:
            raise NotFound("connection", path=_PATH)
        return _usable(chosen)
    own = [pair for pair in mine if pair[1].mode is ConnectionMode.PER_USER]
    shared = [pair for pair in mine if pair[1].mode is ConnectionMode.SHARED]
    for pairs in (own, shared):
        if pairs:
            return _one_of(pairs)
    return _publishers(viewer, target, found)


def _one_of(pairs: Sequence[Candidate]) -> Pick:
    if len(pairs) == 1:
        return _usable(pairs[0][1])
    default = [connection for is_default, connection in pairs if is_default]
    return _usable(default[0]) if default else Pick(reason=UnavailableReason.AMBIGUOUS_CONNECTION)


def _publishers(viewer: Viewer, target: Target, found: Sequence[Candidate]) -> Pick:
    if target.organization_id != viewer.organization_id:
        for _, connection in found:
            if connection.details.get(ORIGIN) == APP_TOKEN:
                return Pick(connection=connection, borrowed=True)
    if KINDS[target.auth_type].needs_connection:
        return Pick(reason=UnavailableReason.NO_CONNECTION)
    return NOT_NEEDED


def _usable(connection: Connection) -> Pick:
    if connection.status is ConnectionStatus.NEEDS_RECONNECT:
        return Pick(connection=connection, reason=UnavailableReason.NEEDS_RECONNECT)
    if connection.status is ConnectionStatus.PENDING:
        return Pick(connection=connection, reason=UnavailableReason.NO_CONNECTION)
    return Pick(connection=connection)
