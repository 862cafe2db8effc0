"""What definitions say of vendors: how consent is asked for, who is connected, and which fields a form has."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.secret_column import secret_place
from models.tables import Connection
from tests.connect.people import DESK, make_integration, save_vendor, session_of, state_of, submit, title_of
from tests.upstreams.canned import reply


@pytest.fixture
async def desk(organization):
    """An integration of a vendor with fields of its own."""
    await save_vendor(organization, "desk", **DESK)
    return await make_integration(organization, name="Desk", vendor="desk")


async def stored(hub, database, tenant) -> bytes:
    mine = select(Connection).where(col(Connection.organization_id) == tenant.id)
    async with database.read() as session:
        (row,) = (await session.execute(mine)).scalars()
    return hub.app.state.hub.keyring.open(row.secret, secret_place(row, "secret"))


async def test_a_form_has_the_vendors_fields_and_composes_the_secret(desk, hub, browser, organization, database):
    link = (await desk.link())["url"]
    page = browser.get(link)
    given = {"email": "e@example.test", "apiToken": "abcd", "plan": "large"}

    sent = submit(browser, link, integration=desk.row_id, **given)

    assert re.findall(r'<label for="(\w+)">([^<]+?) ?<', page.text) == [
        ("email", "E-mail"),
        ("apiToken", "API token"),
        ("plan", "Plan"),
        ("notes", "Notes"),
    ]
    assert '<p class="help" id="apiToken-help">Under &lt;Admin&gt;, API.</p>' in page.text
    assert 'aria-describedby="apiToken-help"' in page.text
    assert "<option>large</option>" in page.text
    assert '<textarea id="notes"' in page.text
    assert sent.status_code == 303, sent.text
    kept = await stored(hub, database, organization)
    assert b'"username":"e@example.test/token"' in kept
    assert b'"password":"abcd"' in kept


async def test_each_fault_stands_at_its_field(desk, browser):
    link = (await desk.link())["url"]
    browser.get(link)

    page = submit(browser, link, integration=desk.row_id, email="e@example.test", apiToken="WRONG", plan="huge")
    empty = submit(browser, link, integration=desk.row_id)

    assert page.status_code == 400
    assert re.findall(r'class="fault" id="(\w+)-fault"', page.text) == ["apiToken", "plan"]
    assert 'aria-describedby="apiToken-fault apiToken-help"' in page.text
    assert "WRONG" not in page.text
    assert 'value="e@example.test"' in page.text
    assert re.findall(r'class="fault" id="(\w+)-fault">([^<]+)', empty.text) == [
        ("email", "Fill this in."),
        ("apiToken", "Fill this in."),
    ]


async def test_what_is_wrong_as_a_whole_is_said_above(desk, browser):
    link = (await desk.link())["url"]
    browser.get(link)

    page = submit(browser, link, integration=desk.row_id, email="e:x@example.test", apiToken="abcd")

    assert (page.status_code, title_of(page)) == (400, "Connect Desk")
    assert "A user name must not contain a colon" in page.text


async def test_consent_is_asked_for_as_the_vendor_wants_it_and_its_account_is_read(organization, browser, upstream):
    upstream.answers["/token"] = reply(b'{"access_token":"the-token","token_type":"Bearer"}')
    upstream.answers["/api/who"] = reply(b'{"user":{"id":7,"mail":"d@example.test"}}')
    auth = {
        "type": "OAUTH2",
        "apiBaseUrl": f"{upstream.url}/api",
        "authorizationUrl": "https://vendor.example/authorize",
        "tokenUrl": f"{upstream.url}/token",
        "scopeSeparator": ",",
        "authorizationParameters": {"prompt": "consent", "state": "ours"},
        "issuer": "https://vendor.example",
    }
    account = {"request": {"path": "/who"}, "accountId": "to_string(user.id)", "email": "user.mail"}
    await save_vendor(organization, "acme", auth=auth, account=account)
    app = await make_integration(
        organization, name="Acme", vendor="acme", auth={"clientId": "c", "scopes": ["a:read", "b:read"]}
    )
    begun, mixed_up = await app.begin(browser), await app.begin(browser)

    page = browser.get(f"/oauth2/callback?state={state_of(begun['url'])}&code=c&iss=https://vendor.example")
    other = browser.get(f"/oauth2/callback?state={state_of(mixed_up['url'])}&code=c&iss=https://evil.example")

    asked = parse_qs(urlsplit(begun["url"]).query)
    made = (await session_of(organization.client, begun["session"]["id"]))["connection"]
    assert (asked["scope"], asked["prompt"], len(asked["state"])) == (["a:read,b:read"], ["consent"], 1)
    assert title_of(page) == "Acme is connected"
    assert made["account"] == {"accountId": "7", "email": "d@example.test", "displayName": None}
    assert upstream.requests[-1].header("authorization") == ["Bearer the-token"]
    assert other.status_code == 400


async def test_an_account_s_name_holds_no_token(organization, upstream, browser):
    upstream.answers["/token"] = reply(
        b'{"access_token":"the-token","refresh_token":"the-refresh","token_type":"Bearer"}'
    )
    upstream.answers["/me"] = reply(b'{"sub":"7","name":"Carol the-token and the-refresh"}')
    auth = {
        "type": "OAUTH2",
        "apiBaseUrl": upstream.url,
        "authorizationUrl": "https://vendor.example/authorize",
        "tokenUrl": f"{upstream.url}/token",
        "userinfoUrl": f"{upstream.url}/me",
    }
    await save_vendor(organization, "acme", auth=auth)
    app = await make_integration(organization, name="Acme", vendor="acme", auth={"clientId": "c"})
    begun = await app.begin(browser)

    browser.get(f"/oauth2/callback?state={state_of(begun['url'])}&code=c")

    made = (await session_of(organization.client, begun["session"]["id"]))["connection"]
    assert made["account"]["displayName"] == "Carol *** and ***"
