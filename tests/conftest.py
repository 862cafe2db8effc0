"""Fixtures for every test: both databases, the running hub, clients."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import URL, make_url

from models.database import Database
from models.migrations import upgrade
from models.pace import Pace
from models.secret import Keyring
from settings import Settings
from tests.harness.databases import opened, postgresql_database, postgresql_server
from tests.harness.graphql import GraphQL
from tests.harness.installed import Installed
from tests.harness.programs import Start, forking
from tests.harness.server import PLAIN_HTTP, RunningHub, ServerProcess, child_environment, free_port, served
from tests.harness.tenants import Tenant, found_organization

LONG_DAYS = 36_500
#: Two vendors that are no real ones.
CATALOGUE = Path(__file__).parent / "catalogue"
pytest_plugins = [
    "tests.harness.backends",
    "tests.harness.collector",
    "tests.harness.needs",
    "tests.harness.order",
    "tests.harness.strict",
    "tests.upstreams.fixtures",
]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for the whole session, so that engines can outlive a test."""
    return "asyncio"


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> str:
    """The name of the database under test, which `tests.harness.backends` decides."""
    return request.param


@pytest.fixture(scope="session")
def postgresql() -> Iterator[URL]:
    """A PostgreSQL server, started once."""
    with postgresql_server(durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def new_database(backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Makes the URLs of databases: `async with new_database() as url`; empty, or copies of one that nobody uses."""
    server = request.getfixturevalue("postgresql") if backend == "postgresql" else None
    return lambda template=None: _new_database(server, tmp_path_factory.mktemp(backend), template)


@pytest.fixture(scope="session")
async def new_migrated_database(new_database) -> AsyncIterator[Callable[[], AbstractAsyncContextManager[str]]]:
    """Makes the URLs of databases that are migrated: `async with new_migrated_database() as url`."""
    async with new_database() as template:
        async with opened(template) as database:
            await upgrade(database)
        yield lambda: new_database(template)


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


@pytest.fixture(scope="session")
def master_keys() -> str:
    """What the secrets of the session's database are sealed with: no hub with other keys starts over it.

    There was a key before the one that seals.
    """
    return Keyring.generate(1) + Keyring.generate(2)


@pytest.fixture(scope="session")
def hub(database_url: str, master_keys: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """The real server over the session's database. It may call loopback, where tests keep their upstreams."""
    from server import create_app  # here, so that tests of one module do not wait for all of them

    settings = Settings(
        port=free_port(),  # known beforehand, since vendors send users back to it
        home=tmp_path_factory.mktemp("home"),
        database_url=database_url,
        master_keys=master_keys,
        egress_allow="127.0.0.0/8",
        catalogue=CATALOGUE,
        pace=Pace(upstream_retry=0.01, token_settling=0.05),
        keep_events_days=LONG_DAYS,  # tests plant history of any age, which the hub's own jobs must not remove
        keep_deliveries_days=LONG_DAYS,
        keep_dispatches_days=LONG_DAYS,
    )
    with served(create_app(settings), port=settings.port) as hub:
        yield hub


@pytest.fixture(scope="session")
def settings_beside(database_url: str, master_keys: str) -> Callable[..., Settings]:
    """Settings of further hubs over the session's database: `settings_beside(home, public_url=…)`.

    They know the same vendors, and leave the jobs to the session's hub: another's policy may refuse what they call.
    """
    same = {"database_url": database_url, "master_keys": master_keys, "catalogue": CATALOGUE, "worker": False}
    return lambda home, **more: Settings(home=home, **same | more)


@pytest.fixture
async def http(hub: RunningHub) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client with the hub as its base."""
    async with httpx.AsyncClient(base_url=hub.url, timeout=30, **PLAIN_HTTP) as client:
        yield client


@pytest.fixture(scope="session")
async def lasting_http(hub: RunningHub) -> AsyncIterator[httpx.AsyncClient]:
    """A client such as `http`, for organizations that outlive a test."""
    async with httpx.AsyncClient(base_url=hub.url, timeout=60, **PLAIN_HTTP) as client:
        yield client


@pytest.fixture
def graphql(http: httpx.AsyncClient) -> Callable[..., GraphQL]:
    """A GraphQL client for a token: `graphql(token)`; `graphql()` is nobody."""
    return lambda token=None, **headers: GraphQL(http, token, **headers)


@pytest.fixture
def new_organization(hub: RunningHub, graphql: Callable[..., GraphQL]) -> Callable[..., Awaitable[Tenant]]:
    """Makes organizations of the test's own: `await new_organization()`."""
    return lambda **facts: found_organization(hub, graphql, **facts)


@pytest.fixture(scope="session")
def new_lasting_organization(hub: RunningHub, lasting_http: httpx.AsyncClient) -> Callable[[], Awaitable[Tenant]]:
    """Makes organizations that several tests share, which only look at them or are refused."""
    return lambda: found_organization(hub, partial(GraphQL, lasting_http))


@pytest.fixture
async def organization(new_organization: Callable[..., Awaitable[Tenant]]) -> Tenant:
    """One organization of the test's own, with its administrator signed in."""
    return await new_organization()


@pytest.fixture(scope="module")
async def lasting(hub: RunningHub, lasting_http: httpx.AsyncClient) -> Tenant:
    """An organization for a module's tests that only look or are refused: nothing may change it."""
    return await found_organization(hub, lambda token: GraphQL(lasting_http, token))


@pytest.fixture(scope="session")
def fork() -> Iterator[Start]:
    """Starts programs as processes that need not import the hub: `fork(["cli.py", "migrate"], …)`."""
    with forking(child_environment()) as start:
        yield start


@pytest.fixture
def start_server(tmp_path: Path, master_keys: str, fork: Start) -> Iterator[Callable[..., ServerProcess]]:
    """Starts the server as a process: `start_server(database_url=…)`. The same `home` carries on."""
    started: list[ServerProcess] = []

    def start(home: Path | None = None, **settings: object) -> ServerProcess:
        directory = home or tmp_path / f"home{len(started)}"
        directory.mkdir(exist_ok=True)
        settings.setdefault("master_keys", master_keys)
        started.append(ServerProcess(directory, directory / "server.log", by=fork, **settings))
        return started[-1].start()

    yield start
    for process in started:
        if process.running:
            process.kill()


@pytest.fixture
async def installed(new_migrated_database, start_server, tmp_path: Path) -> AsyncIterator[Installed]:
    """A hub with a database of its own, of which processes can be started."""
    async with new_migrated_database() as url:
        settings = {
            "database_url": url,
            "master_keys": Keyring.generate(),
            "egress_allow": "127.0.0.0/8",
            "catalogue": CATALOGUE,
        }
        yield Installed(settings=settings, home=tmp_path, start_server=start_server)


@asynccontextmanager
async def _new_database(server: URL | None, directory: Path, template: str | None) -> AsyncIterator[str]:
    if server is not None:
        async with postgresql_database(server, template) as url:
            yield url
        return
    file = directory / "patchbay.sqlite3"
    if template is not None:
        shutil.copy(make_url(template).database, file)
    yield f"sqlite:///{file}"
