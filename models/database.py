"""The database: an engine for SQLite or PostgreSQL, and its two kinds of transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from weakref import WeakSet

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from models.database_url import read_url
from models.errors import Unavailable
from models.pace import Pace
from models.reach import STUCK, committing, reaching
from models.reader import PostgresqlReader, Reader, SqliteReader
from models.straight import StraightReads

WRITES = "patchbay_writes"


class Database:
    """One database. Reads and writes open a short session each; nothing else does."""

    def __init__(self, url: str, *, pool_size: int = 10, pace: Pace = Pace()) -> None:
        """`url` is `sqlite:///file` or `postgresql://…`; anything else raises ValueError."""
        self.url = read_url(url)
        self.pace = pace
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
        self.reader: Reader = SqliteReader(self.connect_sqlite) if self.is_sqlite else PostgresqlReader(self.driver)
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
        """A session that changes nothing."""
        async with self.reading() as session:
            yield session()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Callable[[], AsyncSession]]:
        """Like `read`, for readers that may need no session: it is made at the first call.

        Raises RuntimeError if rows were changed in it: the change would be lost.
        """
        made: list[AsyncSession] = []

        def session() -> AsyncSession:
            if not made:
                made.append(AsyncSession(self.engine, expire_on_commit=False))
            return made[0]

        try:
            with reaching():
                yield session
            for one in made:
                _refuse_changes(one)
        except Unavailable:
            for one in made:
                await one.invalidate()  # a rollback would wait for what does not answer
            raise
        finally:
            for one in made:
                if one.in_transaction():
                    await asyncio.shield(_let_go(one))  # a caller that leaves must not take a connection along

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session whose changes are kept at the end, or none of them when an exception leaves it.

        Raises Unavailable, also where nobody knows whether they were kept, and Contended.
        """
        async with self.turn():
            session = AsyncSession(self.engine, expire_on_commit=False)
            try:
                with reaching():
                    await session.connection(execution_options={WRITES: True})
                    yield session
                    await session.flush()
                with committing():
                    await session.commit()
            except Unavailable:
                await session.invalidate()  # a rollback would wait for what does not answer
                raise
            finally:
                await asyncio.shield(_let_go(session))

    @asynccontextmanager
    async def driver(self) -> AsyncIterator[Any]:
        """PostgreSQL's own connection out of the pool, for what must not pay for more; no transaction."""
        with reaching():
            pooled = await self.engine.raw_connection()
            driver: Any = pooled.driver_connection
            while driver.is_closed():  # the server went away meanwhile, which the pool cannot see
                pooled.invalidate()
                pooled = await self.engine.raw_connection()
                driver = pooled.driver_connection
            try:
                yield driver
            except STUCK:
                driver.terminate()  # the next borrower would wait for what does not answer
                raise
            finally:
                pooled.close()

    def connect_sqlite(self) -> sqlite3.Connection:
        """A connection of its own to the file, for one thread; whoever asks for it closes it."""
        connection = sqlite3.connect(self.url.database or "", isolation_level=None, check_same_thread=False)
        self._configure_sqlite(connection)
        return connection

    async def connect_alone(self, *, seconds: float) -> Any:
        """A PostgreSQL connection beside the pool, for whoever must not wait for it and closes it afterwards.

        Connecting and each statement may take so many seconds.
        """
        _, options = self.engine.dialect.create_connect_args(self.url)
        return await asyncpg.connect(**options, timeout=seconds, command_timeout=seconds)

    def turn(self) -> Any:
        """Holds back other writers of this process: SQLite has one, and its own waiting is not fair."""
        return self._turn or nullcontext()

    async def close(self) -> None:
        """Let go of every connection, also of those that do not answer."""
        await self.reader.close()
        for driver in self._drivers:
            driver.terminate()  # to be polite takes ten seconds each where nobody answers
        await self.engine.dispose()

    def _prepare_sqlite(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, not by the driver's guess
        self._configure_sqlite(connection)

    def _configure_sqlite(self, connection: sqlite3.Connection | Any) -> None:
        """What every SQLite connection is set to: durable on power loss, readers beside a writer."""
        waiting = f"busy_timeout={self.pace.database_statement * 1000:.0f}"
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", waiting):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _refuse_changes(session: AsyncSession) -> None:
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("Rows were changed in a session that only reads.")


async def _let_go(session: AsyncSession) -> None:
    try:
        with reaching():
            await session.close()
    except Unavailable:  # the answer stands: what was committed is kept, and the rest undoes itself
        await session.invalidate()


def _limits(pace: Pace) -> dict[str, float]:
    """For asyncpg."""
    return {"timeout": pace.database_connection, "command_timeout": pace.database_statement}


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads and then writes fails under contention unless it takes the lock at once.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
