"""Public keys of another issuer: read once, or fetched, cached, and fetched again when they rotate (RFC 7517)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from models.errors import UpstreamFailed
from models.vocabulary import UpstreamFailure
from proxy.egress import Egress
from proxy.transport import EgressTransport, fetch

PublicKey = RSAKey | ECKey | OKPKey

#: Keys are fetched again after this time, so a withdrawn key is trusted no longer.
FRESH_MS: Final = 10 * 60_000
#: If they cannot be fetched, the last keys are used for a day.
STALE_MS: Final = 24 * 3600_000
#: Pause between fetches after a failure or an unknown key: senders of tokens must not decide how often we fetch.
PAUSE_MS: Final = 10_000
_MEDIA: Final = "application/jwk-set+json, application/json"
_FETCH_SECONDS: Final = 5.0
_MOST_KEYS: Final = 100
_LEAST_RSA_BITS: Final = 2048
_log = logging.getLogger("patchbay.keys")


class KeySet(Protocol):
    """A source of an issuer's keys."""

    async def named(self, kid: str | None) -> Sequence[PublicKey]:
        """The keys with this id; without an id, the only key; empty if there is none. Raises UpstreamFailed."""
        ...


class FixedKeys:
    """Keys from a document."""

    def __init__(self, document: bytes) -> None:
        """Raises ValueError if the document is not a JWK set of public keys."""
        self._keys = read_keys(document)

    async def named(self, kid: str | None) -> Sequence[PublicKey]:
        return _named(self._keys, kid)


class FetchedKeys:
    """Keys at an address, fetched through the guarded egress; one fetch at a time for all waiting tokens."""

    def __init__(self, egress: Egress, url: str, clock: Callable[[], int]) -> None:
        self._egress = egress
        self._url = url
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: Sequence[PublicKey] = ()
        self._fetched_at: int | None = None
        self._fetches = 0
        self._not_before = 0
        self._failure: UpstreamFailed | None = None

    async def named(self, kid: str | None) -> Sequence[PublicKey]:
        """See KeySet. An unknown id may be a new key, so the keys are fetched again, but not often."""
        seen = self._fetches
        if not self._younger(FRESH_MS):
            await self._fetch(seen)
        if self._younger(STALE_MS) and (found := _named(self._keys, kid)):
            return found
        if self._fetches == seen and self._clock() >= self._not_before:
            await self._fetch(seen)
            self._not_before = self._clock() + PAUSE_MS
        if self._failure is not None:
            raise _unavailable(self._failure.reason, self._failure.external_status)
        return _named(self._keys, kid)

    def _younger(self, age: int) -> bool:
        return self._fetched_at is not None and self._clock() < self._fetched_at + age

    async def _fetch(self, seen: int) -> None:
        """Fetch, unless another call has done so since there were `seen` fetches, or a failure is too recent."""
        async with self._lock:
            paused = self._failure is not None and self._clock() < self._not_before
            if self._fetches != seen or paused:
                return
            try:
                self._keys = await self._read()
            except UpstreamFailed as failure:
                _log.warning("The keys of the JWT issuer could not be fetched: %s", failure.__cause__ or failure)
                self._failure = failure
                self._not_before = self._clock() + PAUSE_MS
                return
            self._failure = None
            self._fetches += 1
            self._fetched_at = self._clock()

    async def _read(self) -> Sequence[PublicKey]:
        transport = EgressTransport(self._egress, lane="jwks", seconds=_FETCH_SECONDS)
        try:
            answer = await fetch(transport, "GET", self._url, headers={"Accept": _MEDIA})
            if answer.status_code == 200:
                return read_keys(answer.content)
        except (UpstreamFailed, ValueError) as cause:
            raise _unavailable(getattr(cause, "reason", UpstreamFailure.BAD_RESPONSE)) from cause
        raise _unavailable(UpstreamFailure.ERROR_STATUS, answer.status_code)


def read_keys(document: bytes) -> Sequence[PublicKey]:
    """The keys of a JWK set that can verify signatures; others are ignored (RFC 7517 §5).

    Symmetric keys are never among them: such a key could also sign. Raises ValueError if the document is not a JWK
    set, or has no usable key.
    """
    value = orjson.loads(document)
    members = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(members, list) or len(members) > _MOST_KEYS:
        raise ValueError(f"a JWK set is an object whose `keys` has at most {_MOST_KEYS} members")
    keys = [key for member in members if (key := _key(member)) is not None]
    if not keys:
        raise ValueError("the JWK set has no public key that verifies signatures")
    return keys


def _key(member: Any) -> PublicKey | None:
    if not isinstance(member, dict) or member.get("kty") not in {"RSA", "EC", "OKP"}:
        return None
    try:
        key = JWKRegistry.import_key(member)
        key.check_use("sig")
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAKey):
        return key if key.raw_value.key_size >= _LEAST_RSA_BITS else None
    return key if isinstance(key, ECKey | OKPKey) else None


def _named(keys: Sequence[PublicKey], kid: str | None) -> Sequence[PublicKey]:
    if kid is None:
        return keys if len(keys) == 1 else ()
    return [key for key in keys if key.kid == kid]


def _unavailable(reason: UpstreamFailure, status: int | None = None) -> UpstreamFailed:
    return UpstreamFailed(
        "The keys of your token's issuer cannot be fetched now; try again.",
        reason=reason,
        external_status=status,
    )
