"""Origins: scheme, host and port of an address, and the sets of them to which a secret is bound."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final, Self

import orjson
from yarl import URL

_HEAD: Final = re.compile(r"[A-Za-z]+://[^/?#]*")
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_HOST: Final = re.compile(r"[a-z0-9_\-]+(\.[a-z0-9_\-]+)*")


def origin_of(address: str) -> str | None:
    """The origin of an absolute http(s) address as `https://host:port` (RFC 6454 §4); None without one.

    Case, a default port, a dot after the host and the spelling of an IPv6 address make no difference. An address with
    a user name, or with a host that parsers could read differently, has none. Hosts outside ASCII are stored in their
    xn-- form only, so that no second spelling of one is known.
    """
    head = _HEAD.match(address)
    return None if head is None else _read(head[0])


def written(origin: str) -> str:
    """An origin as people write it: without the port that its scheme implies."""
    scheme = origin.partition("://")[0]
    return origin.removesuffix(_DEFAULT_PORTS[scheme])


@dataclass(frozen=True, kw_only=True, slots=True)
class Origins:
    """The origins to which a secret may be sent. An empty set: nowhere.

    `api`: for the credential of calls. `token`: for a refresh token or a client secret, at token endpoints and at
    revocation endpoints.
    """

    api: frozenset[str] = frozenset()
    token: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *, api: Iterable[str | None] = (), token: Iterable[str | None] = ()) -> Self:
        """The origins of these addresses. Addresses without one, and None, are left out."""
        return cls(api=_all(api), token=_all(token))

    @classmethod
    def read(cls, text: str | None) -> Origins:
        """The stored form read; no origins for None."""
        return _NOWHERE if not text else _parse(text)

    def text(self) -> str:
        """The stored form: equal for equal sets, since envelopes authenticate it."""
        return orjson.dumps({"api": sorted(self.api), "token": sorted(self.token)}).decode()

    def hosts(self) -> tuple[str, ...]:
        """The hosts of all, sorted, as people write them: with a port if it is not the one of the scheme."""
        return tuple(sorted({written(origin).partition("://")[2] for origin in self.api | self.token}))

    def allows_call(self, address: str) -> bool:
        """Whether the credential of calls may be sent to this address."""
        return origin_of(address) in self.api

    def allows_token(self, address: str) -> bool:
        """Whether a refresh token or a client secret may be sent to this address."""
        return origin_of(address) in self.token

    def __or__(self, other: Origins) -> Origins:
        return Origins(api=self.api | other.api, token=self.token | other.token)

    def __and__(self, other: Origins) -> Origins:
        return Origins(api=self.api & other.api, token=self.token & other.token)

    def __bool__(self) -> bool:
        return bool(self.api or self.token)


_NOWHERE: Final = Origins()


def _all(addresses: Iterable[str | None]) -> frozenset[str]:
    found = (origin_of(address) for address in addresses if address is not None)
    return frozenset(origin for origin in found if origin is not None)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Origins:
    stored = orjson.loads(text)
    return Origins(api=frozenset(stored["api"]), token=frozenset(stored["token"]))


@lru_cache(maxsize=4096)
def _read(head: str) -> str | None:
    """Read by the parser of the egress, so that both see the same host."""
    try:
        url = URL(head, encoded=True)
        scheme, host, port = url.scheme.lower(), url.raw_host, url.port
    except ValueError:
        return None
    if scheme not in _DEFAULT_PORTS or not host or not port or "@" in head:
        return None
    name = _host(host.lower())
    return None if name is None else f"{scheme}://{name}:{port}"


def _host(host: str) -> str | None:
    if ":" in host:
        try:
            address = IPv6Address(host)
        except ValueError:
            return None
        return None if address.scope_id else f"[{address.compressed}]"
    name = host.removesuffix(".")
    return name if _HOST.fullmatch(name) else None
