"""A token that turns out to have ended during the call: the refusal brings along the link to connect again."""

from __future__ import annotations

import httpx
import pytest

from tests.connect.people import title_of
from tests.harness.acting import refusal
from tests.harness.server import PLAIN_HTTP


async def dispatched(shop):
    return await shop.refused()


async def proxied(shop):
    return await refusal(shop.client, "proxyRequest", {"integration": {"id": shop.app.id}, "path": "/api"})


@pytest.mark.parametrize("sent", [dispatched, proxied])
async def test_leads_back_to_the_connection(sent, connect, vendor):
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.refresh_tokens = set()

    refused = await sent(shop)

    assert (refused["code"], refused["reason"], vendor.counts) == ("NOT_READY", "NEEDS_RECONNECT", {"token": 1})
    async with httpx.AsyncClient(**PLAIN_HTTP) as browser:
        page = await browser.get(refused["connectUrl"], follow_redirects=True)
    assert (page.status_code, title_of(page)) == (200, "Reconnect App")
