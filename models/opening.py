"""Messages for the operator if the database cannot be opened: place, reason and remedy, never a password."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from models.database import Database
from models.errors import Unavailable
from models.reach import DRIVER_ERRORS, driver_error, sqlite_code_of, state_of

_PORT: Final = 5432
_DAMAGED: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_DISK: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})


@contextmanager
def opening(database: Database) -> Iterator[None]:
    """Turn errors of the database and of the connection to it into Unavailable, with a sentence for the operator."""
    if database.is_sqlite and (obstacle := _obstacle(_file(database))):
        raise Unavailable(obstacle)  # SQLite opens a read-only file without an error
    try:
        yield
    except (*DRIVER_ERRORS, sqlite3.Error) as cause:
        error = driver_error(cause) or cause
        sentence = _of_file(_file(database), error) if database.is_sqlite else _of_server(database, error)
        raise Unavailable(sentence) from cause


def _file(database: Database) -> Path:
    return Path(database.url.database or "")


def _of_file(file: Path, error: BaseException) -> str:
    kind = sqlite_code_of(error) & 0xFF
    if kind in _DAMAGED:
        return f"The file {file} is not a SQLite database, or is damaged: name another file, or restore a backup."
    if kind in _DISK:
        return f"The database {file} cannot be written: its disk is full or fails."
    return _obstacle(file) or f"The database {file} cannot be opened: {error}."


def _obstacle(file: Path) -> str | None:
    if not file.parent.is_dir():
        return f"The database {file} cannot be opened: there is no folder {file.parent}."
    places = [place for place in (file.parent, file) if place.exists()]
    refused = next((place for place in places if not os.access(place, os.R_OK | os.W_OK)), None)
    if refused is None:
        return None
    return f"The database {file} cannot be opened: user {os.geteuid()} may not read and write {refused}."


def _of_server(database: Database, error: BaseException) -> str:
    """By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) if PostgreSQL itself refused."""
    url = database.url
    where, advice = f"PostgreSQL at {_place(url)}", "Check that it runs and that its address is right."
    match state_of(error):
        case "3D000":
            return f"{where} has no database {url.database}: create it, or name another."
        case "28000" | "28P01":  # unknown user or host, or a wrong password
            return f"{where} does not let the hub in: {_words(error)}. Check user and password in its address."
        case "42501":
            return f"{where} does not let {url.username} do what the hub needs: {_words(error)}."
        case state if state:
            return f"{where} cannot be used: {_words(error)}."
    if isinstance(error, TimeoutError):
        return f"{where} does not answer within {database.pace.database_connection:g} seconds. {advice}"
    if isinstance(error, socket.gaierror):
        return f"{where} cannot be reached: its name has no address. {advice}"
    return f"{where} cannot be reached: {_words(error)}. {advice}"


def _place(url: URL) -> str:
    host = url.query.get("host")
    named = host if isinstance(host, str) else ", ".join(host or ())
    return named or f"{url.host or 'localhost'}:{url.port or _PORT}"


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return (str(error).partition("\n")[0] or type(error).__name__).rstrip(".")
