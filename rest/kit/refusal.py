"""Refusals on their way out: the HTTP status of each, and the values from which dialects make a body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from models.errors import (
    Conflict,
    Contended,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    NotReady,
    Oversized,
    SecretUnreadable,
    Stale,
    TokenRefused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UpstreamBlocked,
    UpstreamFailed,
    UpstreamTimeout,
    WrongMethod,
)

#: A test checks that every refusal is listed here. A dialect may override a status.
STATUS: Final[Mapping[type[DomainError], int]] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Stale: 409,
    InvalidInput: 400,
    Oversized: 413,
    WrongMethod: 405,
    TooLarge: 413,
    TooMany: 429,
    NotReady: 409,
    Unavailable: 503,
    Contended: 503,
    UpstreamFailed: 502,
    UpstreamTimeout: 504,
    UpstreamBlocked: 502,
    TokenRefused: 502,
    SecretUnreadable: 500,
}
_FAULT: Final = 500
#: After 503 (RFC 9110 §10.2.3): a caller has waited for the database already.
_RETRY_SECONDS: Final = "1"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """`message` may be shown to the client. `error`: the domain error behind it, if there is one."""

    status: int
    message: str
    error: DomainError | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal_of(
    error: DomainError, statuses: Mapping[type[DomainError], int], served: frozenset[str]
) -> Refusal | None:
    """The refusal for a domain error; None if its message is not for clients and must be masked like a fault.

    `served`: the methods of the path. The method that a capability declares is allowed only if it is one of them.
    """
    kinds = type(error).__mro__
    status = next((table[kind] for kind in kinds for table in (statuses, STATUS) if kind in table), _FAULT)
    if status == _FAULT:
        return None
    return Refusal(status=status, message=error.message, error=error, headers=_headers(error, served))


def _headers(error: DomainError, served: frozenset[str]) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"www-authenticate": "Bearer"}
        case TooMany(retry_after_seconds=int(seconds)):
            return {"retry-after": str(seconds)}
        case Unavailable():
            return {"retry-after": _RETRY_SECONDS}
        case WrongMethod(declared=method):
            return {"allow": str(method) if method in served else ""}
        case TooLarge():
            return {"connection": "close"}
    return {}
