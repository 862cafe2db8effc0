"""What the hub sends to the OAuth endpoints that a client of this vendor names."""

from __future__ import annotations

import pytest

from tests.informer.conftest import Informer
from tests.informer.test_connections import CONNECT
from tests.informer.test_oauth import TOKENS, at_upstream
from tests.upstreams.faults import FaultServer


@pytest.mark.parametrize(
    ("members", "basic"),
    [
        ({}, False),
        ({"basicTokenAuth": False}, False),
        ({"basicTokenAuth": None}, False),
        ({"basicTokenAuth": True}, True),
    ],
)
async def test_the_token_endpoint_sees_basic_only_where_it_was_asked_for(
    members: dict, basic: bool, client: Informer, upstream: FaultServer
):
    await at_upstream(client, upstream, **members)
    upstream.answers["/token"] = TOKENS

    await client.ok("POST", CONNECT, {"refreshToken": "r"}, 201)

    (asked,) = upstream.requests
    assert bool(asked.header("Authorization")) is basic
    assert (b"client_secret=planted-secret" in asked.body) is not basic


async def test_addresses_of_oauth_keep_their_query(client: Informer, upstream: FaultServer):
    page, token = "https://login.example.com/authorize?prompt=consent", f"{upstream.url}/token?v=2"
    await at_upstream(client, upstream, authUri=page, tokenUri=token)
    upstream.answers["/token"] = TOKENS

    begun = await client("GET", CONNECT)
    await client.ok("POST", CONNECT, {"refreshToken": "r"}, 201)

    assert begun.headers["location"].startswith(f"{page}&response_type=code&client_id=c&")
    assert [asked.target for asked in upstream.requests] == ["/token?v=2"]
    shown = await client.ok("GET", "/integrations/stock")
    assert (shown["authUri"], shown["tokenUri"]) == (page, token)
