"""Fixtures: a hub over a database that can be taken away, and one as a process over a disk that can be full."""

import asyncio
import resource
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import make_url

from hub.wiring import build_hub
from models.migrations import upgrade
from models.pace import Pace
from models.secret import Keyring
from resolvers.caller import Caller
from resolvers.people.organization import IssueToken, create_organization, issue_token
from settings import Settings
from tests.conftest import CATALOGUE
from tests.faults.conftest import ACME, PATIENCE
from tests.harness.databases import postgresql_database
from tests.harness.graphql import GraphQL
from tests.harness.proxy import DatabaseProxy
from tests.harness.server import PLAIN_HTTP, RunningHub, ServerProcess, served
from tests.harness.waiting import eventually

# A connection for each request: one that is kept is closed by the hub now and then, as a request goes out on it.
_HTTP = {
    "timeout": PATIENCE,
    **PLAIN_HTTP,
    "limits": httpx.Limits(max_connections=None, max_keepalive_connections=0),
}
VIEWER = "{ viewer { organization { name } } }"
CREATE = """mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) {
 ... on IntegrationPayload { integration { id } } ... on Problem { code message } } }"""
#: A database that does not answer is given up soon.
SOON = Pace(database_connection=0.5, database_statement=1.5)
UNKNOWN = (
    "The database went away, or its disk failed, while it was keeping the change, so nobody knows whether it did."
    " Read again, or repeat the call with the same idempotency key."
)


@dataclass(frozen=True, kw_only=True)
class Away:
    """A hub, its administrator's token, and the proxy before its database; `direct` leads past it."""

    hub: RunningHub
    http: httpx.AsyncClient
    token: str
    proxy: DatabaseProxy
    direct: str

    @property
    def client(self):
        """Speaks for the administrator."""
        return GraphQL(self.http, self.token)

    async def create(self, name):
        """The answer to the creation of an integration."""
        return await self.client.raw(CREATE, input={"name": name})

    async def status(self, path):
        """Of a page."""
        return (await self.http.get(path)).status_code

    async def recovered(self):
        """Return once the hub says that it is ready, and answers."""
        await eventually(self._well, PATIENCE)

    async def _well(self):
        return await self.status("/readyz") == 200 and (await self.client.raw(VIEWER)).status_code == 200


@asynccontextmanager
async def serving_away(postgresql, home, *, pace=SOON):
    """The hub with five connections over PostgreSQL behind a proxy, its worker included."""
    from server import create_app

    async with postgresql_database(postgresql) as url:
        with DatabaseProxy(make_url(url)) as proxy:
            settings = Settings(
                home=home,
                database_url=proxy.url,
                database_pool=5,
                master_keys=Keyring.generate(),
                catalogue=CATALOGUE,
                pace=pace,
            )
            token, _ = await founded(settings)
            with served(create_app(settings)) as hub:
                async with httpx.AsyncClient(base_url=hub.url, **_HTTP) as http:
                    yield Away(hub=hub, http=http, token=token, proxy=proxy, direct=url)


@pytest.fixture(scope="module")
async def away_hub(postgresql, tmp_path_factory):
    """One for the tests that leave it as it was."""
    async with serving_away(postgresql, tmp_path_factory.mktemp("away")) as away:
        yield away


@pytest.fixture
async def away(away_hub):
    """That hub with a database that is there, before the test and after it."""
    await away_hub.recovered()
    yield away_hub
    away_hub.proxy.reset()
    away_hub.proxy.answer()
    await away_hub.recovered()


@dataclass(frozen=True, kw_only=True)
class OnDisk:
    """A hub as a process over SQLite in a home of its own, and clients of its administrator's."""

    settings: Settings
    process: ServerProcess
    http: httpx.AsyncClient
    client: GraphQL
    #: The same administrator's, by a token that was never used.
    fresh: GraphQL

    def fill_disk(self):
        """From now on no file grows beyond 16 kB: SQLite's log is larger already, the hub's is not."""
        self._limit(16_384)

    def make_room(self):
        """From now on files grow again."""
        self._limit(resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1])

    def serving_again(self):
        """The hub over the same home in this process, once the other is gone: `with on_disk.serving_again(): …`."""
        from server import create_app

        return served(create_app(self.settings))

    def _limit(self, size):
        hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, hard))


@pytest.fixture
async def start_on_disk(start_server, tmp_path):
    """Starts such a hub, by its own program unless another one is named: `await start_on_disk()`."""
    given = {"master_keys": Keyring.generate(), "egress_allow": "127.0.0.0/8", "catalogue": CATALOGUE}
    settings = Settings(home=tmp_path, **given)
    tokens = await founded(settings)
    opened = []

    async def start(**program):
        process = await asyncio.to_thread(lambda: start_server(tmp_path, **given, **program))
        http = httpx.AsyncClient(base_url=process.url, **_HTTP)
        opened.append(http)
        client, fresh = (GraphQL(http, token) for token in tokens)
        return OnDisk(settings=settings, process=process, http=http, client=client, fresh=fresh)

    yield start
    for http in opened:
        await http.aclose()


async def founded(settings):
    """Two bearer texts of the administrator of a new organization, in a database of its own."""
    hub = build_hub(settings)
    operator, wanted = Caller.operator(hub), IssueToken(organization="acme", username="admin", name="test")
    await upgrade(hub.database)
    await create_organization(operator, ACME)
    tokens = [(await issue_token(operator, wanted)).secret for _ in range(2)]
    await hub.recorder.close()
    await hub.database.close()
    return tokens


def refusals(answer):
    """Message and code of each error of an answer."""
    return [(error["message"], error["extensions"]["code"]) for error in answer.json()["errors"]]


async def finished(client, integration_id):
    """The state of the job that removes an integration, once it has ended."""
    document = "mutation ($id: ID!) { deleteIntegration(id: $id) { ... on DeletePayload { job { id } } } }"
    job = (await client.query(document, id=integration_id))["deleteIntegration"]["job"]

    async def ended():
        state = (await client.query("query ($id: ID!) { job(id: $id) { state } }", id=job["id"]))["job"]["state"]
        return state if state not in {"QUEUED", "RUNNING"} else None

    return await eventually(ended, PATIENCE)
