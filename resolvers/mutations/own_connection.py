"""The connection that the caller has at an integration: made, made anew, taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import Forbidden, InvalidInput, NotFound
from models.tables import Connection, Integration, Registration
from models.vocabulary import ConnectionMode, Permission
from resolvers.faults import Faults
from resolvers.find import IntegrationRef, get_integration, managed_integration
from resolvers.mutations.connection import judged_secret
from resolvers.oauth.revocation import forget_connection
from resolvers.operation import operation
from resolvers.secrets import (
    Secret,
    default_connection,
    new_connection,
    register,
    replace_default_connection,
    store,
)
from resolvers.verifying import unverify_all
from resolvers.work import Work

_PATH: Final = ("input", "integration")


@dataclass(frozen=True, kw_only=True)
class ConnectIntegration:
    """What somebody connects with."""

    integration: IntegrationRef
    secret: Secret


@dataclass(frozen=True, kw_only=True)
class Connected:
    """A connection at one integration."""

    integration: Integration
    connection: Connection


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden))
async def connect_integration(work: Work, new: ConnectIntegration) -> Connected:
    """Give the caller a connection at an integration, or the one there is a new secret.

    Where connections are shared, or the caller is no user, it is the default shared one, for who may change the
    integration.
    """
    integration = await get_integration(work, new.integration, path=_PATH)
    faults = Faults("input")
    secret = await judged_secret(work, faults, [integration], new.secret)
    faults.refuse()
    if is_for_all(work, integration):
        integration = await managed_integration(work, integration.id, path=_PATH)
        connection = await replace_default_connection(work, integration, secret)
        await unverify_all(work, [integration.id])
    else:
        connection = await _replace_own(work, integration, secret)
    return Connected(integration=integration, connection=connection)


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, Forbidden))
async def disconnect_integration(work: Work, ref: IntegrationRef) -> str:
    """Take away the connection that the caller has at an integration; at others it stays. Answers its id."""
    integration = await get_integration(work, ref, path=_PATH)
    if is_for_all(work, integration):
        integration = await managed_integration(work, integration.id, path=_PATH)
        connection = await default_connection(work, integration)
    else:
        connection = await own_connection(work, integration)
    if connection is None:
        raise NotFound("connection", path=_PATH)
    await _take_away(work, integration, connection)
    return connection.id


def is_for_all(work: Work, integration: Integration) -> bool:
    """Whether a connection that the caller makes at an integration is everybody's."""
    return integration.mode is ConnectionMode.SHARED or work.caller.principal_id is None


async def own_connection(work: Work, integration: Integration) -> Connection | None:
    """The caller's own at an integration: the default, else the first that was made."""
    mine = (
        work.mine(Connection)
        .join(Registration, col(Registration.connection_id) == col(Connection.id))
        .where(
            col(Registration.integration_id) == integration.id,
            col(Connection.principal_id) == work.caller.principal_id,
        )
    )
    return await work.first(mine.order_by(col(Registration.is_default).desc(), col(Registration.id)))


async def _replace_own(work: Work, integration: Integration, secret: Secret) -> Connection:
    connection = await own_connection(work, integration)
    if connection is not None:
        connection = await work.lock(Connection, connection.id)
        store(work, connection, secret, at=integration.auth_type)
        connection.version += 1
        work.audit(connection, "connection.updated", integration_id=integration.id)
        return connection
    me = work.caller.principal_id
    connection = new_connection(work, integration.name, secret, principal_id=me, at=integration.auth_type)
    work.audit(connection, "connection.created", integration_id=integration.id)
    await work.flush()
    await register(work, integration, connection, default=False)
    return connection


async def _take_away(work: Work, integration: Integration, connection: Connection) -> None:
    registrations = await work.all(
        select(Registration).where(col(Registration.connection_id) == connection.id).with_for_update()
    )
    here = [one for one in registrations if one.integration_id == integration.id]
    if len(registrations) > len(here):
        work.audit(connection, "connection.unregistered", integration_id=integration.id)
        for one in here:
            await work.remove(one)
        return
    work.audit(connection, "connection.deleted", integration_id=integration.id)
    await forget_connection(work, connection)
