"""Fixtures: the server as a process, over a database that can be taken away."""

import asyncio
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url

from models.secret import Keyring
from tests.harness.databases import postgresql_database
from tests.harness.proxy import DatabaseProxy
from tests.harness.server import ServerProcess

ROOT = Path(__file__).parents[2]
VIEWER = "{ viewer { organization { name } } }"
CREATE = """mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) {
 ... on IntegrationPayload { integration { id } } ... on Problem { code message } } }"""


@dataclass
class Away:
    """A server, its token, and the proxy before its database."""

    server: ServerProcess
    proxy: DatabaseProxy
    token: str
    direct: str

    def ask(self, document, timeout=30, **variables):
        """The answer and the seconds that it took."""
        began = time.monotonic()
        headers = {"Authorization": f"Bearer {self.token}"}
        body = {"query": document, "variables": variables}
        answer = httpx.post(
            f"{self.server.url}/graphql", json=body, headers=headers, timeout=timeout, trust_env=False
        )
        return answer, time.monotonic() - began

    def get(self, path):
        """The status of a page, and the seconds that it took."""
        began = time.monotonic()
        status = httpx.get(f"{self.server.url}{path}", timeout=30, trust_env=False).status_code
        return status, time.monotonic() - began

    def recovered(self, seconds=10.0):
        """Seconds until the hub is ready and answers; AssertionError when it is not in time."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if (
                self.get("/readyz")[0] == 200
                and "errors" not in self.ask("{ viewer { organization { name } } }")[0].json()
            ):
                return time.monotonic() - began
            time.sleep(0.1)
        raise AssertionError("The hub has not recovered by itself.")


@pytest.fixture
async def away(postgresql, tmp_path):
    """A server over PostgreSQL behind a proxy, with an organization and its administrator's token."""
    async with _serving(postgresql, tmp_path) as away:
        yield away


@pytest.fixture
async def quiet(postgresql, tmp_path):
    """The same without a worker: nothing commits but what is asked."""
    async with _serving(postgresql, tmp_path, worker=False) as quiet:
        yield quiet


@asynccontextmanager
async def _serving(postgresql, home, **settings):
    async with postgresql_database(postgresql) as url:
        with DatabaseProxy(make_url(url)) as proxy:
            settings |= {"database_url": proxy.url, "master_keys": Keyring.generate(), "database_pool": 5}
            server = ServerProcess(home, home / "log", **settings).start()
            try:
                yield Away(server, proxy, await asyncio.to_thread(token_of, server), url)
            finally:
                if server.running:
                    server.kill()


def token_of(server):
    """The bearer text of the administrator of a new organization."""

    def command(*words):
        done = subprocess.run(
            [sys.executable, str(ROOT / "cli.py"), *words], cwd=server.home, env=server._environment, check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    command("org", "create", "Acme", "--slug", "acme")
    return command("token", "create", "acme").splitlines()[-1]
