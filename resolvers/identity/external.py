"""Tokens of another issuer: JWTs of a front end's own users (RFC 7519, RFC 8725)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from models.errors import Unauthenticated
from resolvers import base64url
from resolvers.faults import NAME, text_problem
from resolvers.hub import Identity
from resolvers.identity.key_sets import KeySet, PublicKey

#: Public-key algorithms only. With HMAC or `none`, anybody could sign with the public key of the JWK set.
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
_LONGEST: Final = 8192


@dataclass(frozen=True, kw_only=True)
class Trust:
    """The trusted issuer, and how its tokens are read. `leeway_seconds`: tolerated difference of clocks.

    `organization_claim` is empty if tokens name no organization.
    """

    issuer: str
    audiences: Sequence[str]
    algorithms: Sequence[str]
    leeway_seconds: int
    subject_claim: str
    organization_claim: str

    def __post_init__(self) -> None:
        unsafe = sorted(set(self.algorithms) - set(ALGORITHMS))
        if unsafe or not self.algorithms:
            raise ValueError(
                f"JWTs are verified by one of {', '.join(ALGORITHMS)}, not by {', '.join(unsafe) or '–'}."
            )


class ExternalTokens:
    """A verifier for the tokens of one issuer."""

    def __init__(self, trust: Trust, keys: KeySet, clock: Callable[[], int]) -> None:
        """`clock` answers milliseconds since 1970 UTC."""
        self._trust = trust
        self._keys = keys
        self._clock = clock
        self._registry = JWSRegistry(algorithms=list(trust.algorithms), strict_check_header=False)

    async def verify(self, text: str) -> Identity:
        """The identity of a JWT's bearer.

        Raises Unauthenticated in the same words for every fault of the token, and UpstreamFailed if the issuer's keys
        cannot be fetched.
        """
        algorithm, kid = self._header(text)
        fitting = [key for key in await self._keys.named(kid) if _fits(key, algorithm)]
        if not fitting:
            raise Unauthenticated
        return self._identity(self._claims(text, fitting[0]))

    def _header(self, text: str) -> tuple[str, str | None]:
        """The algorithm and the key id, read before any key is used. Only the id selects a key (§3.10)."""
        parts = [base64url.decode(part) for part in text.split(".")] if len(text) <= _LONGEST else []
        header = _json(parts[0]) if len(parts) == 3 and all(parts) else None
        if not isinstance(header, dict) or "crit" in header or header.get("alg") not in self._trust.algorithms:
            raise Unauthenticated
        kid = header.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise Unauthenticated
        return header["alg"], kid

    def _claims(self, text: str, key: PublicKey) -> dict[str, Any]:
        trust = self._trust
        try:
            claims = jwt.decode(text, key, registry=self._registry).claims
            JWTClaimsRegistry(
                now=self._clock() // 1000,
                leeway=trust.leeway_seconds,
                iss={"essential": True, "value": trust.issuer},
                aud={"essential": True, "values": list(trust.audiences)},
                exp={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError, TypeError, RecursionError) as cause:
            raise Unauthenticated from cause
        return claims

    def _identity(self, claims: dict[str, Any]) -> Identity:
        subject = claims.get(self._trust.subject_claim)
        organization = claims.get(self._trust.organization_claim) if self._trust.organization_claim else None
        if not _is_name(subject) or (organization is not None and not _is_name(organization)):
            raise Unauthenticated
        return Identity(subject=subject, organization=organization)


def _fits(key: PublicKey, algorithm: str) -> bool:
    """Whether the key has the algorithm's type (§3.1). joserfc checks the key's own `alg`."""
    kinds = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
    return key.key_type == kinds[algorithm[:2]]


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= NAME and text_problem(value) is None


def _json(raw: bytes | None) -> Any:
    try:
        return orjson.loads(raw or b"")
    except ValueError:
        return None
