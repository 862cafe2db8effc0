"""Vendors that deviate: extra token parameters, no PKCE, nested tokens, `iss`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.tables import Connection
from tests.connect.people import App, make_integration, save_vendor, session_of, state_of, title_of
from tests.harness.acting import act
from tests.harness.rows import snapshot
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

TOKENS = b'{"access_token":"the-token","refresh_token":"the-refresh","token_type":"Bearer","expires_in":3600}'
USER = b'{"access_token":"xoxp-of-the-user","scope":"search:read"}'
SLACK = b'{"ok":true,"access_token":"xoxb-of-the-bot","authed_user":' + USER + b"}"
ISSUER = "https://vendor.example"
Make = Callable[..., Awaitable[App]]


def auth_at(upstream: FaultServer, **more: Any) -> dict[str, Any]:
    addresses = {"apiBaseUrl": upstream.url, "tokenUrl": f"{upstream.url}/token"}
    consent = {"clientId": "c", "authorizationUrl": f"{ISSUER}/authorize?prompt=consent"}
    return {"type": "OAUTH2", **addresses, **consent, **more}


@pytest.fixture
def make(organization, upstream) -> Make:
    """Makes an integration at the upstream; arguments are members of its auth group."""
    upstream.answers["/token"] = reply(TOKENS)
    capability = {"name": "DO", "method": "GET", "endpoint": "/ok"}

    async def make_app(**more: Any) -> App:
        return await make_integration(
            organization, name="Acme", auth=auth_at(upstream, **more), capabilities=[capability]
        )

    return make_app


def answer(begun: dict[str, Any], **said: str) -> str:
    return f"/oauth2/callback?{urlencode({'state': state_of(begun['url'])} | said)}"


def asked(upstream: FaultServer) -> list[dict[str, str]]:
    return [dict(parse_qsl(one.body.decode())) for one in upstream.requests if one.target == "/token"]


async def test_constants_go_along_with_every_token_request(make, upstream, browser, organization, database):
    constants = {"audience": "https://api.example/", "resource": "urn:a b"}
    app = await make(tokenParameters=constants)
    browser.get(answer(await app.begin(browser), code="c-1"))
    over = update(Connection).where(col(Connection.organization_id) == organization.id).values(expires_at=1)
    async with database.write() as session:
        await session.execute(over)
    given = {"capability": {"named": {"handler": "ACME", "name": "DO"}}}
    await act(organization.client, "dispatch", given, "dispatch { outcome }")
    await make(type="CLIENT_CREDENTIALS", clientSecret="s", tokenParameters=constants)
    own = {"capability": {"named": {"handler": "ACME_2", "name": "DO"}}}
    await act(organization.client, "dispatch", own, "dispatch { outcome }")

    forms = asked(upstream)

    assert [form["grant_type"] for form in forms] == ["authorization_code", "refresh_token", "client_credentials"]
    assert [form | constants for form in forms] == forms


async def test_another_audience_gets_another_token(make, upstream, organization):
    app = await make(type="CLIENT_CREDENTIALS", clientSecret="s", tokenParameters={"audience": "one"})
    given = {"capability": {"named": {"handler": "ACME", "name": "DO"}}}
    await act(organization.client, "dispatch", given, "dispatch { outcome }")

    await act(
        organization.client, "updateIntegration", {"id": app.id, "auth": {"tokenParameters": {"audience": "two"}}}
    )
    await act(organization.client, "dispatch", given, "dispatch { outcome }")

    assert [form["audience"] for form in asked(upstream)] == ["one", "two"]


async def test_a_vendor_that_refuses_pkce_gets_none(make, upstream, browser):
    app = await make(pkce=False)
    begun = await app.begin(browser)

    page = browser.get(answer(begun, code="c-1"))

    sent = parse_qs(urlsplit(begun["url"]).query)
    assert (page.status_code, title_of(page)) == (200, "Acme is connected")
    assert {"code_challenge", "code_challenge_method", "response_mode"} & set(sent) == set()
    assert [set(form) & {"code", "code_verifier"} for form in asked(upstream)] == [{"code"}]


async def test_a_change_of_pkce_leaves_a_sign_in_as_it_began(make, upstream, browser, organization):
    app = await make()
    begun = await app.begin(browser)
    await act(organization.client, "updateIntegration", {"id": app.id, "auth": {"pkce": False}})

    page = browser.get(answer(begun, code="c-1"))

    assert page.status_code == 200
    assert len(asked(upstream)[0]["code_verifier"]) == 43


async def test_the_users_token_is_kept_and_not_the_bots(make, upstream, browser, organization):
    upstream.answers["/token"] = reply(SLACK)
    app = await make(tokenPath="authed_user")
    begun = await app.begin(browser)
    given = {"capability": {"named": {"handler": "ACME", "name": "DO"}}}

    browser.get(answer(begun, code="c-1"))
    await act(organization.client, "dispatch", given, "dispatch { outcome }")

    connection = (await session_of(organization.client, begun["session"]["id"]))["connection"]
    assert (connection["grantedScopes"], connection["details"]) == (["search:read"], {"accessToken": "xoxp…"})
    assert upstream.requests[-1].header("authorization") == ["Bearer xoxp-of-the-user"]


async def test_a_bots_token_is_not_kept_as_the_users(make, upstream, browser, organization, database):
    upstream.answers["/token"] = reply(b'{"ok":true,"access_token":"xoxb-of-the-bot","authed_user":{"id":"U1"}}')
    app = await make(tokenPath="authed_user")
    begun = await app.begin(browser)

    page = browser.get(answer(begun, code="c-1"))

    assert "without an access token at the tokenPath authed_user" in page.text
    assert (await session_of(organization.client, begun["session"]["id"]))["status"] == "FAILED"
    assert (await snapshot(database, organization.id))["connection"] == {}


@pytest.mark.parametrize("url", [f"{ISSUER}/authorize", f"{ISSUER}/authorize?response_mode=query"])
async def test_the_vendor_is_asked_to_answer_by_form(make, browser, url):
    app = await make(responseMode="FORM_POST", authorizationUrl=url)

    begun = await app.begin(browser)

    assert parse_qs(urlsplit(begun["url"]).query)["response_mode"] == ["form_post"]


@pytest.mark.parametrize(
    ("said", "connects"), [({"iss": ISSUER}, True), ({}, False), ({"iss": "https://evil.example"}, False)]
)
@pytest.mark.parametrize("said_in_metadata", [True, False])
async def test_an_issuer_that_always_names_itself_is_missed(
    said, connects, said_in_metadata, upstream, browser, organization
):
    upstream.answers["/token"] = reply(TOKENS)
    own = {"authorizationUrl": f"{ISSUER}/authorize", "tokenUrl": f"{upstream.url}/token", "issuer": ISSUER}
    auth = {"type": "OAUTH2", **own, "authorizationResponseIssParameterSupported": said_in_metadata}
    await save_vendor(organization, "acme", auth=auth)
    app = await make_integration(organization, name="Acme", vendor="acme", auth={"clientId": "c"})
    begun = await app.begin(browser)

    page = browser.get(answer(begun, code="c-1", **said))

    connects = connects or (not said and not said_in_metadata)
    assert title_of(page) == ("Acme is connected" if connects else "Acme was not connected")
    assert len(asked(upstream)) == connects
