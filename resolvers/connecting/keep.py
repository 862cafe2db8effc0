"""What becomes of a credential that somebody brought: a connection, new or renewed, registered and announced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.row import name_key, new_id
from models.tables import Connection, Integration, Registration
from models.vocabulary import AuthType, ConnectionMode, ConnectionStatus, HubEvent
from proxy.oauth import TokenAnswer
from resolvers.secrets import Secret, new_connection, register, store
from resolvers.work import Work


async def keep_secret(
    work: Work, integration: Integration, secret: Secret, *, principal_id: str | None, renewed: Connection | None
) -> Connection:
    """A connection with this secret. It has been checked."""
    if renewed is None:
        connection = new_connection(work, integration.name, secret, principal_id=principal_id)
        return await _begin(work, integration, connection)
    was = renewed.status
    store(work, renewed, secret)
    return await _renew(work, integration, renewed, was, renewed.granted_scopes)


async def keep_tokens(
    work: Work,
    integration: Integration,
    answer: TokenAnswer,
    *,
    wanted: Sequence[str],
    account: dict[str, str],
    principal_id: str | None,
    renewed: Connection | None,
) -> Connection:
    """A connection with these tokens. Where the vendor does not say what it granted, it is what was wanted."""
    scopes = list(answer.scopes if answer.scopes is not None else wanted)
    if renewed is None:
        connection = work.add(_empty(work, integration, principal_id))
        _store_tokens(work, connection, answer, scopes, account)
        return await _begin(work, integration, connection)
    was, had = renewed.status, renewed.granted_scopes
    _store_tokens(work, renewed, answer, scopes, account)
    return await _renew(work, integration, renewed, was, had)


def _empty(work: Work, integration: Integration, principal_id: str | None) -> Connection:
    return Connection(
        id=new_id(work.now()),
        organization_id=work.organization_id,
        name=integration.name,
        name_key=name_key(integration.name),
        mode=ConnectionMode.PER_USER if principal_id else ConnectionMode.SHARED,
        principal_id=principal_id,
        auth_type=AuthType.OAUTH2,
        secret=b"",
        secret_version=0,
    )


def _store_tokens(
    work: Work, connection: Connection, answer: TokenAnswer, scopes: list[str], account: dict[str, str]
) -> None:
    stored = {"accessToken": answer.access_token}
    if answer.refresh_token is not None:
        stored["refreshToken"] = answer.refresh_token
    connection.auth_type = AuthType.OAUTH2
    connection.secret = work.seal(connection, "secret", stored)
    connection.secret_version = (connection.secret_version or 0) + 1
    connection.details = {}
    seconds = answer.expires_in_seconds
    connection.expires_at = None if seconds is None else work.now() + seconds * 1000
    connection.granted_scopes = scopes
    connection.status = ConnectionStatus.CONNECTED
    connection.last_error = connection.last_error_at = None
    if account:
        connection.account = account


async def _begin(work: Work, integration: Integration, connection: Connection) -> Connection:
    work.audit(connection, "connection.created", integration_id=integration.id)
    await work.flush()
    await register(work, integration, connection, default=await _is_first_shared(work, integration, connection))
    _announce(work, HubEvent.CONNECTION_CONNECTED, integration, connection)
    return connection


async def _renew(
    work: Work, integration: Integration, connection: Connection, was: ConnectionStatus, had: Sequence[str]
) -> Connection:
    connection.version += 1
    work.audit(connection, "connection.updated", integration_id=integration.id)
    await register(work, integration, connection, default=False)
    if was is not ConnectionStatus.CONNECTED:
        first = was is ConnectionStatus.PENDING
        event = HubEvent.CONNECTION_CONNECTED if first else HubEvent.CONNECTION_RECOVERED
        _announce(work, event, integration, connection)
    if set(had) != set(connection.granted_scopes):
        scopes = {"scopes": connection.granted_scopes, "previous": {"scopes": list(had)}}
        _announce(work, HubEvent.CONNECTION_SCOPES_CHANGED, integration, connection, **scopes)
    return connection


async def _is_first_shared(work: Work, integration: Integration, connection: Connection) -> bool:
    """Whether it is to be the default: of connections of one's own, each user's only one needs no default."""
    if connection.mode is ConnectionMode.PER_USER:
        return False
    others = (
        select(Registration)
        .join(Connection, col(Connection.id) == col(Registration.connection_id))
        .where(
            col(Registration.integration_id) == integration.id,
            col(Registration.organization_id) == work.organization_id,
            col(Connection.mode) == ConnectionMode.SHARED,
        )
    )
    return await work.first(others) is None


def _announce(work: Work, event: HubEvent, integration: Integration, connection: Connection, **facts: Any) -> None:
    payload = {"connectionId": connection.id, "integrationId": integration.id, "status": connection.status, **facts}
    work.announce(event, connection.id, payload, integration_id=integration.id)
