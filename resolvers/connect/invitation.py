"""Signed links inside a refusal, so that the user can connect or consent. Nothing is stored for them."""

from __future__ import annotations

from typing import Final

from models.origins import Origins
from models.tables import Connection, Integration
from models.vocabulary import ConnectionMode, Permission, UnavailableReason
from resolvers.auth_kinds import KINDS
from resolvers.caller import Caller
from resolvers.connect.consent import bound_at
from resolvers.connect.links import PATH, SIGNED_LASTS_MS, SignedLink, sign
from resolvers.connect.session import is_for_all
from resolvers.fitness import Withheld
from resolvers.managing import may_share
from resolvers.readiness import Availability
from resolvers.work import Work

_HELPED: Final = frozenset(
    {UnavailableReason.NO_CONNECTION, UnavailableReason.NEEDS_RECONNECT, UnavailableReason.MISSING_SCOPES}
)


async def invitation(
    work: Work, integration: Integration, connection: Connection | None, found: Availability
) -> str | None:
    """A signed link for 30 minutes; None if connecting does not help, or if the caller may not connect.

    Anybody may make or renew their own connection; a shared one needs CONNECTIONS_WRITE and the right to share there.
    An app's token gets no link where connections are users' own: the user who opened it would connect for everybody.
    One that acts for a user needs CONNECTIONS_WRITE also for the user's own, and one that is limited to capabilities
    changes no credential.
    """
    if not KINDS[integration.auth_type].needs_connection or not await _helps(work, integration, connection, found):
        return None
    caller = work.caller
    if connection is None and caller.principal_id is None and integration.mode is ConnectionMode.PER_USER:
        return None
    if caller.allowed_capabilities or (
        caller.acted_by is not None and not caller.acted_by.may(Permission.CONNECTIONS_WRITE)
    ):
        return None
    principal_id = _holder(caller, integration, connection)
    if principal_id != caller.principal_id and principal_id is not None:
        return None
    if principal_id is None and not await _may_share(work, integration, connection):
        return None
    link = SignedLink(
        organization_id=caller.organization_id,
        principal_id=principal_id,
        integration_id=integration.id,
        connection_id=connection.id if connection is not None else None,
        scopes=_scopes(connection, found),
        expires_at=caller.hub.clock() + SIGNED_LASTS_MS,
        created_by=caller.principal_id,
        created_by_token=caller.token_id,
    )
    return caller.hub.own_url + PATH + sign(caller.hub.keyring, link)


async def _helps(work: Work, integration: Integration, connection: Connection | None, found: Availability) -> bool:
    """Whether connecting would end the obstacle; at a changed address, whether it would bind the connection anew."""
    if found.reason is not UnavailableReason.ADDRESS_CHANGED:
        return found.reason in _HELPED
    if connection is None or found.withheld is Withheld.HEADERS:
        return False
    anew = await bound_at(work, integration, connection)
    return anew & Origins.read(connection.secret_origins) != anew


def _holder(caller: Caller, integration: Integration, connection: Connection | None) -> str | None:
    if connection is not None:
        return connection.principal_id if connection.mode is ConnectionMode.PER_USER else None
    return None if is_for_all(integration, caller.principal_id) else caller.principal_id


async def _may_share(work: Work, integration: Integration, connection: Connection | None) -> bool:
    return work.caller.may(Permission.CONNECTIONS_WRITE) and await may_share(work, integration, connection=connection)


def _scopes(connection: Connection | None, found: Availability) -> tuple[str, ...]:
    """The granted and the missing scopes: some vendors replace the old grant by the new one."""
    granted = connection.granted_scopes if connection is not None else ()
    return tuple(dict.fromkeys([*granted, *found.missing_scopes]))
