"""Errors of drivers: those that the statement is not to blame for are Unavailable, whoever raises them."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError

from models.errors import Unavailable
from models.reach import committing, reaching

COPIES = AsyncAdapt_asyncpg_dbapi
GONE = [
    asyncpg.AdminShutdownError("terminating connection due to administrator command"),
    asyncpg.CrashShutdownError("terminating connection because of crash of another server process"),
    asyncpg.CannotConnectNowError("the database system is starting up"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    asyncpg.ProtocolError("unexpected message"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    ConnectionResetError("Connection lost"),
    TimeoutError(),
]


def _fatal() -> asyncpg.PostgresError:
    error = asyncpg.IdleInTransactionSessionTimeoutError("terminating connection")
    error.severity_en = "FATAL"
    return error


@pytest.mark.parametrize("error", [*GONE, _fatal()], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("wrapped", ["the driver's", "a copy of SQLAlchemy's", "wrapped by SQLAlchemy"])
@pytest.mark.parametrize("step", [reaching, committing])
def test_a_server_that_stops_is_unavailable(error, wrapped, step):
    raised = error
    if wrapped != "the driver's":
        raised = COPIES.Error(str(error), error)
        raised.__cause__ = error
    if wrapped == "wrapped by SQLAlchemy":
        raised = DBAPIError("SELECT 1", {}, raised)

    with pytest.raises(Unavailable), step():
        raise raised


@pytest.mark.parametrize("error", [asyncpg.UniqueViolationError("taken"), asyncpg.UndefinedTableError("no such")])
def test_an_error_of_the_statement_stays_itself(error):
    with pytest.raises(type(error)), reaching():
        raise error
