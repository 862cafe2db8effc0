"""Binding secrets to origins: the origins that stand when a secret is entered, and those that it is bound to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import or_, select
from sqlmodel import col

from models.errors import InvalidInput, Path, Violation
from models.origins import Origins
from models.tables import Capability, Connection, Definition, Integration, Registration
from models.vocabulary import AuthType, ConnectionMode
from resolvers.auth_kinds import KINDS
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.stored import definition_of
from resolvers.definitions.values import fill_address
from resolvers.fitness import not_entered_for
from resolvers.managing import governs, holds, integrations_of
from resolvers.work import Work

_ACCOUNT: Final = "accountUri"
_CLIENT_SECRET: Final[Path] = ("auth", "client_secret")


def origins_of(
    integration: Integration,
    definition: VendorDefinition | None,
    endpoints: Sequence[str],
    *,
    base_url: str | None = None,
) -> Origins:
    """The origins of an integration's addresses as they stand. `endpoints`: those of its capabilities.

    `base_url`: a connection's own base address, which is used instead of the integration's.
    """
    away = [endpoint for endpoint in endpoints if not endpoint.startswith("/")]
    known = _of_definition(definition, integration.parameters) if definition else _account_address(integration)
    return Origins.of(
        api=[base_url or integration.api_base_url, *away, *known],
        token=[integration.token_url, integration.revocation_url],
    )


def origins_of_vendor(definition: VendorDefinition, parameters: Mapping[str, Any]) -> Origins:
    """The origins of a definition's own addresses for calls, none of which the integration or its manifest chose."""
    base_url = definition.auth.api_base_url
    return Origins.of(api=[*_filled([base_url], parameters), *_of_definition(definition, parameters)])


async def standing(work: Work, integrations: Sequence[Integration], *, base_url: str | None = None) -> Origins:
    """The origins of all these integrations as they stand; of `base_url` alone without an integration."""
    found = Origins.of(api=[base_url])
    with work.session.no_autoflush:  # the audit reads changes that are not flushed yet
        for integration in integrations:
            definition = await _definition_of(work, integration)
            endpoints = await endpoints_of(work, integration)
            found |= origins_of(integration, definition, endpoints, base_url=base_url)
    return found


async def endpoints_of(work: Work, integration: Integration) -> Sequence[str]:
    """The endpoints of an integration's capabilities that are absolute addresses."""
    statement = select(col(Capability.endpoint)).where(
        col(Capability.integration_id) == integration.id, col(Capability.endpoint).not_like("/%")
    )
    with work.session.no_autoflush:
        return (await work.session.execute(statement)).scalars().all()


async def entered_at(
    work: Work, integration: Integration, auth_type: AuthType, connection: Connection | None = None
) -> Origins:
    """The origins of a secret that is entered at one integration, for a new connection or for this one.

    At other integrations of the connection it stays usable as far as it was: entering at one says nothing of others.
    A token that the hub gets by itself follows the client secret alone.
    """
    base_url = connection.base_url if connection else None
    here = await entered(work, [integration], auth_type, base_url=base_url)
    if connection is None or KINDS[auth_type].needs_no_user:
        return here
    return await _with_others(work, integration, connection, here)


async def consented_at(work: Work, integration: Integration, connection: Connection | None = None) -> Origins:
    """The origins of tokens that the client of one integration gets from a user's consent or grant.

    Of the API origins, those alone that stood as the client secret was entered, and the own base address of a user's
    own connection: whoever changes an address later gets no user's tokens there. Without a client secret, or if it
    was entered before there was an API address, there is nothing to compare with.
    """
    base_url = connection.base_url if connection else None
    here = await standing(work, [integration], base_url=base_url)
    known = _of_client(integration)
    if integration.client_secret is not None and known.api:
        own = base_url if connection and connection.mode is ConnectionMode.PER_USER else None
        here = Origins(api=here.api & (known | Origins.of(api=[own])).api, token=here.token)
    return here if connection is None else await _with_others(work, integration, connection, here)


async def entered(
    work: Work, integrations: Sequence[Integration], auth_type: AuthType, *, base_url: str | None
) -> Origins:
    """The origins of a secret that is entered for all these integrations."""
    by_client = _by_client(integrations, auth_type)
    return await standing(work, integrations, base_url=base_url) if by_client is None else by_client


async def entered_anew(work: Work, connection: Connection, auth_type: AuthType) -> Origins:
    """The origins of a secret that is entered for a whole connection, wherever it is registered.

    Where somebody else registered it, it is for those integrations alone that the caller holds. Elsewhere addresses
    that are new are bound if the caller speaks for the connection or for the integration.
    """
    integrations = await integrations_of(work, connection)
    if (by_client := _by_client(integrations, auth_type)) is not None:
        return by_client
    own, bound = is_holder(work, connection), Origins.read(connection.secret_origins)
    anew, kept = [], []
    for registration in await _registrations(work, connection):
        integration = next(one for one in integrations if one.id == registration.integration_id)
        held = await holds(work, integration)
        if held or (registration.confirmed and own):
            anew.append(integration)
        elif registration.confirmed:
            kept.append(integration)
        registration.confirmed = registration.confirmed or (held and own)
    here = await standing(work, kept, base_url=connection.base_url) & bound
    return here | await standing(work, anew, base_url=connection.base_url)


async def require_bound(work: Work, integration: Integration, connection: Connection, kept: Sequence[Path]) -> None:
    """Raise InvalidInput at the kept parts of a secret unless they were entered for all addresses of an integration.

    Parts that are entered now would be of no use: they go to an address only with the others.
    """
    here = await standing(work, [integration], base_url=connection.base_url)
    _refuse_new(here.api - Origins.read(connection.secret_origins).api, kept)


async def require_client_bound(work: Work, integration: Integration) -> None:
    """As `require_bound`, for a client secret that is kept."""
    if integration.client_secret is None:
        return
    here, bound = await standing(work, [integration]), _of_client(integration)
    api = here.api - bound.api if bound.api else frozenset()
    _refuse_new(api | (here.token - bound.token), [_CLIENT_SECRET])


def is_holder(work: Work, connection: Connection) -> bool:
    """Whether the caller says where a secret is meant to go: the user of an own connection, else an administrator."""
    if connection.mode is ConnectionMode.PER_USER:
        return connection.principal_id == work.caller.principal_id
    return work.caller.is_admin


async def bind_first(work: Work, integration: Integration, connection: Connection) -> None:
    """Bind a secret that was entered for no address at all to this integration, where it is registered now.

    Only its holder may say so: the user of an own connection, an administrator for a shared one. Anybody else could
    make an integration at an address of their choice. Raises SecretUnreadable.
    """
    if Origins.read(connection.secret_origins) or not connection.secret or not is_holder(work, connection):
        return
    await work.session.refresh(connection, with_for_update=True)  # no secret that is entered meanwhile is lost
    if Origins.read(connection.secret_origins):
        return
    origins = await entered(work, [integration], connection.auth_type, base_url=connection.base_url)
    stored = work.unseal(connection, "secret")
    connection.secret_origins = origins.text()
    connection.secret = work.seal(connection, "secret", stored)


async def _registrations(work: Work, connection: Connection) -> Sequence[Registration]:
    mine = select(Registration).where(col(Registration.connection_id) == connection.id)
    return await work.all(mine.order_by(col(Registration.id)))


async def _with_others(work: Work, integration: Integration, connection: Connection, here: Origins) -> Origins:
    """The origins of a secret that is entered at one integration, with those of the connection's other ones.

    Of the others, those that its former secret was entered for. Where somebody else registered it, none: whoever did
    may have entered a secret there, too. An address that is new here is bound if the caller says so for a user's own
    connection, or speaks for a shared one or for the integration.
    """
    bound = Origins.read(connection.secret_origins)
    with work.session.no_autoflush:
        confirmed = {one.integration_id for one in await _registrations(work, connection) if one.confirmed}
        others = [one for one in await integrations_of(work, connection) if one.id in confirmed - {integration.id}]
        speaks = connection.mode is ConnectionMode.PER_USER or await _speaks(work, connection, integration)
    kept = await standing(work, others, base_url=connection.base_url) & bound
    return (here if speaks else here & bound) | kept


async def _speaks(work: Work, connection: Connection, integration: Integration) -> bool:
    """Whether the caller may say where the secret of a shared connection goes from an integration."""
    caller = work.caller
    is_app = caller.integration_id == integration.id and caller.principal_id is None and caller.maker_id is None
    return is_app or is_holder(work, connection) or await governs(work, integration)


def _refuse_new(origins: frozenset[str], kept: Sequence[Path]) -> None:
    if origins and kept:
        sentence = not_entered_for(origins)
        raise InvalidInput([Violation(path=place, message=sentence) for place in kept])


def _by_client(integrations: Sequence[Integration], auth_type: AuthType) -> Origins | None:
    """The origins of a token that the hub gets with the first client secret of these; None for any other secret."""
    clients = [one for one in integrations if one.client_secret is not None] if KINDS[auth_type].needs_no_user else []
    return _of_client(clients[0]) if clients else None


def _of_client(integration: Integration) -> Origins:
    """A token that the client secret gets goes no further than the secret was meant for."""
    return Origins.read(integration.client_secret_origins)


async def _definition_of(work: Work, integration: Integration) -> VendorDefinition | None:
    if integration.definition_id is None:
        return None
    owner = col(Definition.organization_id)
    known = or_(owner.is_(None), owner == integration.organization_id)
    return definition_of(
        await work.first(select(Definition).where(col(Definition.id) == integration.definition_id, known))
    )


def _of_definition(definition: VendorDefinition, parameters: Mapping[str, Any]) -> Iterator[str]:
    """The absolute addresses of a definition's own requests. One that lacks a parameter is sent nowhere."""
    requests = [definition.verification, definition.account]
    return _filled([definition.auth.userinfo_url, *(one.request.path for one in requests if one)], parameters)


def _filled(paths: Sequence[str | None], parameters: Mapping[str, Any]) -> Iterator[str]:
    for path in paths:
        if path is not None and not path.startswith("/"):
            try:
                yield fill_address(path, parameters)
            except InvalidInput:
                continue


def _account_address(integration: Integration) -> Iterator[str]:
    address = integration.parameters.get(_ACCOUNT)
    if isinstance(address, str) and not address.startswith("/"):
        yield address
