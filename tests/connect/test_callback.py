"""What comes back from vendors: each answer belongs to one question, and a person can read what is wrong."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.tables import ConnectSession
from tests.connect.people import confirm, go_on, new_browser, session_of, state_of, title_of
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

pytestmark = pytest.mark.needs("node")

UNKNOWN = "This sign-in cannot be finished"


def back(url: str, **answer: str) -> str:
    """An answer to a question, as somebody could make it up."""
    return f"/oauth2/callback?{urlencode({'state': state_of(url)} | answer)}"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=c",
        "state=&code=c",
        f"state={'u' * 43}&code=c",
        f"state={'x' * 60_000}&code=c",
        "state=%00&code=c",
        f"state={'a' * 20}%00{'b' * 22}&code=c",
        "state=%ff%fe&code=c",
        f"state={quote('<script>')}&code=c",
    ],
    ids=["nothing", "missing", "empty", "unknown", "60 kB", "NUL", "NUL inside", "no UTF-8", "script"],
)
async def test_an_answer_that_nobody_waits_for_is_400_and_readable(query, browser):
    page = browser.get(f"/oauth2/callback?{query}")

    assert (page.status_code, title_of(page)) == (400, UNKNOWN)
    assert "script>" not in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("twice", ["state", "code", "iss"])
async def test_an_answer_that_says_something_twice_is_not_believed(twice, new_app, provider, browser, organization):
    app = await new_app()
    begun = await app.begin(browser)
    answer = provider.consent(begun["url"])
    said = answer[answer.index(f"{twice}=") :].partition("&")[0]

    page = browser.get(f"{answer}&{said}")

    assert (page.status_code, title_of(page)) == (400, UNKNOWN)
    assert (await session_of(organization.client, begun["session"]["id"]))["status"] == "REDIRECTED"
    assert browser.get(answer).status_code == 200


@both
async def test_a_state_is_good_once(new_app, provider, browser, organization, database):
    app = await new_app()
    begun = await app.begin(browser)
    answer = provider.consent(begun["url"])
    browser.get(answer)
    before = await snapshot(database, organization.id)

    again = browser.get(answer)

    assert (again.status_code, title_of(again)) == (400, UNKNOWN)
    assert changes(before, await snapshot(database, organization.id)) == []


async def test_a_scanner_that_only_asks_for_the_head_uses_nothing_up(new_app, provider, browser):
    app = await new_app()
    answer = provider.consent((await app.begin(browser))["url"])

    scanned = browser.head(answer)

    assert (scanned.status_code, sorted(scanned.headers["allow"].split(", "))) == (405, ["GET", "POST"])
    assert browser.get(answer).status_code == 200


@both
async def test_of_two_answers_at_once_one_wins(new_app, provider, browser, hub, organization, database):
    app = await new_app()
    answer = provider.consent((await app.begin(browser))["url"])
    asked = provider.counts().get("authorization_code ok", 0)

    with new_browser(hub) as other, ThreadPoolExecutor(2) as people:
        other.cookies.update(browser.cookies)
        pages = list(people.map(lambda one: one.get(answer), [browser, other]))

    assert sorted(page.status_code for page in pages) == [200, 400]
    assert provider.counts()["authorization_code ok"] == asked + 1
    assert len((await snapshot(database, organization.id))["connection"]) == 1


async def test_a_state_that_took_too_long_is_over(new_app, provider, browser, organization, database):
    app = await new_app()
    begun = await app.begin(browser)
    answer = provider.consent(begun["url"])
    late = update(ConnectSession).where(col(ConnectSession.integration_id) == app.row_id)
    async with database.write() as session:
        await session.execute(late.values(state_expires_at=1, expires_at=1))

    page = browser.get(answer)

    assert (page.status_code, title_of(page)) == (400, UNKNOWN)
    assert (await session_of(organization.client, begun["session"]["id"]))["status"] == "EXPIRED"
    assert (await snapshot(database, organization.id))["connection"] == {}


async def test_an_answer_counts_for_whoever_asked_and_for_nobody_else(
    new_app, provider, browser, organization, new_organization, database
):
    stranger = await new_organization()
    ours, theirs = await new_app(), await new_app(stranger)
    mine, other = await ours.begin(browser), await theirs.begin(browser)

    code_of_the_other = provider.consent(other["url"]).replace(state_of(other["url"]), state_of(mine["url"]))
    page = browser.get(code_of_the_other)

    assert (page.status_code, title_of(page)) == (400, "Acme Drive was not connected")
    assert (await session_of(organization.client, mine["session"]["id"]))["status"] == "FAILED"
    assert (await session_of(stranger.client, other["session"]["id"]))["status"] == "REDIRECTED"
    assert (await snapshot(database, organization.id))["connection"] == {}
    assert (await snapshot(database, stranger.id))["connection"] == {}


async def test_a_code_of_another_flow_does_not_fit_the_verifier(new_app, provider, browser, organization, database):
    app = await new_app()
    mine, attackers = await app.begin(browser), await app.begin(browser)

    code_of_another = provider.consent(attackers["url"], user="mallory")
    page = browser.get(code_of_another.replace(state_of(attackers["url"]), state_of(mine["url"])))

    ended = await session_of(organization.client, mine["session"]["id"])
    assert (page.status_code, ended["status"]) == (400, "FAILED")
    assert "invalid_grant" in ended["error"]
    assert (await snapshot(database, organization.id))["connection"] == {}


async def test_a_flow_of_one_browser_is_not_finished_in_another(
    new_app, provider, browser, another_browser, organization, database
):
    app = await new_app()
    answer = provider.consent(go_on(browser, (await app.link())["url"], app.row_id))
    before = await snapshot(database, organization.id)

    asked = another_browser.get(answer)
    untouched = changes(before, await snapshot(database, organization.id))
    own = browser.get(answer)

    assert (asked.status_code, title_of(asked), untouched) == (200, "Connect Acme Drive?", [])
    assert (own.status_code, title_of(own)) == (200, "Acme Drive is connected")
    assert len((await snapshot(database, organization.id))["connection"]) == 1
    late = confirm(another_browser, asked)
    assert (late.status_code, title_of(late)) == (400, UNKNOWN)


async def test_a_refusal_is_shown_as_text(new_app, provider, browser, organization):
    app = await new_app()
    begun, denied = await app.begin(browser), await app.begin(browser)
    script = "<script>alert(1)</script>\u202e\x1b[31m"

    page = browser.get(back(begun["url"], error="access_denied", error_description=script))
    own = browser.get(provider.consent(denied["url"], refuse=True))

    ended = await session_of(organization.client, begun["session"]["id"])
    assert (page.status_code, title_of(page)) == (400, "Acme Drive was not connected")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script" not in page.text
    assert ended["status"] == "FAILED"
    assert ended["error"] == "<script>alert(1)</script>  [31m (access_denied)"
    assert (own.status_code, "access_denied" in own.text) == (400, True)


@pytest.mark.parametrize("issuer", ["https://evil.example", "", "null"])
async def test_an_answer_of_another_issuer_is_not_used(issuer, new_app, provider, browser, organization):
    app = await new_app()
    begun = await app.begin(browser)
    answer = provider.consent(begun["url"])
    asked = provider.counts()
    right = quote(provider.issuer, safe="")
    assert f"iss={right}" in answer

    page = browser.get(answer.replace(f"iss={right}", f"iss={quote(issuer, safe='')}"))

    ended = await session_of(organization.client, begun["session"]["id"])
    assert (page.status_code, ended["status"]) == (400, "FAILED")
    assert "another issuer" in ended["error"]
    assert provider.counts() == asked  # nobody was asked anything


async def test_an_answer_without_a_code_ends_the_session(new_app, browser, organization):
    app = await new_app()
    begun = await app.begin(browser)

    page = browser.get(back(begun["url"]))

    assert (page.status_code, title_of(page)) == (400, "Acme Drive was not connected")
    assert (await session_of(organization.client, begun["session"]["id"]))["status"] == "FAILED"


@pytest.mark.parametrize(
    "fault",
    [
        reply(b'{"error":"server_error"}', status="500 Internal Server Error"),
        reply(b"<html>token</html>", "text/html"),
        reply(b'["token"]'),
        reply(b"{}"),
        reply(b'{"access_token":null}'),
        reply(b'{"access_token":7}'),
        reply(b'{"access_token":"a\\r\\nX-Evil: 1"}'),
        reply(b'{"access_token":"' + b"a" * 2_000_000 + b'"}'),
        b"",
    ],
    ids=["500", "HTML", "list", "no token", "null", "number", "CRLF", "2 MB", "nothing"],
)
async def test_without_a_token_nothing_is_connected(fault, new_app, browser, organization, upstream, database):
    upstream.answers["/token"] = fault
    app = await new_app(auth={"tokenUrl": f"{upstream.url}/token", "parameters": {}})
    begun = await app.begin(browser)

    page = browser.get(back(begun["url"], code="the-code-of-nobody"))

    ended = await session_of(organization.client, begun["session"]["id"])
    assert (page.status_code, title_of(page)) == (502, "Acme Drive was not connected")
    assert (ended["status"], ended["connection"]) == ("FAILED", None)
    assert ended["error"] in page.text
    assert "the-code-of-nobody" not in page.text
    assert (await snapshot(database, organization.id))["connection"] == {}


async def test_while_the_vendor_is_asked_no_transaction_is_open(new_app, browser):
    with FaultServer() as vendor:
        app = await new_app(auth={"tokenUrl": f"{vendor.url}/silent", "parameters": {}})
        begun = await app.begin(browser)
        asking = asyncio.create_task(asyncio.to_thread(browser.get, back(begun["url"], code="c")))
        await vendor.received(1)

        meanwhile = await app.start()

        waits = not asking.done()
    assert waits
    assert meanwhile["session"]["status"] == "OPEN"
    assert (await asking).status_code == 502
