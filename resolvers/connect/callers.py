"""Who comes with a link or with a vendor's answer: nobody but its holder, for the organization that made it."""

from __future__ import annotations

from typing import Final

from models.errors import InvalidInput, NotFound
from models.vocabulary import Permission, Source
from resolvers.caller import Caller
from resolvers.connect.links import digest_of, may_be_link, read_signed
from resolvers.hub import Hub

_ACTOR: Final = "connect link"
_LONGEST_STATE: Final = 200


async def link_caller(hub: Hub, link: str) -> Caller:
    """Raises NotFound for a text that is no link, or of which nothing is known any more."""
    session = await hub.lookup.connect_session(link_digest=digest_of(link)) if may_be_link(link) else None
    if session is not None:
        return _caller(hub, session.organization_id, session.principal_id)
    signed = read_signed(hub.keyring, link)
    if signed is None:
        raise NotFound("connect link")
    return _caller(hub, signed.organization_id, signed.principal_id)


async def state_caller(hub: Hub, state: str | None) -> Caller:
    """Raises InvalidInput for a state that is missing, malformed, unknown or used: from outside all are one."""
    if state and len(state) <= _LONGEST_STATE and state.isascii() and state.isprintable():
        session = await hub.lookup.connect_session(state_digest=digest_of(state))
        if session is not None:
            return _caller(hub, session.organization_id, session.principal_id)
    raise unknown_state()


def unknown_state() -> InvalidInput:
    """The one refusal of all states that are not waited for."""
    return InvalidInput.at("state", "This answer is not waited for: it has been used, or it took too long.")


def _caller(hub: Hub, organization_id: str, principal_id: str | None) -> Caller:
    """It may connect, and nothing else; what it connects, the session says."""
    return Caller(
        hub=hub,
        source=Source.HUB,
        organization_id=organization_id,
        permissions=frozenset({Permission.CONNECTIONS_WRITE}),
        actor_name=_ACTOR,
        principal_id=principal_id,
    )
