"""Who is connected: by the definition, by a custom type's own address, or as it was learnt when connecting."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlmodel import col, select

from models.tables import Connection
from tests.harness.apps import Apps
from tests.informer.conftest import Informer, refused
from tests.informer.test_integrations import define
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

ACCOUNT = "/integrations/stock/account"
CLAIMS = b'{"sub": "u-7", "email": "ada@example.com", "name": "Ada", "other": 1}'
SHOWN = {"email": "ada@example.com", "displayName": "Ada", "accountId": "u-7"}


async def connected(client: Informer, upstream: FaultServer, **members: Any) -> None:
    await client.make(authType="bearer", apiBaseUri=f"{upstream.url}/v2", **members)
    await client.ok("POST", "/integrations/stock/connect", {"token": "t-4711"}, 201)


async def learn(apps: Apps, account: dict[str, Any]) -> None:
    """As an id_token would have told it."""
    async with apps.database.write() as session:
        mine = select(Connection).where(col(Connection.organization_id) == apps.tenant.id)
        (await session.execute(mine)).scalars().one().account = account


async def test_asks_as_the_definition_says(client: Informer, apps: Apps, upstream: FaultServer):
    upstream.answers["/v2/me"] = reply(b'{"user": {"id": 7, "mail": "ada@example.com"}}')
    account = {"request": {"path": "/me"}, "accountId": "user.id", "email": "user.mail"}
    await define(apps, "shop", auth={"type": "BEARER"}, account=account)
    await connected(client, upstream, type="shop")

    assert await client.ok("GET", ACCOUNT) == {"email": "ada@example.com", "accountId": "7"}
    assert upstream.requests[0].header("Authorization") == ["Bearer t-4711"]


async def test_asks_where_a_custom_type_says_and_reads_openids_claims(client: Informer, upstream: FaultServer):
    upstream.answers["/v2/userinfo"] = reply(CLAIMS)
    await connected(client, upstream, data={"accountUri": "/userinfo"})

    assert await client.ok("GET", ACCOUNT) == SHOWN


async def test_asks_at_a_full_address_that_the_secret_was_entered_for(
    client: Informer, upstream: FaultServer, canary: FaultServer
):
    upstream.answers["/who"] = reply(CLAIMS)
    await connected(client, upstream, data={"accountUri": f"{upstream.url}/who?v=2"})
    found = await client.ok("GET", ACCOUNT)
    await client.ok("PUT", "/integrations/stock", {"data": {"accountUri": f"{canary.url}/who"}})

    moved = await client("GET", ACCOUNT)

    assert found == SHOWN
    assert [(one.target, one.header("Authorization")) for one in upstream.requests] == [
        ("/who?v=2", ["Bearer t-4711"])
    ]
    assert "The address has changed since the secret was entered" in moved.text
    assert (moved.status_code >= 400, canary.connections) == (True, 0)


@pytest.mark.parametrize("scheme", ["http", "HTTP"])
async def test_a_full_address_of_http_is_asked_where_the_egress_allows_it(
    scheme: str, client: Informer, upstream: FaultServer
):
    upstream.answers["/who"] = reply(CLAIMS)
    await connected(client, upstream, data={"accountUri": f"{upstream.url}/who".replace("http", scheme)})

    assert await client.ok("GET", ACCOUNT) == SHOWN


async def test_a_full_address_of_http_is_not_asked_elsewhere(client: Informer):
    await client.make(authType="bearer", data={"accountUri": "http://169.254.169.254/me"})
    await client.ok("POST", "/integrations/stock/connect", {"token": "t-4711"}, 201)

    assert "egress" in refused(await client("GET", ACCOUNT), 502)


async def test_tells_what_was_learnt_when_connecting_where_nobody_can_be_asked(
    client: Informer, apps: Apps, upstream: FaultServer
):
    await connected(client, upstream)
    await learn(apps, {"accountId": "u-7", "email": "ada@example.com", "displayName": "Ada", "other": "hidden"})

    assert await client.ok("GET", ACCOUNT) == SHOWN
    assert upstream.connections == 0


@pytest.mark.parametrize("path", ["/garbage", "/status"])
async def test_tells_what_was_learnt_where_the_service_does_not(
    path: str, client: Informer, apps: Apps, upstream: FaultServer
):
    upstream.answers["/v2/status"] = reply(CLAIMS, "application/json", "403 No")
    upstream.answers["/v2/garbage"] = b"\x00 not http at all\r\n\r\n"
    await connected(client, upstream, data={"accountUri": path})
    await learn(apps, {"accountId": "learnt"})

    assert await client.ok("GET", ACCOUNT) == {"accountId": "learnt"}


async def test_there_is_none_where_nobody_tells(client: Informer, upstream: FaultServer):
    upstream.answers["/v2/userinfo"] = reply(b'{"other": 1}')
    await connected(client, upstream)
    silent = await client("GET", ACCOUNT)
    await client.ok("PUT", "/integrations/stock", {"data": {"accountUri": "/userinfo"}})
    empty = await client("GET", ACCOUNT)

    assert refused(silent, 404) == refused(empty, 404) == "There is no such account."


@pytest.mark.parametrize("status", [401, 500])
async def test_is_a_bad_gateway_where_the_service_fails(status: int, client: Informer, upstream: FaultServer):
    upstream.answers["/v2/userinfo"] = reply(CLAIMS, "application/json", f"{status} No")
    await connected(client, upstream, data={"accountUri": "/userinfo"})

    assert f"answered {status}" in refused(await client("GET", ACCOUNT), 502)


async def test_is_a_bad_gateway_if_an_expression_takes_too_much_of_the_answer(
    client: Informer, apps: Apps, upstream: FaultServer
):
    doubling = "to_string(to_array(" * 13 + "@" + "))" * 13
    await define(apps, "shop", auth={"type": "BEARER"}, account={"request": {"path": "/me"}, "accountId": doubling})
    await connected(client, upstream, type="shop")
    upstream.answers["/v2/me"] = reply(orjson.dumps('"' * 20_000))

    assert "makes more than 4000000 bytes of text" in refused(await client("GET", ACCOUNT), 502)


@pytest.mark.parametrize(
    "uri",
    ["ftp://evil.example/me", "https://a@evil.example/", "/a?://b", "//evil.example", "/../me", "/%2e%2e/me", "me"],
)
async def test_an_address_that_leaves_the_api_is_not_asked(uri: str, client: Informer, upstream: FaultServer):
    await connected(client, upstream, data={"accountUri": uri})

    assert refused(await client("GET", ACCOUNT), 400).startswith("data.accountUri: ")
    assert upstream.connections == 0


@pytest.mark.parametrize("body", [b"[]", b"null", b"{", b'{"sub": {"a": 1}}', b'{"sub": true}', b'{"sub": ""}'])
async def test_an_answer_that_tells_nothing_is_none(body: bytes, client: Informer, upstream: FaultServer):
    upstream.answers["/v2/userinfo"] = reply(body)
    await connected(client, upstream, data={"accountUri": "/userinfo"})

    refused(await client("GET", ACCOUNT), 404)


async def test_without_a_connection_there_is_none(client: Informer):
    await client.make(authType="bearer")

    assert refused(await client("GET", ACCOUNT), 404) == "There is no such connection."
