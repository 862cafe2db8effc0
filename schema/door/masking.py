"""The wire form of every error: refusals keep their message, unexpected errors are masked."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from graphql import GraphQLError
from strawberry.exceptions import StrawberryInputCoercionError

from models.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    NotReady,
    Stale,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UpstreamFailed,
    WrongMethod,
)
from schema.door.refusal import Code

#: A refusal that is not listed here, such as SecretUnreadable, is masked like a bug.
_CODES: dict[type[DomainError], Code] = {
    Conflict: Code.CONFLICT,
    Forbidden: Code.FORBIDDEN,
    InvalidInput: Code.INVALID_INPUT,
    NotFound: Code.NOT_FOUND,
    NotReady: Code.NOT_READY,
    Stale: Code.STALE,
    TooLarge: Code.INVALID_INPUT,
    TooMany: Code.TOO_MANY,
    Unauthenticated: Code.UNAUTHENTICATED,
    Unavailable: Code.UNAVAILABLE,
    UpstreamFailed: Code.UPSTREAM_FAILED,
    WrongMethod: Code.INVALID_INPUT,
}


def code_of(error: DomainError) -> Code | None:
    """The code of a refusal; None if it must be masked."""
    return next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), None)


def present(error: GraphQLError, log: logging.Logger) -> dict[str, Any]:
    """The member of `errors[]` for an error, always with `extensions.code`.

    A refusal shows its message, its code and as `inputPath` its place in the input. Messages of graphql-core about
    the caller's own document and values are kept. Other errors are logged under an id, and only the id is shown.
    """
    cause = _cause(error)
    shown: dict[str, Any] = dict(error.formatted)
    if isinstance(cause, DomainError) and (code := code_of(cause)) is not None:
        return shown | {"message": cause.message, "extensions": _facts(cause, code)}
    if isinstance(cause, GraphQLError) and _about_the_request(error, cause):
        code = Code.INVALID_INPUT if error.path else Code.BAD_REQUEST
        return shown | {"extensions": {"code": code, **(cause.extensions or {})}}
    return shown | _masked(error, cause, log)


def _cause(error: GraphQLError) -> Exception:
    """The original exception; the error itself for a refusal before execution."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        if (cause.extensions or {}).get("code") in set(Code):
            break
        cause = cause.original_error
    return cause


def _about_the_request(error: GraphQLError, cause: GraphQLError) -> bool:
    """Whether graphql-core blames the request; its other errors are faults of a resolver or of the schema."""
    if (cause.extensions or {}).get("code") in set(Code) or isinstance(cause, StrawberryInputCoercionError):
        return True
    return error.path is None or cause.message.startswith("Argument '")


def _facts(error: DomainError, code: Code) -> dict[str, Any]:
    facts: dict[str, Any] = {"code": code}
    if error.path is not None:
        facts["inputPath"] = list(error.path)
    if isinstance(error, TooMany) and error.retry_after_seconds is not None:
        facts["retryAfterSeconds"] = error.retry_after_seconds
    return facts


def _masked(error: GraphQLError, cause: Exception, log: logging.Logger) -> dict[str, Any]:
    name = secrets.token_hex(8)
    where = ".".join(map(str, error.path or ()))
    log.error("GraphQL field %r failed, id %s", where, name, exc_info=cause)
    return {"message": f"Internal error, id {name}", "extensions": {"code": Code.INTERNAL_SERVER_ERROR}}
