"""Connect pages as a browser without JavaScript meets them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.secret_column import secret_place
from models.tables import Connection, ConnectSession, Integration
from models.vocabulary import ConnectionMode
from resolvers.connect.links import digest_of
from tests.connect.people import create_link, leads_to, make_integration, session_of, submit, title_of
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot

UPDATE = """mutation($input: UpdateOrganizationInput!) { updateOrganization(input: $input) { __typename } }"""
KEY = {"type": "API_KEY", "apiBaseUrl": "https://api.example"}
OAUTH = {
    "type": "OAUTH2",
    "clientId": "c",
    "authorizationUrl": "https://vendor.example/authorize",
    "tokenUrl": "https://vendor.example/token",
}


@pytest.fixture
async def app(organization):
    """An integration that wants an API key."""
    return await make_integration(organization, name="Acme", auth=KEY)


@pytest.fixture
async def link(app):
    return (await app.link())["url"]


async def secret_of(hub, database, tenant):
    """What was stored in an organization's only connection, opened."""
    wired = hub.app.state.hub
    async with database.read() as session:
        (row,) = (
            await session.execute(select(Connection).where(col(Connection.organization_id) == tenant.id))
        ).scalars()
    return row, wired.keyring.open(row.secret, secret_place(row, "secret"))


@both
async def test_a_link_asks_for_what_the_integration_needs_and_keeps_it(app, hub, browser, organization, database):
    made = await app.link()
    form = browser.get(made["url"])

    sent = submit(browser, made["url"], integration=app.row_id, apiKey="sk-of-the-user-0123")
    end = browser.get(made["url"])

    row, stored = await secret_of(hub, database, organization)
    ended = await session_of(organization.client, made["session"]["id"])
    assert (form.status_code, title_of(form)) == (200, "Connect Acme")
    assert '<label for="apiKey">API key</label>' in form.text
    assert (sent.status_code, sent.headers["location"]) == (303, made["url"].rpartition("/")[2])
    assert (end.status_code, title_of(end)) == (200, "Acme is connected")
    assert (row.mode, stored) == (ConnectionMode.SHARED, b'{"apiKey":"sk-of-the-user-0123"}')
    assert (ended["status"], ended["connection"]["details"]) == ("COMPLETED", {"apiKey": "sk-o…"})
    assert "sk-of-the-user" not in form.text + sent.text + end.text


@pytest.mark.parametrize(
    ("type", "given", "stored"),
    [
        ("BASIC", {"username": "u", "password": "p w"}, b'{"username":"u","password":"p w"}'),
        ("BASIC", {"username": "key-alone", "password": ""}, b'{"username":"key-alone","password":""}'),
        ("BEARER", {"token": "t"}, b'{"token":"t"}'),
        ("CLIENT_CREDENTIALS", {}, b"{}"),
    ],
)
async def test_takes_what_each_kind_of_integration_takes(type, given, stored, hub, organization, browser, database):
    app = await make_integration(organization, name="Acme", auth={"type": type, "clientId": "c"})
    link = (await app.link())["url"]
    browser.get(link)

    sent = submit(browser, link, integration=app.row_id, **given)

    row, kept = await secret_of(hub, database, organization)
    assert sent.status_code == 303, sent.text
    assert (row.auth_type, kept) == (type, stored)


async def test_a_link_for_a_user_makes_a_connection_of_their_own(app, browser, organization):
    member = await organization.add_user("erika")
    made = await app.link(principalId=member)
    form = browser.get(made["url"])

    submit(browser, made["url"], integration=app.row_id, apiKey="k")

    ended = await session_of(organization.client, made["session"]["id"])
    assert "for <strong>Erika</strong>" in form.text
    assert (ended["connection"]["mode"], ended["connection"]["principal"]) == ("PER_USER", {"username": "erika"})


async def test_offers_a_choice_and_nothing_that_is_not_on_offer(app, browser, organization, database):
    other = await make_integration(organization, name="Bolt & Sons <b>", auth=OAUTH)
    hidden = await make_integration(organization, name="Hidden", auth=KEY)
    link = (await create_link(organization.client, integrationIds=[app.id, other.id], mode="SHARED"))["url"]

    page = browser.get(link)
    chosen = browser.get(f"{link}?integration={app.row_id}")
    not_offered = browser.get(f"{link}?integration={hidden.row_id}")
    before = await snapshot(database, organization.id)
    sent = submit(browser, link, integration=hidden.row_id, apiKey="k")

    assert title_of(page) == "Choose what to connect"
    assert re.findall(r'href="(\?integration=\w+)"', page.text) == [
        f"?integration={app.row_id}",
        f"?integration={other.row_id}",
    ]
    assert "Bolt &amp; Sons &lt;b&gt;" in page.text
    assert title_of(chosen) == "Connect Acme"
    assert (not_offered.status_code, sent.status_code) == (404, 404)
    assert changes(before, await snapshot(database, organization.id)) == []


@pytest.mark.parametrize("given", ["", " ", "two\nlines", "nul\0", "x" * 70_000])
async def test_says_beside_the_field_what_is_wrong_and_repeats_no_secret(given, app, link, browser):
    browser.get(link)

    page = submit(browser, link, integration=app.row_id, apiKey=given)

    (said,) = re.findall(r'<p class="fault" id="apiKey-fault">(.*?)</p>', page.text)
    (box,) = re.findall(r'<input id="apiKey".*?>', page.text)
    assert page.status_code == 400
    assert said
    assert 'aria-describedby="apiKey-fault"' in box
    assert 'aria-invalid="true"' in box
    assert 'value=""' in box
    again = submit(browser, link, integration=app.row_id, apiKey=" pasted\r\n")
    assert again.status_code == 303


async def test_keeps_what_is_no_secret_while_the_rest_is_filled_in_again(organization, browser):
    app = await make_integration(organization, name="Acme", auth={"type": "BASIC"})
    link = (await app.link())["url"]
    browser.get(link)

    page = submit(browser, link, integration=app.row_id, username='erika" autofocus="', password="hush\nhush")

    assert page.status_code == 400
    assert 'value="erika&#34; autofocus=&#34;"' in page.text
    assert "hush" not in page.text


@both
async def test_belongs_to_the_browser_that_uses_it_first(link, browser, another_browser, organization, database):
    app = await make_integration(organization, name="Bolt", auth=OAUTH)
    link = (await app.link())["url"]
    browser.get(link), another_browser.get(link)
    leaving = submit(browser, link, integration=app.row_id)
    before = await snapshot(database, organization.id)

    shown, sent = another_browser.get(link), submit(another_browser, link, integration=app.row_id)

    assert leads_to(leaving).startswith("https://vendor.example/authorize?")
    assert (shown.status_code, title_of(shown)) == (409, "This link belongs to another browser")
    assert (sent.status_code, title_of(sent)) == (409, "This link belongs to another browser")
    assert changes(before, await snapshot(database, organization.id)) == []
    assert title_of(browser.get(link)) == "Connect Bolt"  # who came back from the vendor's page may go again


async def test_a_used_link_shows_its_end_to_who_used_it_and_to_nobody_else(link, app, browser, another_browser):
    browser.get(link)
    submit(browser, link, integration=app.row_id, apiKey="k")

    again = submit(browser, link, integration=app.row_id, apiKey="another")
    other = another_browser.get(link)

    assert title_of(again) == "Acme is connected"
    assert other.status_code == 409
    assert "Acme" not in other.text


async def test_an_unknown_link_is_404_and_an_expired_one_410(link, app, browser, database):
    unknown = browser.get(f"/connect/{'u' * 43}")
    late = update(ConnectSession).where(col(ConnectSession.link_digest) == digest_of(link.rpartition("/")[2]))
    async with database.write() as session:
        await session.execute(late.values(expires_at=1))

    expired = browser.get(link)

    assert (unknown.status_code, title_of(unknown)) == (404, "This link leads nowhere")
    assert (expired.status_code, title_of(expired)) == (410, "This link has expired")


async def test_a_link_ends_with_its_integration_and_with_its_user(organization, browser, app, database):
    member = await organization.add_user("erika")
    links = [(await app.link(principalId=member))["url"], (await app.link())["url"]]
    disable = "mutation($input: UpdatePrincipalInput!) { updatePrincipal(input: $input) { __typename } }"
    await organization.client.query(disable, input={"id": member, "disabled": True})
    of_disabled = browser.get(links[0])
    async with database.write() as session:
        gone = update(Integration).where(col(Integration.id) == app.row_id)
        await session.execute(gone.values(removed_at=1))

    of_removed = browser.get(links[1])

    assert (of_disabled.status_code, of_removed.status_code) == (410, 410)


async def test_leads_back_to_a_listed_address_and_to_no_other(app, browser, organization):
    await organization.client.query(UPDATE, input={"returnUrls": ["https://app.example.com/back"]})
    made = await app.link(returnUrl="https://app.example.com/back?tab=1")
    unlisted = await app.link(returnUrl="https://app.example.com/back")
    for one in (made, unlisted):
        browser.get(one["url"])
        submit(browser, one["url"], integration=app.row_id, apiKey="k")

    page = browser.get(made["url"])
    await organization.client.query(UPDATE, input={"returnUrls": ["https://elsewhere.example.com/"]})
    later = browser.get(unlisted["url"])

    target = leads_to(page)
    assert re.fullmatch(r"https://app\.example\.com/back\?tab=1&status=connected&session=[0-9a-f]{24}", target)
    assert (later.status_code, leads_to(later)) == (200, None)
    assert "example.com" not in later.text
