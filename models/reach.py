"""Refusals for errors of a database driver: database unreachable, or rows contended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models.errors import Contended, DomainError, Unavailable

_AWAY: Final = "The database cannot be reached now; try again."
_BUSY: Final = "Too many calls wait for the database; try again."
_DISK: Final = "The database's disk is full or fails, so nothing was changed; try again once that is repaired."
_DAMAGED: Final = "The database is damaged; the hub's operator must restore a backup and start the hub again."
_CONTENDED: Final = "Others changed the same rows at the same moment; try again."
_UNKNOWN: Final = (
    "The database went away, or its disk failed, while it was keeping the change, so nobody knows whether it did."
    " Read again, or repeat the call with the same idempotency key."
)
#: https://www.postgresql.org/docs/current/errcodes-appendix.html
_CONTENTION: Final = frozenset({"40001", "40P01"})
_AWAY_CLASSES: Final = frozenset({"08", "53", "57", "58"})
_DISK_STATES: Final = frozenset({"53100", "58030"})
_DAMAGED_STATES: Final = frozenset({"XX001", "XX002"})
#: https://www.sqlite.org/rescode.html; the low byte is the kind.
_DISK_CODES: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY})
_DAMAGED_CODES: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FATAL: Final = frozenset({"FATAL", "PANIC"})  # the server ends the connection, whatever the statement was
#: A server that stops breaks asyncpg's protocol at any step, which it calls an internal error.
_BROKEN: Final = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_GONE: Final = (*_BROKEN, sqlite3.OperationalError, OperationalError, InterfaceError)
#: The driver's own errors, SQLAlchemy's copies of those when it connects, and those that it wraps.
DRIVER_ERRORS: Final = (*_GONE, sqlite3.DatabaseError, asyncpg.PostgresError, EmulatedDBAPIException, DBAPIError)
_NO_CODE: Final = sqlite3.SQLITE_OK
#: A connection that raised one of these is broken. A TimeoutError is an OSError.
STUCK: Final = (*_BROKEN, asyncpg.PostgresConnectionError)


@contextmanager
def reaching() -> Iterator[None]:
    """Turn driver errors that are not the statement's fault into Unavailable or Contended."""
    try:
        yield
    except (*DRIVER_ERRORS, PoolTimeout) as cause:
        refusal = _refusal(cause)
        if refusal is None:
            raise
        raise refusal from cause


@contextmanager
def committing() -> Iterator[None]:
    """Like `reaching`, for commits: after an error the commit may still have happened unless the database denies it.

    If SQLite could not sync, the change is in its log, and may be found there when the file is opened after a crash.
    """
    try:
        with reaching():
            yield
    except Contended:
        raise
    except Unavailable as refusal:
        if _undone(refusal.__cause__):
            raise
        raise Unavailable(_UNKNOWN) from refusal


def _refusal(error: BaseException) -> DomainError | None:
    if isinstance(error, PoolTimeout):
        return Unavailable(_BUSY)
    if is_damage(error):
        return Unavailable(_DAMAGED)
    state = state_of(error)
    if state in _DISK_STATES or sqlite_code_of(error) & 0xFF in _DISK_CODES:
        return Unavailable(_DISK)
    if isinstance(error, _GONE) or isinstance(driver_error(error), _GONE):
        return Unavailable(_AWAY)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Unavailable(_AWAY)
    if state in _CONTENTION:
        return Contended(_CONTENDED)
    fatal = getattr(driver_error(error), "severity_en", None) in _FATAL
    return Unavailable(_AWAY) if fatal or state[:2] in _AWAY_CLASSES else None


def is_damage(error: BaseException | None) -> bool:
    """Whether the database found its own stored bytes to be wrong. No later try helps."""
    return state_of(error) in _DAMAGED_STATES or sqlite_code_of(error) & 0xFF in _DAMAGED_CODES


def _undone(error: BaseException | None) -> bool:
    code = sqlite_code_of(error)
    return code not in (_NO_CODE, sqlite3.SQLITE_IOERR_FSYNC) or state_of(error) in _DISK_STATES


def state_of(error: BaseException | None) -> str:
    """The SQLSTATE of PostgreSQL, or an empty text."""
    return str(getattr(driver_error(error), "sqlstate", None) or "")


def sqlite_code_of(error: BaseException | None) -> int:
    """The extended result code of SQLite, or 0."""
    return int(getattr(driver_error(error), "sqlite_errorcode", _NO_CODE))


def driver_error(error: BaseException | None) -> BaseException | None:
    """The driver's own error inside one of SQLAlchemy, which wraps it, copies it, or wraps a copy."""
    inner = error.orig if isinstance(error, DBAPIError) else error
    return (inner.__cause__ or inner) if isinstance(inner, EmulatedDBAPIException) else inner
