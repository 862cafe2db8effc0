"""The standing of a connection's token at the service: a refusal is kept until a call succeeds, and may end it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import DomainError
from models.tables import Connection
from models.vocabulary import ConnectionStatus
from proxy.message import Answer, Failure
from resolvers.auth_kinds import KINDS
from resolvers.caller import Caller
from resolvers.credentials.held import HeldToken
from resolvers.credentials.tokens import lose_connection, narrow_scopes
from resolvers.history import place_of_connection
from resolvers.hub import Hub
from resolvers.oauth.challenge import Refusal, refusal_of
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

#: Calls in a row to which the service says `invalid_token`, though the token was renewed for each: the grant is over.
_MOST_REFUSALS: Final = 2
#: The time of the last refusal is written at most this often: repeated calls at a refusing path cost no writes.
_EVERY_MS: Final = 60_000
_OF_SCOPE: Final = (Refusal.SCOPE, Refusal.FORBIDDEN)
_SENTENCES: Final = {
    Refusal.INVALID_TOKEN: "The remote service says that the token is invalid (401 invalid_token).",
    Refusal.SCOPE: "The remote service says that the token lacks a scope (401).",
    Refusal.UNCLEAR: "The remote service refuses the token (401).",
}


@dataclass(frozen=True, kw_only=True)
class TokenTried:
    """A call with a token. `version`: that of the secret it was sent with. `refusal` None: the call succeeded.

    `renewed`: the token was fetched for this call. `held`: the facts with which the call began.
    """

    held: HeldToken
    version: int
    refusal: Refusal | None
    renewed: bool = False


async def note_answer(hub: Hub, held: HeldToken, version: int, answer: Answer | Failure, *, renewed: bool) -> None:
    """Record a change of the token's standing. A success writes nothing if there was no refusal."""
    if isinstance(answer, Failure):
        return
    refusal = refusal_of(answer)
    if refusal is None and not 200 <= answer.status < 300:
        return
    tried = TokenTried(held=held, version=version, refusal=refusal, renewed=renewed)
    if _is_news(tried, hub.clock()):
        with suppress(DomainError):  # the call is made and must be recorded; the next call tries this again
            await note_token(Caller.of_hub(hub, held.organization_id, cause=held.cause), tried)


@operation(needs=OPERATOR)
async def note_token(work: Work, tried: TokenTried) -> None:
    """Set or clear the last error of a connection, unless its token has changed since.

    The status changes only if the grant has ended; of calls at the same time, one counts. A want of scopes takes
    those away that the last renewal did not name.
    """
    held = tried.held
    row = select(Connection).where(col(Connection.id) == held.connection_id).with_for_update()
    connection = await work.first(row)
    if connection is None or connection.secret_version != tried.version:
        return
    if tried.refusal is None:
        connection.token_refusals = 0
        if connection.status is ConnectionStatus.CONNECTED:  # the error of an OFFLINE one is the last test's
            connection.last_error = connection.last_error_at = None
        return
    place = await place_of_connection(work, connection.id)
    if tried.refusal in _OF_SCOPE:
        narrow_scopes(work, connection, integration_id=place)
    if tried.refusal is Refusal.FORBIDDEN:  # the answer of its call, and of nothing else
        return
    if tried.refusal is Refusal.INVALID_TOKEN and connection.token_refusals == held.refusals:
        connection.token_refusals += 1
    if tried.refusal is Refusal.UNCLEAR and tried.renewed:
        connection.futile_renewal_at = work.now()
    if _has_ended(connection, tried):
        lose_connection(work, connection, _SENTENCES[tried.refusal], integration_id=place)
    elif connection.status is not ConnectionStatus.NEEDS_RECONNECT:
        connection.last_error, connection.last_error_at = _SENTENCES[tried.refusal], work.now()


def _has_ended(connection: Connection, tried: TokenTried) -> bool:
    """Whether the grant has ended: nothing but `invalid_token` says so, and only of a token that cannot be renewed.

    A token that was renewed in vain is one of these at its second refusal, and so is one that nothing can renew; at
    its first, if its stated end has passed. The hub's own grant, with the client's credentials, never ends.
    """
    held = tried.held
    if tried.refusal is not Refusal.INVALID_TOKEN or not KINDS[connection.auth_type].asks_for_consent:
        return False
    if held.renewable and not tried.renewed:
        return False
    return connection.token_refusals >= _MOST_REFUSALS or (held.ended and not held.renewable)


def _is_news(tried: TokenTried, now: int) -> bool:
    held = tried.held
    if held.narrowed and tried.refusal in _OF_SCOPE:
        return True
    if tried.refusal is Refusal.FORBIDDEN:
        return False
    if tried.refusal is None:
        return held.refused_at is not None or held.refusals > 0
    if tried.refusal is Refusal.INVALID_TOKEN or tried.renewed or held.refused_at is None:
        return True
    return abs(now - held.refused_at) >= _EVERY_MS
