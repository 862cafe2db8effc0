"""Registration: attach a connection to an integration, and keep the integration's shared default connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.errors import NotFound
from models.origins import Origins
from models.tables import Connection, Integration, Registration
from models.vocabulary import ConnectionMode
from resolvers.credentials.binding import entered_at, is_holder, require_bound
from resolvers.credentials.store import is_stored, new_connection, store, works
from resolvers.credentials.unverify import unverify_all, unverify_users_of
from resolvers.managing import require_sharing
from resolvers.secret import Secret, auth_type_at
from resolvers.work import Work


async def replace_default_connection(
    work: Work, integration: Integration, secret: Secret, *, hints: Mapping[str, Any] | None = None
) -> Connection:
    """Give an integration its default shared connection, or give that one a new secret. Both have been checked.

    The secret is bound to the origins that stand, so store the integration's addresses and capabilities before.

    Integrations that use it have to be verified again, unless it has this secret already. Raises Forbidden if the
    caller may not share at one of them, and InvalidInput at parts that are kept if they were not entered for the
    addresses that stand.
    """
    connection = await shared_default(work, integration)
    new = connection is None
    if connection is None:
        connection = new_connection(work, integration.name)
    else:
        await require_sharing(work, connection=connection)
    if secret.kept:
        await require_bound(work, integration, connection, secret.kept)
    origins = await _origins(work, integration, secret, None if new else connection)
    at = integration.auth_type
    news = store(work, connection, secret, origins=origins, at=at, hints=hints or {}, integration_id=integration.id)
    return await save_connection(work, integration, connection, new=new, default=True, news=news)


async def has_default_secret(
    work: Work, integration: Integration, secret: Secret, *, hints: Mapping[str, Any] | None = None
) -> bool:
    """Whether `replace_default_connection` would change nothing. Pending changes stay pending."""
    with work.session.no_autoflush:
        connection = await shared_default(work, integration)
        if connection is None:
            return False
        origins = await _origins(work, integration, secret, connection)
    return is_stored(work, connection, secret, origins=origins, at=integration.auth_type, hints=hints or {})


async def has_working_default(work: Work, integration: Integration) -> bool:
    """Whether the default shared connection exists and works. Pending changes stay pending."""
    with work.session.no_autoflush:
        connection = await shared_default(work, integration)
    return connection is not None and works(connection)


async def shared_default(work: Work, integration: Integration) -> Connection | None:
    """The default connection of the caller's organization at an integration, unless it is a user's own."""
    return await work.first(
        select(Connection)
        .join(Registration, col(Registration.connection_id) == col(Connection.id))
        .where(
            col(Registration.integration_id) == integration.id,
            col(Registration.organization_id) == work.organization_id,
            col(Registration.is_default),
            col(Connection.mode) == ConnectionMode.SHARED,
        )
    )


async def save_connection(
    work: Work,
    integration: Integration,
    connection: Connection,
    *,
    new: bool,
    default: bool,
    by: Work | None = None,
    news: bool = True,
) -> Connection:
    """Audit a connection with a new secret, attach it, and unverify the integrations that share it.

    `by`: the work of the party that says where the secret is meant to go, if that is another one. `news`: whether
    the secret is new, as `store` has answered; if not, the connection is attached and nothing else.
    """
    if news and not new:
        connection.version += 1
    if news:
        work.audit(connection, "connection.created" if new else "connection.updated", integration_id=integration.id)
        await work.flush()
    own = new or connection.mode is ConnectionMode.PER_USER or is_holder(by or work, connection)
    await register(work, integration, connection, default=default, confirmed=own)
    if news:
        await unverify_users_of(work, connection)
    return connection


async def unregister(
    work: Work, integration: Integration, registration: Registration, connection: Connection
) -> None:
    """Detach a connection from an integration, which has to be verified again if the connection is shared."""
    work.audit(connection, "connection.unregistered", integration_id=integration.id)
    await work.remove(registration)
    if connection.mode is ConnectionMode.SHARED:
        await unverify_all(work, [integration.id])


async def register(
    work: Work, integration: Integration, connection: Connection, *, default: bool, confirmed: bool
) -> bool:
    """Attach a connection, as the default if asked. Answers whether that changed anything.

    `confirmed`: its secret is meant for this integration, since it was entered here or the holder registers it.

    Raises NotFound if the deletion of the integration has begun since it was read: nobody would remove the secret.
    """
    here = select(Registration).where(
        col(Registration.integration_id) == integration.id,
        col(Registration.organization_id) == work.organization_id,
    )
    registration = await work.first(here.where(col(Registration.connection_id) == connection.id))
    if registration is not None and (registration.is_default or not default):
        news, registration.confirmed = confirmed and not registration.confirmed, registration.confirmed or confirmed
        return news
    if default:
        for other in await work.all(here.where(col(Registration.is_default))):
            other.is_default = False
        await work.flush()
    if registration is None:
        await _hold(work, integration)
        registration = Registration(
            organization_id=work.organization_id, integration_id=integration.id, connection_id=connection.id
        )
        work.add(registration)
    registration.is_default, registration.confirmed = default, registration.confirmed or confirmed
    await work.flush()
    return True


async def _hold(work: Work, integration: Integration) -> None:
    """Keep the deletion of an integration waiting until the end of the transaction. Raises NotFound after it."""
    living = select(col(Integration.id)).where(
        col(Integration.id) == integration.id, col(Integration.removed_at).is_(None)
    )
    held = await work.session.execute(living.with_for_update(read=True, key_share=True))
    if held.first() is None:
        raise NotFound("integration")


async def _origins(work: Work, integration: Integration, secret: Secret, connection: Connection | None) -> Origins:
    """The origins of a secret that is entered for the default connection; None stands for a new one."""
    origins = await entered_at(work, integration, auth_type_at(integration.auth_type, secret), connection)
    return origins & Origins.read(connection.secret_origins) if connection and secret.kept else origins
