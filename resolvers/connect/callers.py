"""Callers that hold a connect link or a state: each acts for the organization that made it."""

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
    """The holder of a link. Raises NotFound for a text that is no link, or a link that is no longer known."""
    session = await hub.lookup.connect_session(link_digest=digest_of(link)) if may_be_link(link) else None
    if session is not None:
        return _caller(hub, session.organization_id, session.principal_id)
    signed = read_signed(hub.keyring, link)
    if signed is None:
        raise NotFound("connect link")
    return _caller(hub, signed.organization_id, signed.principal_id)


async def state_caller(hub: Hub, state: str | None) -> Caller:
    """The holder of a state. Raises one InvalidInput for a missing, malformed, unknown or used state."""
    if state and len(state) <= _LONGEST_STATE and state.isascii() and state.isprintable():
        session = await hub.lookup.connect_session(state_digest=digest_of(state))
        if session is not None:
            return _caller(hub, session.organization_id, session.principal_id)
    raise unknown_state()


def unknown_state() -> InvalidInput:
    """The same refusal for every state that no session waits for."""
    message = "Unknown or expired state: it was used already, or the consent took too long. Start again."
    return InvalidInput.at("state", message)


def _caller(hub: Hub, organization_id: str, principal_id: str | None) -> Caller:
    """A caller that may only connect. Its session says to which integrations."""
    return Caller(
        hub=hub,
        source=Source.HUB,
        organization_id=organization_id,
        permissions=frozenset({Permission.CONNECTIONS_WRITE}),
        actor_name=_ACTOR,
        principal_id=principal_id,
    )
