"""Refusals in this vendor's form: an error with a status and a code of closed lists, beside `data: null`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from models.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    NotReady,
    Oversized,
    Stale,
    TokenRefused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UpstreamBlocked,
    UpstreamFailed,
    Violation,
    WrongMethod,
)
from models.vocabulary import Permission
from rest.kit import Places, Refusal, Reply

STATUSES: Final[Mapping[type[DomainError], int]] = {
    InvalidInput: 422,
    Oversized: 422,
    TooLarge: 422,
    NotReady: 403,
    WrongMethod: 404,
    UpstreamFailed: 504,
    UpstreamBlocked: 504,
    TokenRefused: 504,
}
PLACES: Final[Places] = {
    ("credentials",): ("auth",),
    ("parameters",): ("extra",),
    ("id",): (),
}
#: The vendor has no status 405, 408, 413, 414 or 431.
_OTHERS: Final = {405: 404, 408: 400, 413: 422, 414: 422, 431: 422}
_CAPABILITIES: Final = {
    Permission.INTEGRATIONS_READ: "hubs-integrations-view",
    Permission.INTEGRATIONS_WRITE: "hubs-integrations-manage",
    Permission.INTEGRATIONS_DELETE: "hubs-integrations-manage",
    Permission.JOBS_READ: "apionly-jobs-view",
}
_BY_ERROR: Final[Mapping[type[DomainError], str]] = {
    Unauthenticated: "401.auth-invalid",
    Conflict: "409.duplicate-found",
    Stale: "409.duplicate-found",
    Oversized: "422.max-exceeded",
    TooLarge: "422.max-exceeded",
    TooMany: "429.rate-limiting",
    NotReady: "403.not-ready",
    WrongMethod: "404.uri",
    UpstreamFailed: "504.not-available",
    Unavailable: "503.not-ready",
}
_BY_NOUN: Final = {
    "integration": "404.hub.integration",
    "job": "404.job",
    "organization": "404.hub",
}
_BY_STATUS: Final = {
    400: "400.invalid-syntax",
    404: "404.uri",
    415: "415.invalid-content-type",
    422: "422.max-exceeded",
    500: "500.unknown",
    503: "503.not-ready",
}
_TITLES: Final = {
    "400.invalid-syntax": "The request could not be read.",
    "401.auth-invalid": "You are not signed in.",
    "403.permissions": "Your role lacks a capability.",
    "403.not-allowed": "This is not allowed.",
    "403.not-ready": "It is not ready for this.",
    "404.hub": "That hub could not be found.",
    "404.hub.integration": "That integration could not be found.",
    "404.job": "That job could not be found.",
    "404.uri": "There is nothing at this address.",
    "409.duplicate-found": "There is one already.",
    "415.invalid-content-type": "This content type is not taken.",
    "422.missing-argument": "A value is missing.",
    "422.invalid-argument": "A value is wrong.",
    "422.max-exceeded": "It is too large.",
    "429.rate-limiting": "There are too many requests.",
    "500.unknown": "Something went wrong here.",
    "503.not-ready": "The hub cannot do this now.",
    "504.not-available": "The vendor cannot be reached.",
}
#: The ends of the sentences about values that are missing.
_MISSING: Final = ("It is required.", "must be given.")


def refuse(refusal: Refusal) -> Reply:
    """The envelope. `source` is the JSON pointer (RFC 6901) of the first fault, below the body or the query."""
    status = _OTHERS.get(refusal.status, refusal.status)
    code = _code(refusal.error, status)
    error: dict[str, object] = {"status": status, "code": code, "title": _TITLES[code], "detail": refusal.message}
    if refusal.error is not None and refusal.error.path:
        error["source"] = "".join(f"/{_escaped(step)}" for step in refusal.error.path)
    if isinstance(refusal.error, Forbidden) and refusal.error.permission is not None:
        permission = refusal.error.permission
        error["extra"] = {"capability": _CAPABILITIES.get(permission, permission)}
    return Reply.json({"error": error, "data": None}, status=status)


def _code(error: DomainError | None, status: int) -> str:
    match error:
        case None:
            return _BY_STATUS.get(status, "500.unknown")
        case Forbidden(permission=permission):
            return "403.not-allowed" if permission is None else "403.permissions"
        case NotFound(what=what):
            return _BY_NOUN.get(what, "404.uri")
    known = next((_BY_ERROR[kind] for kind in type(error).__mro__ if kind in _BY_ERROR), None)
    if known is not None:
        return known
    first = error.violations[0] if isinstance(error, InvalidInput) else None
    return "422.missing-argument" if first is not None and _is_missing(first) else "422.invalid-argument"


def _is_missing(fault: Violation) -> bool:
    return fault.message.endswith(_MISSING)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
