"""What becomes of a credential that somebody brought: a connection, new or renewed, and registered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from models.row import name_key, new_id
from models.tables import Connection, Integration, Registration
from models.vocabulary import AuthType, ConnectionMode, ConnectionStatus
from proxy.oauth import TokenAnswer
from resolvers.credentials.tokens import store_tokens
from resolvers.credentials.verifying import unverify_users_of
from resolvers.secrets import Secret, new_connection, register, store
from resolvers.work import Work


async def keep_secret(
    work: Work, integration: Integration, secret: Secret, *, principal_id: str | None, renewed: Connection | None
) -> Connection:
    """A connection with this secret. It has been checked."""
    at = integration.auth_type
    if renewed is not None:
        store(work, renewed, secret, at=at)
        return await _registered(work, integration, renewed, new=False)
    connection = new_connection(work, integration.name, secret, principal_id=principal_id, at=at)
    return await _registered(work, integration, connection, new=True)


async def keep_tokens(
    work: Work,
    integration: Integration,
    answer: TokenAnswer,
    *,
    asked: Sequence[str],
    account: dict[str, str],
    principal_id: str | None,
    renewed: Connection | None,
) -> Connection:
    """A connection with these tokens, and with whom they are of: with a new consent it may be somebody else."""
    connection = renewed or work.add(_empty(work, integration, principal_id))
    store_tokens(work, connection, answer, asked=asked, integration_id=integration.id)
    connection.account = account
    return await _registered(work, integration, connection, new=renewed is None)


def _empty(work: Work, integration: Integration, principal_id: str | None) -> Connection:
    return Connection(
        id=new_id(work.now()),
        organization_id=work.organization_id,
        name=integration.name,
        name_key=name_key(integration.name),
        mode=ConnectionMode.PER_USER if principal_id else ConnectionMode.SHARED,
        principal_id=principal_id,
        auth_type=AuthType.OAUTH2,
        status=ConnectionStatus.PENDING,
        secret=b"",
        secret_version=0,
    )


async def _registered(work: Work, integration: Integration, connection: Connection, *, new: bool) -> Connection:
    if not new:
        connection.version += 1
    work.audit(connection, "connection.created" if new else "connection.updated", integration_id=integration.id)
    await work.flush()
    first = new and await _is_first_shared(work, integration, connection)
    await register(work, integration, connection, default=first)
    await unverify_users_of(work, connection)
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
