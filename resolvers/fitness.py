"""Fitness of secrets for an address: pure functions of bound origins and a target. Nothing is decrypted or stored.

A secret goes only to the origins that it was entered for. Wherever one is added to a request, these functions decide;
`availability` asks them beforehand.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, Protocol

from models.errors import NotReady
from models.origins import Origins, origin_of, written
from models.tables import Connection
from models.vocabulary import UnavailableReason
from resolvers.auth_kinds import KINDS

_CHANGED: Final = (
    "The address has changed since the secret was entered{to}; check it, then enter the secret again, or restore the"
    " former address."
)
CHANGED: Final = _CHANGED.format(to="")


class Addressed(Protocol):
    """The facts of an integration that decide whether its headers may go to an address."""

    @property
    def api_base_url(self) -> str | None:
        """The base address of its API."""

    @property
    def headers_origins(self) -> str | None:
        """The stored origins of its headers; None if it has no headers."""


class HeaderFate(Enum):
    """LEFT_OUT: the target is a connection's own server, which gets none of the integration's headers."""

    SENT = auto()
    LEFT_OUT = auto()
    CHANGED = auto()


def target_of(integration: Addressed, connection: Connection | None, endpoint: str) -> str | None:
    """The address to which an endpoint leads, for its origin only; None for a path without a base address."""
    if not endpoint.startswith("/"):
        return endpoint
    return (connection.base_url if connection is not None else None) or integration.api_base_url


def address_changed(integration: Addressed, connection: Connection | None, endpoint: str) -> bool:
    """Whether a call of this endpoint would need a secret at an address that the secret was not entered for."""
    target = target_of(integration, connection, endpoint)
    return target is not None and not fits(integration, connection, target)


def fits(integration: Addressed, connection: Connection | None, target: str) -> bool:
    """Whether the credential and the integration's headers may go to this address, as far as they would."""
    origin = origin_of(target)
    return _credential_fits(connection, origin) and _fate(integration, connection, origin) is not HeaderFate.CHANGED


def header_fate(integration: Addressed, connection: Connection | None, target: str) -> HeaderFate:
    """The fate of the integration's header values in a call to this address."""
    return _fate(integration, connection, origin_of(target))


def _credential_fits(connection: Connection | None, origin: str | None) -> bool:
    """Whether the connection's credential may go to this origin; true if there is none."""
    if connection is None or not KINDS[connection.auth_type].needs_connection:
        return True
    return origin in Origins.read(connection.secret_origins).api


def _fate(integration: Addressed, connection: Connection | None, origin: str | None) -> HeaderFate:
    if integration.headers_origins is None or origin in Origins.read(integration.headers_origins).api:
        return HeaderFate.SENT
    own = connection.base_url if connection is not None else None
    is_own = own is not None and origin is not None and origin == origin_of(own)
    if is_own and origin != origin_of(integration.api_base_url or ""):
        return HeaderFate.LEFT_OUT
    return HeaderFate.CHANGED


def changed(address: str | None = None, *, connect_url: str | None = None) -> NotReady:
    """The refusal for a secret that must not go to this address. The sentence names its origin, to be checked."""
    origin = origin_of(address or "")
    sentence = CHANGED if origin is None else _CHANGED.format(to=f", to {written(origin)}")
    return NotReady(sentence, reason=UnavailableReason.ADDRESS_CHANGED, connect_url=connect_url)
