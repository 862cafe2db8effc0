"""Fitness of secrets for an address: pure functions of bound origins and a target. Nothing is decrypted or stored.

A secret goes only to the origins that it was entered for. Wherever one is added to a request, these functions decide;
`availability` asks them beforehand.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto
from typing import Final, Protocol

from models.errors import NotReady
from models.origins import Origins, origin_of, written
from models.tables import Connection
from models.vocabulary import UnavailableReason
from resolvers.auth_kinds import KINDS


class Withheld(Enum):
    """The secret that must not go to an address."""

    CREDENTIAL = auto()
    HEADERS = auto()


_CHANGED: Final = {
    Withheld.CREDENTIAL: (
        "The address has changed since the secret was entered{to}; check it, then enter the secret again, or restore"
        " the former address."
    ),
    Withheld.HEADERS: (
        "The address has changed since the header values of the integration were entered{to}; check it, then enter"
        " its headers again with their values, or restore the former address."
    ),
}
CHANGED: Final = _CHANGED[Withheld.CREDENTIAL].format(to="")


_ELSEWHERE: Final = (
    "The address has changed since this was entered, to {to}; check it, then enter it again, too, or restore the"
    " former address."
)


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


def not_entered_for(origins: Collection[str]) -> str:
    """The sentence about a part of a secret that stays although it was not entered for these origins."""
    return _ELSEWHERE.format(to=", ".join(sorted(map(written, origins))))


def target_of(integration: Addressed, connection: Connection | None, endpoint: str) -> str | None:
    """The address to which an endpoint leads, for its origin only; None for a path without a base address."""
    if not endpoint.startswith("/"):
        return endpoint
    return (connection.base_url if connection is not None else None) or integration.api_base_url


def withheld_at(integration: Addressed, connection: Connection | None, endpoint: str) -> Withheld | None:
    """As `withheld`, for the address to which an endpoint leads; None if it leads to none."""
    target = target_of(integration, connection, endpoint)
    return None if target is None else withheld(integration, connection, target)


def withheld(integration: Addressed, connection: Connection | None, target: str) -> Withheld | None:
    """The secret that a call of this address would need, and that was not entered for it; None if all may go there.

    Of two the credential comes first.
    """
    origin = origin_of(target)
    if not _credential_fits(connection, origin):
        return Withheld.CREDENTIAL
    return Withheld.HEADERS if _fate(integration, connection, origin) is HeaderFate.CHANGED else None


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


def changed(
    address: str | None = None, of: Withheld = Withheld.CREDENTIAL, *, connect_url: str | None = None
) -> NotReady:
    """The refusal for a secret that must not go to this address. The sentence names its origin, to be checked."""
    origin = origin_of(address or "")
    sentence = _CHANGED[of].format(to="" if origin is None else f", to {written(origin)}")
    return NotReady(sentence, reason=UnavailableReason.ADDRESS_CHANGED, connect_url=connect_url)
