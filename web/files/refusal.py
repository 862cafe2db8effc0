"""Refusals of this face: a status, a code and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import JSONResponse, Response

from models.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from wire.refusal import BadRequest, Form

_KINDS: Final[dict[type[DomainError], tuple[int, str]]] = {
    Unauthenticated: (401, "UNAUTHENTICATED"),
    Forbidden: (403, "FORBIDDEN"),
    NotFound: (404, "NOT_FOUND"),
    Conflict: (409, "CONFLICT"),
    InvalidInput: (400, "INVALID_INPUT"),
    TooLarge: (413, "TOO_LARGE"),
    TooMany: (429, "TOO_MANY"),
    Unavailable: (503, "UNAVAILABLE"),
}


def forms() -> Mapping[str, Form]:
    """The form in which this face, and those like it, refuse requests that no face reads, by prefix."""
    return dict.fromkeys(("/apps", "/assets", "/events", "/uploads"), refused)


def refused(error: BadRequest | DomainError) -> Response:
    """The answer to a refusal. Raises an error again for which this face has no status."""
    if isinstance(error, BadRequest):
        return _answer(error.status, "BAD_REQUEST", error.message, {"connection": "close"} if error.close else {})
    kind = next((kind for kind in type(error).__mro__ if kind in _KINDS), None)
    if kind is None:
        raise error
    status, code = _KINDS[kind]
    return _answer(status, code, error.message, _headers(error))


def _headers(error: DomainError) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"www-authenticate": "Bearer"}
        case TooLarge():
            return {"connection": "close"}  # the rest of the body is not read
        case TooMany(retry_after_seconds=int(seconds)):
            return {"retry-after": str(seconds)}
    return {}


def _answer(status: int, code: str, message: str, headers: dict[str, str]) -> Response:
    return JSONResponse({"code": code, "message": message}, status, {"cache-control": "no-store", **headers})
