"""A process that dies, and one that is stopped, while a call is under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from models.secret import Keyring
from resolvers.caller import Caller
from resolvers.mutations.organization import CreateOrganization, IssueToken, create_organization, issue_token
from server import build_hub
from settings import Settings
from tests.harness.acting import listed
from tests.harness.calling import app, capability
from tests.harness.graphql import GraphQL
from tests.harness.server import ServerProcess

SLOW = capability("SLOW", "POST", "/silent", timeoutSeconds=120)
BRIEF = capability("BRIEF", "GET", "/delay/3", timeoutSeconds=20)
ROW = "outcome error attemptCount durationMs"


@dataclass
class Installed:
    """One hub of an operator: its database, its home, and the token of its administrator."""

    settings: dict[str, object]
    home: Path
    start_server: Callable[..., ServerProcess]
    token: str = ""

    def start(self) -> ServerProcess:
        return self.start_server(self.home, **self.settings)

    async def found(self) -> None:
        """Make an organization, beside the running process."""
        hub = build_hub(Settings(home=self.home, **self.settings))
        operator = Caller.operator(hub)
        await create_organization(operator, CreateOrganization(name="Acme", slug="acme"))
        wanted = IssueToken(organization="acme", username="admin", name="test")
        self.token = (await issue_token(operator, wanted)).secret
        await hub.recorder.close()
        await hub.database.close()

    @asynccontextmanager
    async def client(self, process: ServerProcess) -> AsyncIterator[GraphQL]:
        async with httpx.AsyncClient(base_url=process.url, timeout=60, trust_env=False) as http:
            yield GraphQL(http, self.token)


@pytest.fixture
async def installed(new_database, start_server, tmp_path: Path) -> AsyncIterator[Installed]:
    async with new_database() as url:
        settings = {"database_url": url, "master_keys": Keyring.generate(), "egress_allow": "127.0.0.0/8"}
        yield Installed(settings=settings, home=tmp_path, start_server=start_server)


async def test_a_call_whose_process_died_is_unknown_at_the_next_start(installed: Installed, upstream) -> None:
    first = installed.start()
    await installed.found()
    async with installed.client(first) as client:
        shop = await app(client, upstream.url, SLOW)
        running = asyncio.create_task(shop.run("SLOW", idempotencyKey="k"))
        await upstream.received(1)
        before = await listed(client, "dispatches", ROW)
        first.kill()
        with pytest.raises(httpx.TransportError):
            await running
    assert [row["outcome"] for row in before] == [None]

    second = installed.start()
    async with installed.client(second) as client:
        (row,) = await listed(client, "dispatches", ROW)
        again = await shop.by(client).run("SLOW", idempotencyKey="k")

    assert row["outcome"] == "OUTCOME_UNKNOWN"
    assert row["error"] == "The hub stopped between sending the call and recording its outcome."
    assert row["durationMs"] >= 0
    assert (again["replayed"], again["dispatch"]["outcome"], again["response"]) == (True, "OUTCOME_UNKNOWN", None)
    assert len(upstream.requests) == 1, "what may have been done is not done again"


async def test_a_call_of_a_living_process_is_not_given_up_by_another(installed: Installed, upstream) -> None:
    living = installed.start()
    await installed.found()
    async with installed.client(living) as client:
        shop = await app(client, upstream.url, SLOW)
        running = asyncio.create_task(shop.run("SLOW"))
        await upstream.received(1)

        other = await asyncio.to_thread(installed.start)
        async with installed.client(other) as elsewhere:
            (during,) = await listed(elsewhere, "dispatches", ROW)
        running.cancel()
        (after,) = await listed(client, "dispatches", ROW)

    assert (during["outcome"], after["outcome"]) == (None, None)


async def test_a_process_that_is_stopped_finishes_its_calls(installed: Installed, httpbin) -> None:
    first = installed.start()
    await installed.found()
    async with installed.client(first) as client:
        shop = await app(client, httpbin, BRIEF)
        running = asyncio.create_task(shop.run("BRIEF"))
        await _under_way(client)

        await asyncio.to_thread(first.terminate)
        done = await running

    second = installed.start()
    async with installed.client(second) as client:
        (row,) = await listed(client, "dispatches", ROW)
    assert (done["dispatch"]["outcome"], done["response"]["status"]) == ("SUCCEEDED", 200)
    assert row == {name: done["dispatch"][name] for name in row}


async def _under_way(client: GraphQL) -> None:
    for _ in range(1000):
        if await listed(client, "dispatches", "id"):
            return
    raise AssertionError("no call was begun")
