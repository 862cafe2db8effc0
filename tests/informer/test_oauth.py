"""Connecting by OAuth: over the vendor's consent page, and with grants that were got elsewhere."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlmodel import col, select

from models.tables import Connection, ConnectSession
from models.vocabulary import AuthType, ConnectionStatus
from tests.harness.apps import Apps
from tests.harness.rows import changes, snapshot
from tests.informer.conftest import BASE, REQUEST, Informer, refused
from tests.informer.test_connections import CONNECT, CONNECTION, connections
from tests.node.provider import CLIENT_ID, CLIENT_SECRET, Provider
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

TOKENS = reply(
    b'{"access_token":"access-4711","token_type":"Bearer","expires_in":600,"refresh_token":"refresh-4711"}'
)
REFUSED = reply(b'{"error":"invalid_grant","error_description":"It is over."}', "application/json", "400 No")


async def at_provider(client: Informer, provider: Provider, **members: Any) -> None:
    """An integration at the certified provider, shared with `member`."""
    oauth = {
        "authType": "oauth2",
        "clientId": CLIENT_ID,
        "clientSecret": CLIENT_SECRET,
        "basicTokenAuth": True,
        "authUri": provider.authorization_url,
        "tokenUri": provider.token_url,
        "apiBaseUri": provider.issuer,
        "scope": "openid items:read",
        "data": {"issuer": provider.issuer},
    }
    await client.make(**{**oauth, **members})
    await client.ok("PUT", "/integrations/stock/shares/member")


async def at_upstream(client: Informer, upstream: FaultServer, **members: Any) -> None:
    """An integration whose token endpoint is the test's own."""
    oauth = {"authType": "oauth2", "clientId": "c", "clientSecret": "planted-secret", "scope": "items:read"}
    await client.make(**{**oauth, "tokenUri": f"{upstream.url}/token", "apiBaseUri": upstream.url, **members})


def begin(speaker: Informer, browser: httpx.Client) -> str:
    """The vendor's address, for a browser that asks with the speaker's token."""
    begun = browser.get(f"{BASE}{CONNECT}", headers=speaker.headers)
    assert begun.status_code == 302, begun.text
    return begun.headers["location"]


def consented(speaker: Informer, provider: Provider, browser: httpx.Client, user: str = "alice") -> httpx.Response:
    """The hub's answer to the browser that comes back from the consent page."""
    return browser.get(provider.consent(begin(speaker, browser), user=user))


@pytest.mark.needs("node")
async def test_sends_to_the_consent_page(client: Informer, user: Informer, provider: Provider, hub, apps: Apps):
    await at_provider(client, provider)

    answer = await user("GET", CONNECT)

    address = urlsplit(answer.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert (answer.status_code, answer.content) == (302, b"")
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"patchbay-browser=[\w-]{43}; HttpOnly; Max-Age=86400; Path=/; SameSite=lax", cookie)
    assert f"{address.scheme}://{address.netloc}{address.path}" == provider.authorization_url
    challenge, state = asked.pop("code_challenge"), asked.pop("state")
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{hub.url}/informer/oauth2/callback",
        "scope": "openid items:read",
        "code_challenge_method": "S256",
    }
    assert len(challenge) == len(state) == 43


@pytest.mark.needs("node")
async def test_whoever_consents_is_connected_and_calls_with_the_token(
    client: Informer, user: Informer, provider: Provider, browser, apps: Apps
):
    await at_provider(client, provider)

    back = consented(user, provider, browser)

    assert back.status_code == 302
    assert browser.get(back.headers["location"]).status_code == 200
    made = await user.ok("GET", CONNECTION)
    (row,) = await connections(apps)
    assert (made["id"], made["isShared"]) == (row.id, False)
    assert (row.status, row.auth_type) == (ConnectionStatus.CONNECTED, AuthType.OAUTH2)
    assert (await user.ok("GET", "/integrations/stock/account"))["accountId"] == "alice"
    me = await user("POST", REQUEST, {"url": "/me"})
    assert (me.status_code, me.json()["sub"]) == (200, "alice")
    refused(await client("GET", CONNECTION), 404)


@pytest.mark.needs("node")
async def test_consenting_again_renews_the_connection(
    client: Informer, user: Informer, provider, browser, apps: Apps
):
    await at_provider(client, provider)
    consented(user, provider, browser)
    (first,) = await connections(apps)

    consented(user, provider, browser, user="bob")

    (second,) = await connections(apps)
    assert (second.id, second.secret_version) == (first.id, first.secret_version + 1)
    assert (await user.ok("GET", "/integrations/stock/account"))["accountId"] == "bob"


@pytest.mark.needs("node")
async def test_where_connections_are_shared_it_is_everybodys(
    client: Informer, user: Informer, provider: Provider, browser, apps: Apps
):
    await at_provider(client, provider, mode="shared")
    before = await snapshot(apps.database, apps.tenant.id)

    refused(await user("GET", CONNECT), 403)
    untouched = changes(before, await snapshot(apps.database, apps.tenant.id))
    consented(client, provider, browser)

    assert untouched == ["+ audit_entry"]
    assert (await user.ok("GET", CONNECTION))["isShared"] is True


@pytest.mark.needs("node")
async def test_a_refused_consent_connects_nobody_and_is_a_page(client: Informer, user, provider, browser, apps: Apps):
    await at_provider(client, provider)

    page = browser.get(provider.consent(begin(user, browser), refuse=True))

    assert page.status_code == 400
    assert page.headers["content-type"].startswith("text/html")
    assert await connections(apps) == []


@pytest.mark.needs("node")
async def test_an_answer_is_good_once_and_at_its_own_address(client: Informer, user, provider, browser, apps: Apps):
    await at_provider(client, provider)
    back = provider.consent(begin(user, browser))

    elsewhere = browser.get(back.replace("/informer/oauth2/", "/oauth2/"))
    first, again = browser.get(back), browser.get(back)

    assert [page.status_code for page in (elsewhere, first, again)] == [400, 302, 400]
    assert len(await connections(apps)) == 1


@pytest.mark.parametrize("query", ["", "?state=", "?state=x&code=y", "?code=y", "?state=a&state=b", "?error=x"])
async def test_a_callback_that_nobody_waits_for_is_a_page_that_can_be_read(query: str, http):
    page = await http.get(f"/informer/oauth2/callback{query}")

    assert page.status_code == 400
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>" in page.text


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"authType": "basic"}, "It authorises with BASIC, which has no consent page."),
        ({"authUri": None}, "The integration lacks its client id or its authorization address; set them."),
        ({"clientId": None, "authUri": "https://a.example.com/auth"}, "The integration lacks its client id"),
    ],
)
async def test_says_what_is_missing_for_a_consent(
    members: dict, sentence: str, client: Informer, upstream, apps: Apps
):
    await at_upstream(client, upstream, **members)

    assert sentence in refused(await client("GET", CONNECT), 400)

    async with apps.database.read() as session:
        mine = select(ConnectSession).where(col(ConnectSession.organization_id) == apps.tenant.id)
        assert (await session.execute(mine)).scalars().all() == []


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (
            {"code": "c-1", "redirectUri": "https://app.example.com/back"},
            {"grant_type": "authorization_code", "code": "c-1", "redirect_uri": "https://app.example.com/back"},
        ),
        ({"code": "c-1"}, {"grant_type": "authorization_code", "code": "c-1"}),
        ({"refreshToken": "r-1"}, {"grant_type": "refresh_token", "refresh_token": "r-1"}),
    ],
)
async def test_connects_with_a_grant_that_was_got_elsewhere(
    body: dict, sent: dict, client: Informer, upstream: FaultServer, apps: Apps
):
    await at_upstream(client, upstream, basicTokenAuth=True)
    upstream.answers["/token"] = TOKENS

    made = await client.ok("POST", CONNECT, body, 201)
    answer = await client("POST", REQUEST, {"url": "/ok"})

    asked, called = upstream.requests
    assert {name: values[0] for name, values in parse_qs(asked.body.decode()).items()} == sent
    assert asked.header("Authorization") == ["Basic YzpwbGFudGVkLXNlY3JldA=="]
    assert called.header("Authorization") == ["Bearer access-4711"]
    assert (made["isShared"], answer.status_code) == (False, 200)
    assert set(made) == {"id", "integrationId", "ownerId", "isShared", "createdAt", "updatedAt"}
    (row,) = await connections(apps)
    assert row.granted_scopes == ["items:read"]


async def test_a_grant_renews_the_connection_that_is_there(client: Informer, upstream: FaultServer, apps: Apps):
    await at_upstream(client, upstream, mode="shared")
    upstream.answers["/token"] = TOKENS

    made = [await client.ok("POST", CONNECT, {"refreshToken": token}, 201) for token in ("r-1", "r-2")]

    assert made[0]["id"] == made[1]["id"]
    assert [one["isShared"] for one in made] == [True, True]
    assert len(await connections(apps)) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (REFUSED, "invalid_grant"),
        (reply(b"<html>", "text/html"), ""),
        (reply(b"{}", "application/json", "500 No"), ""),
    ],
)
async def test_connects_nobody_where_the_vendor_gives_no_tokens(
    answer: bytes, said: str, client: Informer, upstream: FaultServer, apps: Apps
):
    await at_upstream(client, upstream)
    upstream.answers["/token"] = answer
    before = await snapshot(apps.database, apps.tenant.id)

    message = refused(await client("POST", CONNECT, {"refreshToken": "r-planted"}), 502)

    assert said in message
    assert "planted" not in message
    assert changes(before, await snapshot(apps.database, apps.tenant.id)) == []


@pytest.mark.parametrize(
    ("members", "body", "sentence"),
    [
        ({"authType": "basic"}, {"code": "c"}, "The integration authorises with BASIC, not OAUTH2."),
        ({"tokenUri": None}, {"refreshToken": "r"}, "The integration lacks its client id or its token address"),
        ({}, {"code": ""}, "code: It must not be empty."),
        ({}, {"code": 7}, "code: It must be text."),
        ({}, {"code": "c", "redirectUri": 7}, "redirectUri: It must be text."),
        ({}, {"code": "c", "refreshToken": "r"}, "Give exactly one of username, token, apiKey, refreshToken, code."),
    ],
)
async def test_refuses_a_grant_that_cannot_be_and_asks_nobody(
    members: dict, body: dict, sentence: str, client: Informer, upstream: FaultServer, apps: Apps
):
    await at_upstream(client, upstream, **members)

    assert refused(await client("POST", CONNECT, body), 400).startswith(sentence)

    assert upstream.connections == 0
    assert await connections(apps) == []


async def test_only_who_may_change_it_brings_a_grant_for_everybody(
    client: Informer, user: Informer, upstream: FaultServer, apps: Apps
):
    await at_upstream(client, upstream, mode="shared")
    await client.ok("PUT", "/integrations/stock/shares/member")

    refused(await user("POST", CONNECT, {"refreshToken": "r"}), 403)

    assert upstream.connections == 0
    assert await connections(apps) == []


async def test_what_is_connected_stays_the_callers(
    client: Informer, user: Informer, upstream: FaultServer, apps: Apps
):
    await at_upstream(client, upstream)
    await client.ok("PUT", "/integrations/stock/shares/member")
    upstream.answers["/token"] = TOKENS

    await user.ok("POST", CONNECT, {"refreshToken": "r-1"}, 201)

    refused(await client("GET", CONNECTION), 404)
    async with apps.database.read() as session:
        mine = select(Connection).where(col(Connection.organization_id) == apps.tenant.id)
        assert (await session.execute(mine)).scalars().one().principal_id != apps.tenant.admin_id
