"""OAuth tokens of a connection: store new ones, or record that the user must connect again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from models.origins import Origins
from models.tables import Connection
from models.vocabulary import ConnectionStatus, HubEvent
from proxy.oauth import TokenAnswer
from resolvers.credentials.store import hints_of, store
from resolvers.granted import OFFLINE, OPENID
from resolvers.secret import OAuth2Secret, Secret
from resolvers.work import Work

_MOST_SCOPES: Final = 500


def store_tokens(
    work: Work,
    connection: Connection,
    answer: TokenAnswer,
    *,
    asked: Sequence[str],
    account: Mapping[str, Any] | None = None,
    origins: Origins | None = None,
    integration_id: str | None = None,
) -> None:
    """Put the answer of a token endpoint into a connection, which is CONNECTED from then on, under a new version.

    `asked` are the scopes of the request; they are granted unless the answer names others (RFC 6749 §5.1).
    `account` is the one that consented. None renews: account and scopes stay, and the old refresh token is in force
    unless the answer has a new one (RFC 6749 §6). `origins` are those of the consent; None keeps the connection's:
    a renewal must not take a token to an address that has changed meanwhile.
    """
    now, renews = work.now(), account is None
    old = work.unseal(connection, "secret").get("refreshToken") if renews and connection.secret else None
    tokens = _tokens_of(answer, old, now)
    named = _named_scopes(answer, asked, refreshable=tokens.refresh_token is not None)
    scopes = _with_kept(named, connection.granted_scopes if renews else (), asked)
    # Refusals of renewed tokens are counted: only a new consent ends the count.
    standing = (connection.token_refusals, connection.futile_renewal_at) if renews else (0, None)
    _announce_scopes(work, connection, scopes, integration_id)
    store(
        work,
        connection,
        Secret(oauth2=replace(tokens, scopes=scopes)),
        origins=Origins.read(connection.secret_origins) if origins is None else origins,
        at=connection.auth_type,
        account=connection.account if account is None else account,
        hints=hints_of(connection),
        integration_id=integration_id,
    )
    connection.issued_at = now
    connection.token_refusals, connection.futile_renewal_at = standing
    connection.answered_scopes = named if len(scopes) > len(named) else None


def narrow_scopes(work: Work, connection: Connection, *, integration_id: str | None = None) -> None:
    """Take away the scopes that the last renewal did not name, now that the service refuses for want of one."""
    if connection.answered_scopes is not None:
        _announce_scopes(work, connection, connection.answered_scopes, integration_id)
        connection.granted_scopes, connection.answered_scopes = connection.answered_scopes, None


def lose_connection(work: Work, connection: Connection, why: str, *, integration_id: str | None = None) -> None:
    """Set NEEDS_RECONNECT. It is announced, with the reason, only when the status changes."""
    connection.last_error, connection.last_error_at = why, work.now()
    connection.lease_owner = connection.lease_until = None
    if connection.status is ConnectionStatus.NEEDS_RECONNECT:
        return
    previous, connection.status = connection.status, ConnectionStatus.NEEDS_RECONNECT
    payload = {"connectionId": connection.id, "error": why, "previous": {"status": previous}}
    work.announce(HubEvent.CONNECTION_NEEDS_RECONNECT, connection.id, payload, integration_id=integration_id)


def _tokens_of(answer: TokenAnswer, old: str | None, now: int) -> OAuth2Secret:
    refresh_token = answer.refresh_token or old
    return OAuth2Secret(access_token=answer.access_token, refresh_token=refresh_token, expires_at=_end(answer, now))


def _named_scopes(answer: TokenAnswer, asked: Sequence[str], *, refreshable: bool) -> list[str]:
    """The scopes of an answer. None at all means those asked for.

    `offline_access` and `openid` show by the tokens that they bring (OpenID Connect Core §11, §3.1.3.3): some vendors
    do not name them.
    """
    named = list(answer.scopes or asked)
    shown = {OFFLINE: refreshable, OPENID: answer.id_token is not None}
    return named + [scope for scope, came in shown.items() if came and scope in asked and scope not in named]


def _with_kept(named: Sequence[str], granted: Sequence[str], asked: Sequence[str]) -> list[str]:
    """The named scopes, and those granted before that were asked for: a renewal takes none of them away."""
    kept = [scope for scope in granted if scope in asked and scope not in named]
    return [*named, *kept][: max(_MOST_SCOPES, len(named))]


def _end(answer: TokenAnswer, now: int) -> int | None:
    if answer.expires_in_seconds is not None:
        return now + answer.expires_in_seconds * 1000
    return None if answer.expires_at is None else max(answer.expires_at, now)


def _announce_scopes(work: Work, connection: Connection, scopes: Sequence[str], integration_id: str | None) -> None:
    previous = connection.granted_scopes
    if previous and set(previous) != set(scopes):
        payload = {"connectionId": connection.id, "scopes": list(scopes), "previous": {"scopes": previous}}
        work.announce(HubEvent.CONNECTION_SCOPES_CHANGED, connection.id, payload, integration_id=integration_id)
