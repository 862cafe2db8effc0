"""The database: an engine for SQLite or PostgreSQL, and its two kinds of transaction."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any
from weakref import WeakSet

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from models.database_url import read_url
from models.errors import Unavailable
from models.pace import Pace
from models.reach import STUCK, committing, driver_error, is_damage, reaching
from models.reader import PostgresqlReader, Reader, SqliteReader
from models.straight import StraightReads

WRITES = "patchbay_writes"
_log = logging.getLogger("patchbay.database")


class Database:
    """One database. Each read and each write opens a short session; nothing else does."""

    def __init__(self, url: str, *, pool_size: int = 10, pace: Pace = Pace()) -> None:
        """`url`: `sqlite:///file` or `postgresql://…`. Raises ValueError for any other."""
        self.url = read_url(url)
        self.pace = pace
        #: Whether a statement has found damage. It stays so: the file or the server is to be repaired first.
        self.damaged = False
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = create_async_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pace.database_connection,
            hide_parameters=True,
            connect_args={} if self.is_sqlite else _limits(pace),
        )
        self._turn: asyncio.Lock | None = asyncio.Lock() if self.is_sqlite else None
        self.reader: Reader = (
            SqliteReader(self.connect_sqlite, self.reaching) if self.is_sqlite else PostgresqlReader(self.driver)
        )
        self.straight = StraightReads(self.reader, self.engine.dialect)
        self._drivers: WeakSet[Any] = WeakSet()
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", self._prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        else:
            event.listen(
                self.engine.sync_engine, "connect", lambda made, _: self._drivers.add(made.driver_connection)
            )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading only."""
        async with self.reading() as session:
            yield session()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Callable[[], AsyncSession]]:
        """Like `read`, for readers that may need no session: the first call opens it.

        Raises RuntimeError if rows were changed in the session: the change would be lost.
        """
        made: list[AsyncSession] = []

        def session() -> AsyncSession:
            if not made:
                made.append(AsyncSession(self.engine, expire_on_commit=False, autoflush=False))
            return made[0]

        try:
            with self.reaching():
                yield session
            for one in made:
                _refuse_changes(one)
        except Unavailable:
            for one in made:
                await one.invalidate()  # a rollback would wait for a server that does not answer
            raise
        finally:
            for one in made:
                if one.in_transaction():
                    await asyncio.shield(_let_go(one))  # a cancelled caller must not keep the connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session that commits at the end, or rolls back if an exception leaves it.

        Raises Unavailable, also if it is unknown whether the commit happened, and Contended.
        """
        async with self.turn():
            session = AsyncSession(self.engine, expire_on_commit=False)
            try:
                with self.reaching():
                    await session.connection(execution_options={WRITES: True})
                    yield session
                    await session.flush()
                with self.reaching(), committing():
                    await session.commit()
            except Unavailable:
                await session.invalidate()  # a rollback would wait for a server that does not answer
                raise
            finally:
                await asyncio.shield(_let_go(session))

    @asynccontextmanager
    async def driver(self) -> AsyncIterator[Any]:
        """An asyncpg connection from the pool, for statements that must be fast; no transaction is open."""
        with self.reaching():
            pooled = await self.engine.raw_connection()
            driver: Any = pooled.driver_connection
            while driver.is_closed():  # the server closed it meanwhile, which the pool cannot see
                pooled.invalidate()
                pooled = await self.engine.raw_connection()
                driver = pooled.driver_connection
            try:
                yield driver
            except STUCK:
                driver.terminate()  # the next borrower would wait for a server that does not answer
                raise
            finally:
                pooled.close()

    @contextmanager
    def reaching(self) -> Iterator[None]:
        """As the function `reaching`. The first damage is logged for the operator, and remembered as `damaged`."""
        try:
            with reaching():
                yield
        except Unavailable as refusal:
            if is_damage(refusal.__cause__) and not self.damaged:
                self.damaged = True
                _log.critical(
                    "The database %s is damaged: %s. Stop the hub, restore a backup, and start it again.",
                    self.url.database,
                    driver_error(refusal.__cause__),
                )
            raise

    def connect_sqlite(self) -> sqlite3.Connection:
        """A new connection to the file, for one thread. The caller closes it."""
        connection = sqlite3.connect(self.url.database or "", isolation_level=None, check_same_thread=False)
        self._configure_sqlite(connection)
        return connection

    async def connect_alone(self, *, seconds: float) -> Any:
        """A PostgreSQL connection outside of the pool, so that it does not wait for the pool. The caller closes it.

        `seconds`: the time limit for connecting and for each statement.
        """
        _, options = self.engine.dialect.create_connect_args(self.url)
        return await asyncpg.connect(**options, timeout=seconds, command_timeout=seconds)

    def turn(self) -> Any:
        """A lock against other writers of this process: SQLite allows one writer, and its own waiting is not fair."""
        return self._turn or nullcontext()

    async def close(self) -> None:
        """Close every connection, also those that do not answer."""
        await self.reader.close()
        for driver in self._drivers:
            driver.terminate()  # a polite close would take ten seconds for each that does not answer
        await self.engine.dispose()

    def _prepare_sqlite(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None  # `_begin_sqlite` begins transactions, not the driver
        self._configure_sqlite(connection)

    def _configure_sqlite(self, connection: sqlite3.Connection | Any) -> None:
        """Set up a SQLite connection: durable on power loss, readers do not wait for a writer.

        Some builds overwrite all that is deleted: the only writer would write the megabytes of an old script once
        more. FAST overwrites where that costs no write of its own.
        """
        waiting = f"busy_timeout={self.pace.database_statement * 1000:.0f}"
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=FAST", waiting):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _refuse_changes(session: AsyncSession) -> None:
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("Rows were changed in a session that only reads.")


async def _let_go(session: AsyncSession) -> None:
    try:
        with reaching():
            await session.close()
    except Unavailable:  # the answer is valid all the same: commits are kept, the rest is rolled back
        await session.invalidate()


def _limits(pace: Pace) -> dict[str, float]:
    """Time limits for asyncpg."""
    return {"timeout": pace.database_connection, "command_timeout": pace.database_statement}


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads before it writes fails under contention unless it takes the lock at its begin.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
