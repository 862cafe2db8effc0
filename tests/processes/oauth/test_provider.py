"""One renewal for two processes, by the count of a provider that nobody here wrote."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.harness.graphql import GraphQL
from tests.harness.server import PLAIN_HTTP
from tests.oauth.consenting import consented, over
from tests.proxy.sending import open_egress

pytestmark = pytest.mark.needs("node")

CALLS = 20


async def test_calls_of_two_processes_renew_once_by_its_own_count(installed, provider) -> None:
    async with open_egress() as egress:
        tokens = await consented(egress, provider)
    first = installed.start()
    await installed.found()
    second = installed.start()
    limits = httpx.Limits(max_connections=CALLS)
    async with (
        httpx.AsyncClient(base_url=first.url, timeout=120, **PLAIN_HTTP, limits=limits) as one,
        httpx.AsyncClient(base_url=second.url, timeout=120, **PLAIN_HTTP, limits=limits) as other,
    ):
        shop = await over(GraphQL(one, installed.token), provider, tokens)
        apps = [shop, shop.by(GraphQL(other, installed.token))]
        before = provider.counts()

        done = await asyncio.gather(*(apps[number % 2].run("ME") for number in range(CALLS)))

    assert {call["response"]["json"]["sub"] for call in done} == {"alice"}
    assert provider.counts() == before | {"refresh_token ok": before.get("refresh_token ok", 0) + 1}
