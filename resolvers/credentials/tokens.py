"""Tokens into connections: what is stored, what is shown, and what the hub says about it."""

from __future__ import annotations

from collections.abc import Sequence

from models.tables import Connection
from models.vocabulary import AuthType, ConnectionStatus, HubEvent
from proxy.oauth import TokenAnswer
from resolvers.credentials.held import RENEWED
from resolvers.secrets import OAuth2Secret, Secret, connected, hints_of
from resolvers.work import Work


def store_tokens(
    work: Work,
    connection: Connection,
    answer: TokenAnswer,
    *,
    asked: Sequence[str],
    renewing: bool = False,
    integration_id: str | None = None,
) -> None:
    """Put what a token endpoint gave into a connection, which is connected from then on, under a new version.

    `asked` are the scopes that were asked for, which are granted where the answer does not say (RFC 6749 §5.1).
    `renewing`: an answer without a refresh token leaves the old one in force (RFC 6749 §6); a new consent does not,
    for it may be another account's.
    """
    old = work.unseal(connection, "secret").get("refreshToken") if renewing and connection.secret else None
    secret = Secret(oauth2=OAuth2Secret(access_token=answer.access_token, refresh_token=answer.refresh_token or old))
    if connection.auth_type not in RENEWED:
        connection.auth_type = AuthType.OAUTH2
    connection.secret = work.seal(connection, "secret", secret.stored())
    connection.details = {**hints_of(connection), **secret.details()}
    lasts = answer.expires_in_seconds
    connection.expires_at = None if lasts is None else work.now() + lasts * 1000
    _grant(work, connection, asked if answer.scopes is None else answer.scopes, integration_id)
    connected(work, connection, integration_id=integration_id)


def lose_connection(work: Work, connection: Connection, why: str, *, integration_id: str | None = None) -> None:
    """The user must come back. Said once, however often it is noticed."""
    connection.last_error, connection.last_error_at = why, work.now()
    connection.lease_owner = connection.lease_until = None
    if connection.status is ConnectionStatus.NEEDS_RECONNECT:
        return
    previous, connection.status = connection.status, ConnectionStatus.NEEDS_RECONNECT
    payload = {"connectionId": connection.id, "previous": {"status": previous}}
    work.announce(HubEvent.CONNECTION_NEEDS_RECONNECT, connection.id, payload, integration_id=integration_id)


def _grant(work: Work, connection: Connection, scopes: Sequence[str], integration_id: str | None) -> None:
    previous, connection.granted_scopes = connection.granted_scopes, list(scopes)
    if previous and set(previous) != set(scopes):
        payload = {"connectionId": connection.id, "scopes": list(scopes), "previous": {"scopes": previous}}
        work.announce(HubEvent.CONNECTION_SCOPES_CHANGED, connection.id, payload, integration_id=integration_id)
