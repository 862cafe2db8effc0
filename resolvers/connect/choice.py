"""Choices at the start of a session: scopes, a return address, a connection to renew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from models.errors import NotFound, Path
from models.tables import Connection, Integration, Organization, Registration
from models.vocabulary import ConnectionMode
from resolvers.connect.return_urls import is_allowed
from resolvers.connect.session import is_for_all
from resolvers.faults import Faults, require
from resolvers.managing import require_sharing
from resolvers.work import Work

_MOST_SCOPES = 100
_NOBODY = (
    "Connections at this integration are users' own, and this token belongs to no user. Make a connect link instead:"
    " for a user by principalId, for everybody by mode SHARED."
)


def check_scopes(faults: Faults, scopes: Sequence[str]) -> None:
    """Add a fault for each scope that no authorisation request could hold (RFC 6749 §3.3)."""
    path = ("additional_scopes",)
    faults.texts(path, scopes, most=_MOST_SCOPES)
    for index, scope in enumerate(scopes):
        plain = all("\x21" <= letter <= "\x7e" and letter not in '"\\' for letter in scope)
        faults.check(plain, (*path, str(index)), "A scope is visible ASCII without spaces, quotes and backslashes.")


async def check_return_url(work: Work, faults: Faults, url: str | None) -> None:
    """Add a fault for an address that the organization does not list."""
    if url is None:
        return
    organization = await work.get(Organization, work.organization_id)
    listed = is_allowed(url, organization.return_urls)
    faults.check(listed, "return_url", "None of the organization's returnUrls is a prefix of it; add one.")


@dataclass(frozen=True, kw_only=True)
class Destination:
    """The holder of the connection, None for a shared one; and the existing connection to renew, if any."""

    principal_id: str | None
    connection: Connection | None


async def callers_destination(
    work: Work, integration: Integration, connection_id: str | None, path: Path
) -> Destination:
    """The caller's destination: this connection, else a new one, the caller's own or shared.

    Raises NotFound, Forbidden at `path` if it is shared and the caller may not share there, and InvalidInput at
    `path` for a caller that is no user, where connections are users' own.
    """
    if connection_id is None:
        me = work.caller.principal_id
        require(me is not None or integration.mode is ConnectionMode.SHARED, path, _NOBODY)
        into = Destination(principal_id=None if is_for_all(integration, me) else me, connection=None)
    else:
        renewed = await _renewable_by_caller(work, connection_id, integration)
        into = Destination(principal_id=renewed.principal_id, connection=renewed)
    if into.principal_id is None:
        await require_sharing(work, integration, connection=into.connection, path=path)
    return into


async def renewable(work: Work, connection_id: str, integrations: Sequence[Integration]) -> Connection:
    """A connection that the caller may see, at one of these integrations. Raises NotFound."""
    path = ("connection_id",)
    connection = await work.get(Connection, connection_id, path=path)
    registration = select(Registration).where(
        col(Registration.connection_id) == connection.id,
        col(Registration.integration_id).in_([integration.id for integration in integrations]),
    )
    if await work.first(registration) is None:
        raise NotFound("connection", path=path)
    return connection


async def _renewable_by_caller(work: Work, connection_id: str, integration: Integration) -> Connection:
    """Even an administrator cannot renew another user's connection: it would hold the administrator's account."""
    connection = await renewable(work, connection_id, [integration])
    own = connection.mode is ConnectionMode.SHARED or connection.principal_id == work.caller.principal_id
    require(own, ("connection_id",), "Only its user can renew it; make a connect link for them.")
    return connection
