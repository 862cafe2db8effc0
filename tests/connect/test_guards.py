"""What guards connect pages: headers, the browser's cookie, and where a form may come from."""

from __future__ import annotations

import re

import pytest
from starlette.requests import Request
from starlette.responses import Response

from resolvers.connect.links import new_secret
from tests.connect.people import make_integration, new_browser, submit, title_of
from tests.harness.rows import changes, snapshot
from web.connect.page import Pages
from wire.browser import BrowserCookie

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
KEY = {"type": "API_KEY", "apiBaseUrl": "https://api.example"}


@pytest.fixture
async def app(organization):
    """An integration that wants an API key."""
    return await make_integration(organization, name="Acme", auth=KEY)


@pytest.fixture
async def link(app):
    return (await app.link())["url"]


@pytest.fixture(scope="module")
async def lasting_app(lasting):
    """An integration for tests that are refused."""
    return await make_integration(lasting, name="Acme", auth=KEY)


@pytest.mark.parametrize("path", ["page", "style", "callback", "nowhere"])
async def test_every_page_is_guarded(path, link, browser):
    url = {"page": link, "style": "/connect.css", "callback": "/oauth2/callback", "nowhere": "/connect/x"}[path]

    page = browser.get(url)

    assert page.headers["content-security-policy"] == POLICY
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"
    kept = "public, max-age=31536000, immutable" if path == "style" else "no-store"
    assert page.headers["cache-control"] == kept
    assert "<script" not in page.text


async def test_a_page_finds_its_style_sheet(link, browser):
    page = browser.get(link)

    (style,) = re.findall(r'rel="stylesheet" href="([^"]+)"', page.text)
    assert browser.get(page.url.join(style)).headers["content-type"] == "text/css; charset=utf-8"


async def test_fetching_a_link_changes_nothing(link, another_browser, browser, organization, database, app):
    before = await snapshot(database, organization.id)

    another_browser.get(link)
    another_browser.head(link)
    own = browser.get(link)

    assert changes(before, await snapshot(database, organization.id)) == []
    cookie = own.headers["set-cookie"]
    assert re.fullmatch(r"patchbay-browser=[\w-]{43}; HttpOnly; Max-Age=86400; Path=/; SameSite=lax", cookie)
    assert submit(browser, link, integration=app.row_id, apiKey="k").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "none"},
    ],
)
async def test_takes_no_form_of_another_site(headers, lasting_app, lasting, browser, database):
    link = (await lasting_app.link())["url"]
    browser.get(link)
    before = await snapshot(database, lasting.id)

    page = browser.post(link, data={"integration": lasting_app.row_id, "apiKey": "k"}, headers=headers)

    assert page.status_code == 403
    assert changes(before, await snapshot(database, lasting.id)) == []


async def test_an_old_browser_that_says_its_origin_is_believed(link, app, browser, hub):
    browser.get(link)

    page = browser.post(link, data={"integration": app.row_id, "apiKey": "k"}, headers={"Origin": hub.url})

    assert page.status_code == 303


async def test_asks_for_cookies_where_there_are_none(link, app, hub, organization, database):
    before = await snapshot(database, organization.id)

    with new_browser(hub) as forgetful:
        page = submit(forgetful, link, integration=app.row_id, apiKey="k")

    assert (page.status_code, title_of(page)) == (400, "This page needs a cookie")
    assert changes(before, await snapshot(database, organization.id)) == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"integration":"x"}', "application/json", 415),
        (b"integration=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=b" for _ in range(200)), "application/x-www-form-urlencoded", 400),
        (b"apiKey=" + b"a" * 300_000, "application/x-www-form-urlencoded", 413),
    ],
    ids=["JSON", "no UTF-8", "200 fields", "300 kB"],
)
async def test_takes_no_other_body_than_a_form(content, kind, status, link, browser):
    browser.get(link)

    page = browser.post(link, content=content, headers={"Content-Type": kind})

    assert page.status_code == status
    assert page.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("own_url", ["https://hub.example.com/tools", "HTTPS://Hub.example.com"])
def test_under_tls_the_cookie_is_this_hosts_alone(own_url: str):
    response = Response()

    BrowserCookie(own_url).give(response, new_secret())

    cookie = response.headers["set-cookie"]
    assert re.fullmatch(
        r"__Host-patchbay-browser=[\w-]{43}; HttpOnly; Max-Age=86400; Path=/; SameSite=lax; Secure", cookie
    )


@pytest.mark.parametrize(
    ("path", "root"), [("/connect/x", "../"), ("/oauth2/callback", "../"), ("/informer/oauth2/callback", "../../")]
)
@pytest.mark.parametrize("before", ["", "/tools/hub"])
def test_pages_find_their_way_below_any_path(before, path, root):
    request = Request({"type": "http", "path": before + path, "root_path": before, "headers": []})

    page = Pages().page(request, "finished.html")

    assert f'href="{root}connect.css?'.encode() in page.body
