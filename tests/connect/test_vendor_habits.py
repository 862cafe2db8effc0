"""Vendors that deviate: extra token parameters, no PKCE, nested tokens, answers by form, `iss`, empty errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

from models.tables import Connection
from tests.connect.people import App, confirm, make_integration, save_vendor, session_of, state_of, submit, title_of
from tests.harness.acting import act
from tests.harness.rows import changes, snapshot
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

UNKNOWN = "This sign-in cannot be finished"
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


def post(browser: httpx.Client, address: str, **more: Any) -> httpx.Response:
    """The answer as the vendor's page makes the browser post it: without the browser's cookie (SameSite=Lax)."""
    path, _, query = address.partition("?")
    cookies = dict(browser.cookies)
    browser.cookies.clear()
    headers = {"Origin": ISSUER, "Sec-Fetch-Site": "cross-site"} | more.pop("headers", {})
    page = browser.post(path, data=dict(parse_qsl(query, keep_blank_values=True)) | more, headers=headers)
    browser.cookies.update(cookies)
    return page


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


@pytest.mark.parametrize("said", [{"code": "c-1", "iss": "x"}, {"error": "access_denied"}], ids=["consent", "denial"])
async def test_a_posted_answer_ends_the_sign_in_of_the_browser_that_began(
    said, make, upstream, browser, organization, database
):
    app = await make(responseMode="FORM_POST")
    begun = await app.begin(browser)
    address = answer(begun, **said)
    before = await snapshot(database, organization.id)

    posted = post(browser, address, id_token="e.y.J", user='{"name":"Ada"}', session_state="s")
    untouched = changes(before, await snapshot(database, organization.id))
    page = browser.get(posted.headers["location"])

    assert (posted.status_code, untouched) == (303, [])
    assert dict(parse_qsl(urlsplit(posted.headers["location"]).query)) == {"state": state_of(begun["url"]), **said}
    assert (posted.headers["cache-control"], posted.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "set-cookie" not in posted.headers
    ended = ("Acme is connected", 200) if "code" in said else ("Acme was not connected", 400)
    assert (title_of(page), page.status_code) == ended
    assert [form["code"] for form in asked(upstream)] == (["c-1"] if "code" in said else [])


async def test_a_posted_answer_is_asked_about_in_any_other_browser(
    make, upstream, browser, another_browser, organization, database
):
    begun = await (await make(responseMode="FORM_POST")).begin(browser)
    before = await snapshot(database, organization.id)

    posted = post(another_browser, answer(begun, code="c-1"))
    page = another_browser.get(posted.headers["location"])

    assert title_of(page) == "Connect Acme?"
    assert changes(before, await snapshot(database, organization.id)) == []
    assert asked(upstream) == []
    assert title_of(confirm(another_browser, page)) == "Acme is connected"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"state": ""}, 400),
        ({"state": "u" * 43}, 400),
        ({"code": "x" * 17_000}, 413),
        ({"code": "x" * 300_000}, 413),
        ({f"p{number}": "" for number in range(120)}, 400),
    ],
    ids=["no state", "unknown state", "17 kB", "300 kB", "120 fields"],
)
async def test_a_posted_answer_that_nobody_can_use_is_refused(said, status, make, browser, organization, database):
    begun = await (await make(responseMode="FORM_POST")).begin(browser)
    before = await snapshot(database, organization.id)

    page = post(browser, answer(begun, **({"code": "c-1"} | said)))

    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "location" not in page.headers
    assert changes(before, await snapshot(database, organization.id)) == []


async def test_a_posted_answer_that_says_something_twice_is_not_believed(make, browser):
    begun = await (await make(responseMode="FORM_POST")).begin(browser)
    body = f"{answer(begun, code='c-1').partition('?')[2]}&code=c-2"
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}

    page = browser.post("/oauth2/callback", content=body, headers=kind)
    wrong = browser.post("/oauth2/callback", content=body, headers=kind | {"Content-Type": "text/plain"})

    assert (page.status_code, title_of(page)) == (400, UNKNOWN)
    assert wrong.status_code == 415


async def test_a_posted_answer_does_not_confirm(make, browser, another_browser, upstream):
    begun = await (await make(responseMode="FORM_POST")).begin(browser)
    page = another_browser.get(answer(begun, code="c-1"))
    (confirmation,) = page.text.split('name="confirmation" value="')[1:]

    forged = post(another_browser, answer(begun, code="c-1"), confirmation=confirmation.partition('"')[0])
    own = submit(another_browser, "/oauth2/callback", state=state_of(begun["url"]), code="c-1")

    assert [forged.status_code, own.status_code] == [403, 400]
    assert asked(upstream) == []


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


@pytest.mark.parametrize("error", ["", " ", "  ", "0", "-", "[]"])
async def test_an_error_without_letters_is_none(error, make, browser, upstream):
    begun = await (await make()).begin(browser)

    page = browser.get(answer(begun, code="c-1", error=error, error_description=error))

    assert (page.status_code, title_of(page)) == (200, "Acme is connected")
    assert len(asked(upstream)) == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"code": "c-1", "error": "access_denied"}, "(access_denied)"),
        ({"code": "c-1", "error": "взлом"}, "(взлом)"),
        ({"error": ""}, "The vendor's answer has no code. Connect again."),
        ({"error": "", "error_description": "Try later."}, "Try later. The vendor's answer has no code."),
        ({"code": ""}, "The vendor's answer has no code."),
        ({"code": " "}, "The vendor's answer has no code."),
        ({}, "The vendor's answer has no code."),
    ],
)
async def test_an_answer_without_a_code_or_with_an_error_ends_the_sign_in(
    said, sentence, make, browser, upstream, organization
):
    begun = await (await make()).begin(browser)

    page = browser.get(answer(begun, **said))

    ended = await session_of(organization.client, begun["session"]["id"])
    assert (page.status_code, ended["status"]) == (400, "FAILED")
    assert sentence in ended["error"]
    assert asked(upstream) == []
