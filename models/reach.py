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
_DISK: Final = "The database's disk is full or fails, so nothing was changed; try again once that is mended."
_CONTENDED: Final = "Others changed the same rows at the same moment; try again."
_UNKNOWN: Final = (
    "The database went away, or its disk failed, while it was keeping the change, so nobody knows whether it did."
    " Read again, or repeat the call with the same idempotency key."
)
#: https://www.postgresql.org/docs/current/errcodes-appendix.html
_CONTENTION: Final = frozenset({"40001", "40P01"})
_AWAY_CLASSES: Final = frozenset({"08", "53", "57", "58"})
_DISK_STATES: Final = frozenset({"53100", "58030"})
#: https://www.sqlite.org/rescode.html; the low byte is the kind.
_DISK_CODES: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY})
_GONE: Final = (OSError, sqlite3.OperationalError, asyncpg.InterfaceError, OperationalError, InterfaceError)
_NO_CODE: Final = sqlite3.SQLITE_OK
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
    """As `reaching`, but what fails may have been done all the same, unless the database itself says that it was not.

    Once SQLite could not sync, the change stands in its log, and who opens the file after a crash may find it there.
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
    state = state_of(error)
    if state in _DISK_STATES or sqlite_code_of(error) & 0xFF in _DISK_CODES:
        return Unavailable(_DISK)
    if isinstance(error, _GONE):
        return Unavailable(_AWAY)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Unavailable(_AWAY)
    if state in _CONTENTION:
        return Contended(_CONTENDED)
    return Unavailable(_AWAY) if state[:2] in _AWAY_CLASSES else None


def _undone(error: BaseException | None) -> bool:
    code = sqlite_code_of(error)
    return code not in (_NO_CODE, sqlite3.SQLITE_IOERR_FSYNC) or state_of(error) in _DISK_STATES


def state_of(error: BaseException | None) -> str:
    """The SQLSTATE of PostgreSQL, empty where there is none."""
    return str(getattr(driver_error(error), "sqlstate", None) or "")


def sqlite_code_of(error: BaseException | None) -> int:
    """The extended result code of SQLite, 0 where there is none."""
    return int(getattr(driver_error(error), "sqlite_errorcode", _NO_CODE))


def driver_error(error: BaseException | None) -> BaseException | None:
    """What the driver raised, where SQLAlchemy has put its own around it."""
    return error.orig if isinstance(error, DBAPIError) else error
