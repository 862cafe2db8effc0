"""Refused credentials that the hub does not renew: a 401 is kept as the last error until a call succeeds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import DomainError
from models.tables import Connection
from models.vocabulary import ConnectionStatus
from resolvers.auth_kinds import KINDS
from resolvers.caller import Caller
from resolvers.dispatching.response import Response
from resolvers.hub import Hub
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

_UNAUTHORIZED: Final = 401
_REFUSED: Final = "The remote service refuses the credential (401)."
#: The time of the last refusal is written at most this often: repeated calls with a dead key cost no writes.
_EVERY_MS: Final = 60_000


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A call with this version of the secret, and whether the remote service refused it."""

    connection_id: str
    version: int
    refused: bool


async def note_answer(hub: Hub, connection: Connection | None, response: Response) -> None:
    """Record a change of the credential's state. A success writes nothing if there was no error.

    `connection` is the row as it was when the call was built. Only a 401 or a success says something about it.
    """
    refused = response.status == _UNAUTHORIZED
    if connection is None or not (refused or response.succeeded):
        return
    if not KINDS[connection.auth_type].entered:  # `call_with_token` handles renewed tokens
        return
    tried = Tried(connection_id=connection.id, version=connection.secret_version, refused=refused)
    if _is_news(connection, tried, hub.clock()):
        with suppress(DomainError):  # the call is made and recorded; the next call tries this again
            await note_credential(Caller.of_hub(hub, connection.organization_id), tried)


@operation(needs=OPERATOR)
async def note_credential(work: Work, tried: Tried) -> None:
    """Set or clear the last error of a connection, unless its secret has changed since. The status stays."""
    row = select(Connection).where(col(Connection.id) == tried.connection_id).with_for_update()
    connection = await work.first(row)
    if connection is None or connection.secret_version != tried.version:
        return
    if _is_news(connection, tried, work.now()):
        connection.last_error = _REFUSED if tried.refused else None
        connection.last_error_at = work.now() if tried.refused else None


def _is_news(connection: Connection, tried: Tried, now: int) -> bool:
    """Whether to write. A success clears no error of an OFFLINE connection: the last test found it."""
    if not tried.refused:
        return connection.last_error is not None and connection.status is ConnectionStatus.CONNECTED
    known = connection.last_error == _REFUSED and connection.last_error_at is not None
    return not known or abs(now - (connection.last_error_at or 0)) >= _EVERY_MS
