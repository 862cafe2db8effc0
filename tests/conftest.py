"""Fixtures for every test: both databases, the running hub, clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL

from models.database import Database
from models.migrations import upgrade
from tests.harness.databases import BACKENDS, opened, postgresql_database, postgresql_server

pytest_plugins = ["tests.harness.strict"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for the whole session, so that engines can outlive a test."""
    return "asyncio"


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of the database under test: everything that asks for one runs on both."""
    return request.param


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """A PostgreSQL server, started once."""
    with postgresql_server(tmp_path_factory.mktemp("postgresql")) as url:
        yield url


@pytest.fixture(scope="session")
def new_database(backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Makes the URLs of empty databases: `async with new_database() as url`."""
    server = request.getfixturevalue("postgresql") if backend == "postgresql" else None
    return lambda: _new_database(server, tmp_path_factory.mktemp(backend))


@pytest.fixture(scope="session")
async def database_url(new_database) -> AsyncIterator[str]:
    """A migrated database, one for the session: tests keep apart by using organizations of their own."""
    async with new_database() as url:
        async with opened(url) as database:
            await upgrade(database)
        yield url


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    """That database, opened by the tests beside the hub."""
    async with opened(database_url) as database:
        yield database


@pytest.fixture
async def empty_database(new_database) -> AsyncIterator[Database]:
    """A database of the test's own, with nothing in it."""
    async with new_database() as url, opened(url) as database:
        yield database


@asynccontextmanager
async def _new_database(server: URL | None, directory: Path) -> AsyncIterator[str]:
    if server is None:
        yield f"sqlite:///{directory / 'patchbay.sqlite3'}"
        return
    async with postgresql_database(server) as url:
        yield url
