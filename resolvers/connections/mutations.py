"""Connections: create, change, remove, register and unregister."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from models.row import name_key
from models.tables import Connection, Definition, Integration, Registration
from models.vocabulary import ConnectionMode, Permission
from proxy.address import check_base_url
from resolvers.credentials.binding import bind_first, entered, entered_anew, is_holder
from resolvers.credentials.register import register, unregister
from resolvers.credentials.store import new_connection, store
from resolvers.credentials.unverify import unverify_all, unverify_users_of
from resolvers.definitions.secret import check_fields, composed
from resolvers.definitions.stored import definition_of
from resolvers.faults import ADDRESS, Faults
from resolvers.flow_uses import require_unused_connection
from resolvers.history import place_of_connection
from resolvers.managing import governs, integrations_of, require_own_app, require_sharing
from resolvers.oauth.revocation import forget_connection
from resolvers.operation import operation
from resolvers.secret import Secret, auth_type_at, check_fits, check_secret
from resolvers.unset import UNSET, Unset, given
from resolvers.work import Work

_MOST_REGISTRATIONS: Final = 100


@dataclass(frozen=True, kw_only=True)
class CreateConnection:
    """A new connection, registered to an integration if one is named."""

    secret: Secret
    integration_id: str | None = None
    name: str | None = None
    mode: ConnectionMode = ConnectionMode.PER_USER
    base_url: str | None = None
    default: bool = False


@dataclass(frozen=True, kw_only=True)
class UpdateConnection:
    """New values; an absent one stays unchanged. Null clears the address."""

    id: str
    expected_version: int | Unset | None = UNSET
    name: str | Unset | None = UNSET
    secret: Secret | Unset | None = UNSET
    base_url: str | Unset | None = UNSET


@dataclass(frozen=True, kw_only=True)
class RegisterConnections:
    """Connections to register to an integration, all or none."""

    integration_id: str
    connection_ids: Sequence[str]
    default_connection_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class UnregisterConnection:
    """A connection to detach from an integration."""

    integration_id: str
    connection_id: str


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden))
async def create_connection(work: Work, new: CreateConnection) -> Connection:
    """Store a connection, and register it to an integration if one is named. PER_USER ones are the caller's own."""
    if new.default:
        work.caller.need_unlimited()
    integration = await _integration(work, new.integration_id)
    principal_id = _holder(work, new.mode)
    if integration is not None and (principal_id is None or new.default):
        await require_sharing(work, integration, path=("integration_id",))
    faults = Faults()
    faults.name("name", new.name)
    integrations = [integration] if integration else []
    secret = await judged_secret(work, faults, integrations, new.secret)
    _check_base_url(faults, new.base_url)
    faults.refuse()
    name = new.name or (integration.name if integration else "Connection")
    connection = new_connection(work, name, principal_id=principal_id)
    connection.base_url = new.base_url
    at, place = (integration.auth_type, integration.id) if integration else (None, None)
    origins = await entered(work, integrations, auth_type_at(at, secret), base_url=new.base_url)
    store(work, connection, secret, origins=origins, at=at, integration_id=place)
    work.audit(connection, "connection.created", integration_id=place)
    await work.flush()
    if integration is not None:
        await _attach(work, integration, connection, default=new.default, confirmed=True)
    return connection


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden, Stale))
async def update_connection(work: Work, new: UpdateConnection) -> Connection:
    """Change a connection's name, address or secret. Its version grows by one, if anything changes.

    A new secret goes to the addresses of its integrations as they stand, of those where somebody else registered the
    connection to none, unless the caller holds the integration. The address of a shared connection is changed by
    those who speak for it: whoever enters its secret next sends it there.
    """
    connection = await work.lock(Connection, new.id, expected_version=new.expected_version, path=("id",))
    await require_sharing(work, connection=connection, path=("id",))
    place = await place_of_connection(work, connection.id)
    faults = Faults()
    faults.check(new.name is not None, "name", "It cannot be null.")
    faults.name("name", new.name)
    faults.check(new.secret is not None, "secret", "It cannot be null.")
    secret, integrations = None, await integrations_of(work, connection)
    if isinstance(new.secret, Secret):
        if connection.mode is ConnectionMode.SHARED:
            work.caller.need_unlimited()
        secret = await judged_secret(work, faults, integrations, new.secret)
    _check_base_url(faults, new.base_url)
    faults.refuse()
    if given(new.base_url, connection.base_url) != connection.base_url:
        await _require_addressing(work, connection, integrations)
    connection.name = given(new.name, connection.name) or connection.name
    connection.name_key = name_key(connection.name)
    moved = given(new.base_url, connection.base_url) != connection.base_url
    connection.base_url = given(new.base_url, connection.base_url)
    news = secret is not None and await _enter_anew(work, connection, secret, place)
    if not work.session.is_modified(connection):
        return connection
    connection.version += 1
    work.audit(connection, "connection.updated", integration_id=place)
    if news or moved:
        await unverify_users_of(work, connection)
    return connection


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, Conflict, Forbidden))
async def delete_connection(work: Work, id: str) -> str:
    """Remove a connection from everywhere; a job revokes its tokens at the vendor. Answers its id.

    One that flows use is not removed.
    """
    connection = await work.lock(Connection, id, path=("id",))
    await require_sharing(work, connection=connection, path=("id",))
    await require_unused_connection(work, connection, path=("id",))
    work.audit(connection, "connection.deleted", integration_id=await place_of_connection(work, connection.id))
    await forget_connection(work, connection)
    return connection.id


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden))
async def register_connections(work: Work, link: RegisterConnections) -> Integration:
    """Attach connections to an integration, all or none; attaching twice changes nothing.

    A secret that was entered for other addresses is not sent to this integration's until it is entered again. That
    binds it here only if the holder registers it: the user of an own connection, an administrator for a shared one.
    """
    integration = await work.get(Integration, link.integration_id, path=("integration_id",))
    require_own_app(work, integration, path=("integration_id",))
    faults = Faults()
    few = 0 < len(link.connection_ids) <= _MOST_REGISTRATIONS
    faults.check(few, "connection_ids", f"Name 1 to {_MOST_REGISTRATIONS} connections.")
    default = link.default_connection_id
    if default is not None:
        work.caller.need_unlimited()
    among = default is None or default in link.connection_ids
    faults.check(among, "default_connection_id", "It must be one of connectionIds.")
    faults.refuse()
    for index, connection_id in enumerate(link.connection_ids):
        path = ("connection_ids", str(index))
        connection = await work.get(Connection, connection_id, path=path)
        if connection.mode is ConnectionMode.SHARED or connection_id == default:
            await require_sharing(work, integration, connection=connection, path=path)
        await bind_first(work, integration, connection)
        confirmed = is_holder(work, connection)
        if await _attach(work, integration, connection, default=connection_id == default, confirmed=confirmed):
            work.audit(connection, "connection.registered", integration_id=integration.id)
    return integration


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, Forbidden))
async def unregister_connection(work: Work, link: UnregisterConnection) -> Integration:
    """Detach a connection from an integration; the connection itself stays."""
    integration = await work.get(Integration, link.integration_id, path=("integration_id",))
    require_own_app(work, integration, path=("integration_id",))
    connection = await work.get(Connection, link.connection_id, path=("connection_id",))
    registration = await work.first(
        select(Registration).where(
            col(Registration.integration_id) == integration.id,
            col(Registration.connection_id) == connection.id,
        )
    )
    if registration is None:
        raise NotFound("registration", path=("connection_id",))
    if connection.mode is ConnectionMode.SHARED:
        await require_sharing(work, integration, path=("integration_id",))
    connection.last_integration_id = integration.id
    await unregister(work, integration, registration, connection)
    return integration


async def _enter_anew(work: Work, connection: Connection, secret: Secret, place: str | None) -> bool:
    """Give a connection a secret that was checked. Answers whether it is news. Pending changes stay pending."""
    at = connection.auth_type
    with work.session.no_autoflush:
        origins = await entered_anew(work, connection, auth_type_at(at, secret))
    return store(work, connection, secret, origins=origins, at=at, integration_id=place)


async def _require_addressing(work: Work, connection: Connection, integrations: Sequence[Integration]) -> None:
    if connection.mode is ConnectionMode.PER_USER or is_holder(work, connection):
        return
    if not integrations or not all([await governs(work, one) for one in integrations]):
        message = (
            "It is shared: only administrators, and those who own or manage all its integrations, may change its"
            " address."
        )
        raise Forbidden(message, path=("base_url",))


async def judged_secret(work: Work, faults: Faults, integrations: Sequence[Integration], secret: Secret) -> Secret:
    """The secret, composed if it was given as fields of the integrations' vendor. Its faults are collected."""
    ids = [integration.definition_id for integration in integrations if integration.definition_id]
    definition = definition_of(await work.find(Definition, ids[0])) if ids else None
    if not check_fields(faults, definition, secret):
        return secret
    whole = composed(definition, secret)
    check_secret(faults, whole)
    for integration in integrations:
        check_fits(faults, integration.auth_type, whole)
    return whole


async def _integration(work: Work, integration_id: str | None) -> Integration | None:
    if integration_id is None:
        return None
    return await work.get(Integration, integration_id, path=("integration_id",))


def _holder(work: Work, mode: ConnectionMode) -> str | None:
    if mode is ConnectionMode.SHARED:
        return None
    if work.caller.principal_id is None:
        raise InvalidInput.at(("mode",), "Only a user can have their own connection; make it SHARED.")
    return work.caller.principal_id


async def _attach(
    work: Work, integration: Integration, connection: Connection, *, default: bool, confirmed: bool
) -> bool:
    changed = await register(work, integration, connection, default=default, confirmed=confirmed)
    if changed and connection.mode is ConnectionMode.SHARED:
        await unverify_all(work, [integration.id])
    return changed


def _check_base_url(faults: Faults, base_url: str | Unset | None) -> None:
    fits = faults.text("base_url", base_url, most=ADDRESS)
    if fits and isinstance(base_url, str) and (problem := check_base_url(base_url)):
        faults.add("base_url", problem)
