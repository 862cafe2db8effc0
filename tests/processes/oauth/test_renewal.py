"""Renewal by two processes, and by one that dies in the middle of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.harness.backends import both
from tests.harness.databases import opened
from tests.harness.graphql import GraphQL
from tests.harness.installed import Installed
from tests.harness.server import PLAIN_HTTP, ServerProcess
from tests.oauth.conftest import Connected, connected
from tests.oauth.vendor import Vendor

CALLS, FEW = 100, 20
#: The vendor of these tests is quicker, and the lease of a dead process soon ends.
SOON = '{"token_lease": 0.5}'


@asynccontextmanager
async def calling(installed: Installed, process: ServerProcess) -> AsyncIterator[GraphQL]:
    """A client that may have as many calls under way as a test wants."""
    limits = httpx.Limits(max_connections=CALLS)
    async with httpx.AsyncClient(base_url=process.url, timeout=120, **PLAIN_HTTP, limits=limits) as http:
        yield GraphQL(http, installed.token)


@asynccontextmanager
async def begun(installed: Installed, vendor: Vendor) -> AsyncIterator[tuple[ServerProcess, Connected]]:
    """A process, and a connection whose token is over."""
    process = installed.start()
    await installed.found()
    async with calling(installed, process) as client, opened(str(installed.settings["database_url"])) as database:
        yield process, await connected(client, vendor, database, expiresAt="2020-01-01T00:00:00Z")


@both
async def test_a_hundred_calls_of_two_processes_renew_a_token_once(installed: Installed, vendor) -> None:
    vendor.delay = 0.5
    async with begun(installed, vendor) as (_, shop):
        second = installed.start()
        async with calling(installed, second) as other:
            apps = [shop.app, shop.app.by(other)]

            done = await asyncio.gather(*(apps[number % 2].run("GET") for number in range(CALLS)))

    assert [one["response"]["json"] for one in done] == [{"token": "at-1"}] * CALLS
    assert vendor.counts == {"api": CALLS, "token": 1}


async def test_calls_that_are_refused_renew_a_token_once(installed: Installed, vendor) -> None:
    async with begun(installed, vendor) as (_, shop):
        await shop.change(expires_at=None)
        vendor.valid, vendor.delay = "another", 0.5
        second = installed.start()
        async with calling(installed, second) as other:
            apps = [shop.app, shop.app.by(other)]

            done = await asyncio.gather(*(apps[number % 2].run("POST") for number in range(FEW)))

    assert [one["response"]["json"] for one in done] == [{"token": "at-1"}] * FEW
    assert vendor.counts["token"] == 1
    assert FEW < vendor.counts["api"] <= 2 * FEW


@pytest.mark.parametrize("rotates", [False, True])
async def test_a_process_that_dies_between_the_answer_and_the_store_leaves_no_loop(
    installed: Installed, vendor, rotates
) -> None:
    installed.settings["pace"], vendor.rotates = SOON, rotates
    async with begun(installed, vendor) as (first, shop):
        vendor.before_answer = first.kill  # the vendor has given a new token, and nobody is there to keep it
        with pytest.raises(httpx.TransportError):
            await shop.run()
        vendor.before_answer = lambda: None
        held = await shop.row()

        second = installed.start()
        async with calling(installed, second) as client:
            app = shop.app.by(client)
            if rotates:
                answers = [await app.refused("GET") for _ in range(3)]
            else:
                answers = [await app.run("GET") for _ in range(3)]
            row, said = await shop.row(), await shop.said()

    assert held.lease_owner is not None
    assert vendor.counts["token"] == 2
    if rotates:
        assert {one["reason"] for one in answers} == {"NEEDS_RECONNECT"}
        assert said == ["Hub.connection.connected", "Hub.connection.needs_reconnect"]
    else:
        assert [one["response"]["json"] for one in answers] == [{"token": "at-2"}] * 3
        assert (row.status, row.lease_owner) == ("CONNECTED", None)
