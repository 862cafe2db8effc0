"""What is said when the database is away, or when others were in the way: refusals of ours, by a driver's errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models.errors import Contended, DomainError, Unavailable

_AWAY: Final = "The database cannot be reached now; try again."
_BUSY: Final = "Too many calls wait for the database; try again."
_CONTENDED: Final = "Others changed the same rows at the same moment; try again."
_UNKNOWN: Final = (
    "The database went away while it was keeping the change, so nobody knows whether it did."
    " Read again, or repeat the call with the same idempotency key."
)
#: https://www.postgresql.org/docs/current/errcodes-appendix.html
_CONTENTION: Final = frozenset({"40001", "40P01"})
_AWAY_CLASSES: Final = frozenset({"08", "53", "57", "58"})
_GONE: Final = (OSError, sqlite3.OperationalError, asyncpg.InterfaceError, OperationalError, InterfaceError)
#: A connection that raised one of these is good for nothing more. A TimeoutError is an OSError.
STUCK: Final = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError)


@contextmanager
def reaching() -> Iterator[None]:
    """Raises Unavailable or Contended for what the database cannot be blamed on the statement for."""
    try:
        yield
    except (*_GONE, DBAPIError, PoolTimeout, asyncpg.PostgresError) as cause:
        refusal = _refusal(cause)
        if refusal is None:
            raise
        raise refusal from cause


@contextmanager
def committing() -> Iterator[None]:
    """As `reaching`, but what fails may have been done all the same."""
    try:
        with reaching():
            yield
    except Contended:
        raise
    except Unavailable as refusal:
        raise Unavailable(_UNKNOWN) from refusal


def _refusal(error: BaseException) -> DomainError | None:
    if isinstance(error, PoolTimeout):
        return Unavailable(_BUSY)
    if isinstance(error, _GONE):
        return Unavailable(_AWAY)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Unavailable(_AWAY)
    state = _state_of(error)
    if state in _CONTENTION:
        return Contended(_CONTENDED)
    return Unavailable(_AWAY) if state[:2] in _AWAY_CLASSES else None


def _state_of(error: BaseException) -> str:
    """The SQLSTATE of PostgreSQL, empty where there is none."""
    found = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)
    return str(found or "")
