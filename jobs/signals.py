"""Wake-ups between processes: NOTIFY on PostgreSQL, a change of the file's version on SQLite."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final, Protocol

from models.database import Database

Ring = Callable[[Iterable[str] | None], None]

_CHANNEL: Final = "patchbay"
_COALESCE_SECONDS: Final = 0.002
_LOOK_SECONDS: Final = 0.02
_ALIVE_SECONDS: Final = 10.0
_TIMEOUT_SECONDS: Final = 5.0


class Signals(Protocol):
    """Wake-ups between the processes of one database."""

    def send(self, topics: Iterable[str]) -> None:
        """Queue topics for the other processes; they are sent within milliseconds."""

    async def run(self, ring: Ring) -> None:
        """Send and receive until cancelled or disconnected. `ring(None)`: any topic may have been missed."""


def open_signals(database: Database) -> Signals:
    """The signals for SQLite or PostgreSQL, by the database's URL."""
    return SqliteSignals(database) if database.is_sqlite else PostgresqlSignals(database)


class PostgresqlSignals:
    """One connection that listens and notifies outside of transactions: a NOTIFY inside one serialises commits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = secrets.token_hex(4)
        self._unsent: set[str] = set()
        self._something = asyncio.Event()

    def send(self, topics: Iterable[str]) -> None:
        self._unsent.update(topics)
        self._something.set()

    async def run(self, ring: Ring) -> None:
        connection = await self._database.connect_alone(seconds=_TIMEOUT_SECONDS)
        try:
            await connection.add_listener(_CHANNEL, self._listener(ring))
            connection.add_termination_listener(lambda _: self._something.set())  # notices a lost connection at once
            ring(None)
            while True:
                await self._pass_on(connection)
                await asyncio.sleep(_COALESCE_SECONDS)
        finally:
            connection.terminate()

    async def _pass_on(self, connection: Any) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_ALIVE_SECONDS):
                await self._something.wait()
        self._something.clear()
        topics = frozenset(self._unsent)
        # Without topics this only checks that the connection is alive.
        await connection.execute("SELECT pg_notify($1, $2)", _CHANNEL, " ".join([self._name, *sorted(topics)]))
        self._unsent -= topics

    def _listener(self, ring: Ring) -> Callable[[Any, int, str, str], None]:
        def heard(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
            sender, *topics = payload.split(" ")
            if sender != self._name:
                ring(topics)

        return heard


class SqliteSignals:
    """Polls the version of the file, which other processes' commits change; takes microseconds and no lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def send(self, topics: Iterable[str]) -> None:
        """Nothing to send: the commit itself changed the file's version."""

    async def run(self, ring: Ring) -> None:
        connection = self._database.connect_sqlite()
        try:
            seen = None
            while True:
                version = connection.execute("PRAGMA data_version").fetchone()
                if version != seen:
                    seen = version
                    ring(None)
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            connection.close()
