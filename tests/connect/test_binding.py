"""A sign-in belongs to a browser: tokens land only where the person who consented began, or saw and confirmed."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

from models.tables import ConnectSession
from tests.connect.people import (
    App,
    confirm,
    go_on,
    leads_to,
    make_integration,
    new_browser,
    session_of,
    state_of,
    submit,
    title_of,
)
from tests.connect.test_guards import POLICY
from tests.harness.acting import refusal, row_id
from tests.harness.rows import changes, snapshot
from tests.harness.tenants import Tenant
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

TOKENS = reply(b'{"access_token":"the-token","token_type":"Bearer"}')
UNKNOWN = "This sign-in cannot be finished"
CONSENT = {"code": "the-code"}
DENIAL = {"error": "access_denied", "error_description": "Not <today>.\r\nPerhaps\nlater"}
UPDATE = "mutation($input: UpdateOrganizationInput!) { updateOrganization(input: $input) { __typename } }"


@dataclass
class Place:
    """An integration of an organization, and a vendor that counts the codes it is sent."""

    tenant: Tenant
    app: App
    vendor: FaultServer

    def answer(self, address: str, **said: str) -> str:
        """The address at which the vendor sends the user back, who was sent to `address`."""
        (callback,) = parse_qs(urlsplit(address).query)["redirect_uri"]
        return f"{callback}?{urlencode({'state': state_of(address)} | said)}"


@pytest.fixture
async def place(new_organization, upstream) -> Place:
    upstream.answers["/token"] = TOKENS
    tenant = await new_organization(name="Harbour & Sons")
    auth = {
        "type": "OAUTH2",
        "apiBaseUrl": upstream.url,
        "clientId": "c",
        "authorizationUrl": "https://vendor.example/authorize",
        "tokenUrl": f"{upstream.url}/token",
    }
    capability = {"name": "DO", "method": "GET", "endpoint": "/ok"}
    app = await make_integration(tenant, name="Acme <Drive>", auth=auth, capabilities=[capability])
    return Place(tenant=tenant, app=app, vendor=upstream)


async def by_graphql(place: Place, browser: httpx.Client) -> str:
    return (await place.app.begin(browser))["url"]


async def by_informer(place: Place, browser: httpx.Client) -> str:
    bearer = {"Authorization": f"Bearer {place.tenant.token}"}
    answer = await asyncio.to_thread(browser.get, "/informer/api/integrations/acme-drive/connect", headers=bearer)
    return answer.headers["location"]


async def by_link(place: Place, browser: httpx.Client) -> str:
    return go_on(browser, (await place.app.link(principalId=place.tenant.admin_id))["url"], place.app.row_id)


async def by_refusal(place: Place, browser: httpx.Client) -> str:
    given = {"capability": {"named": {"handler": "ACME_DRIVE", "name": "DO"}}}
    return go_on(browser, (await refusal(place.app.client, "dispatch", given))["connectUrl"], place.app.row_id)


WAYS = {"GraphQL": by_graphql, "Informer": by_informer, "link": by_link, "refusal": by_refusal}


@pytest.mark.parametrize("said", [CONSENT, DENIAL], ids=["consent", "denial"])
@pytest.mark.parametrize("way", WAYS)
async def test_the_browser_that_began_ends_it_at_once(way, said, place, browser, database):
    answer = place.answer(await WAYS[way](place, browser), **said)

    page = browser.get(answer)

    rows = await snapshot(database, place.tenant.id)
    ended = [row["status"] for row in rows["connect_session"].values()]
    if said is CONSENT:
        assert (page.status_code, ended, len(rows["connection"])) == (
            302 if way == "Informer" else 200,
            ["COMPLETED"],
            1,
        )
    else:
        assert (page.status_code, ended, len(rows["connection"])) == (400, ["FAILED"], 0)
        assert "Not &lt;today&gt;." in page.text


@pytest.mark.parametrize("said", [CONSENT, DENIAL], ids=["consent", "denial"])
@pytest.mark.parametrize("person", ["no cookie", "cookie of another sign-in"])
@pytest.mark.parametrize("way", WAYS)
async def test_any_other_browser_is_asked_first(way, person, said, place, browser, another_browser, database):
    answer = place.answer(await WAYS[way](place, browser), **said)
    if person == "cookie of another sign-in":
        await WAYS[way](place, another_browser)
    before = await snapshot(database, place.tenant.id)

    asked = [another_browser.get(answer) for _ in range(2)][-1]

    assert changes(before, await snapshot(database, place.tenant.id)) == []
    assert place.vendor.requests == []
    assert "for <strong>Administrator</strong> at <strong>Harbour &amp; Sons</strong>" in asked.text
    ended = confirm(another_browser, asked)
    rows = await snapshot(database, place.tenant.id)
    if said is CONSENT:
        assert (asked.status_code, title_of(asked)) == (200, "Connect Acme <Drive>?")
        assert (ended.status_code, title_of(ended)) == (200, "Acme <Drive> is connected")
        assert ([one.method for one in place.vendor.requests], len(rows["connection"])) == (["POST"], 1)
    else:
        assert (asked.status_code, title_of(asked)) == (200, "Acme <Drive> was not connected")
        assert "Not &lt;today&gt;. Perhaps later (access_denied)" in asked.text
        assert (ended.status_code, title_of(ended)) == (400, "Acme <Drive> was not connected")
        assert (place.vendor.requests, rows["connection"]) == ([], {})
    late = browser.get(answer)
    assert (late.status_code, title_of(late)) == (400, UNKNOWN)


async def test_a_program_that_begins_hands_over_to_a_browser_that_is_asked(place, http, browser):
    bearer = {"Authorization": f"Bearer {place.tenant.token}"}
    begun = await http.get("/informer/api/integrations/acme-drive/connect", headers=bearer)

    asked = browser.get(place.answer(begun.headers["location"], **CONSENT))
    ended = confirm(browser, asked)

    assert begun.status_code == 302
    assert (title_of(asked), asked.headers["content-security-policy"]) == ("Connect Acme <Drive>?", POLICY)
    assert (asked.headers["cache-control"], asked.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert (ended.status_code, title_of(ended)) == (200, "Acme <Drive> is connected")


async def test_a_sign_in_that_is_bound_to_no_browser_is_nobodys(place, browser, database):
    answer = place.answer(await by_graphql(place, browser), **CONSENT)
    earlier = update(ConnectSession).where(col(ConnectSession.organization_id) == place.tenant.id)
    async with database.write() as session:
        await session.execute(earlier.values(browser_digest=None))  # as an earlier hub began it

    asked = browser.get(answer)

    assert title_of(asked) == "Connect Acme <Drive>?"
    assert title_of(confirm(browser, asked)) == "Acme <Drive> is connected"


async def test_a_shared_connection_is_shown_as_everybodys(place, browser, another_browser):
    link = (await place.app.link())["url"]
    answer = place.answer(go_on(browser, link, place.app.row_id), **CONSENT)

    asked = another_browser.get(answer)

    assert "for everybody at <strong>Harbour &amp; Sons</strong>" in asked.text


async def test_the_address_of_an_authorization_is_the_hubs_and_says_for_whom(place, hub, browser, database):
    begun = await place.app.start()

    page = browser.get(begun["url"])

    rows = await snapshot(database, place.tenant.id)
    assert re.fullmatch(rf"{re.escape(hub.url)}/connect/[\w-]{{43}}", begun["url"])
    assert title_of(page) == "Connect Acme <Drive>"
    assert "for <strong>Administrator</strong> at <strong>Harbour &amp; Sons</strong>" in page.text
    assert "vendor.example" not in page.text
    assert [row["state_digest"] for row in rows["connect_session"].values()] == [None]


async def test_an_authorization_leads_back_from_either_browser(place, browser, another_browser):
    await place.tenant.client.query(UPDATE, input={"returnUrls": ["https://app.example.com/"]})
    begun = await place.app.begin(browser, returnUrl="https://app.example.com/done")

    ended = confirm(another_browser, another_browser.get(place.answer(begun["url"], **CONSENT)))

    session = begun["session"]["id"]
    assert leads_to(ended) == f"https://app.example.com/done?status=connected&session={row_id(session)}"
    assert (await session_of(place.app.client, session))["status"] == "COMPLETED"


async def test_several_sign_ins_of_a_browser_end_in_any_order(place, browser, database):
    addresses = [await way(place, browser) for way in WAYS.values()]

    pages = [browser.get(place.answer(address, **CONSENT)) for address in reversed(addresses)]

    assert [page.status_code for page in pages] == [200, 200, 302, 200]
    (secret,) = browser.cookies.values()
    assert len(secret) == 43


FORGERIES = {
    "no confirmation": lambda form: {key: form[key] for key in form if key != "confirmation"},
    "confirmation of another browser": dict,
    "another code": lambda form: form | {"code": "another"},
    "an issuer beside it": lambda form: form | {"iss": "https://vendor.example"},
    "an error in place of the code": lambda form: {key: form[key] for key in form if key != "code"} | {"error": "e"},
    "garbage": lambda form: form | {"confirmation": "ü"},
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_an_answer_counts_only_as_it_was_shown_to_this_browser(
    forgery, place, browser, another_browser, database, hub
):
    answer = place.answer(await by_graphql(place, browser), **CONSENT)
    asked = another_browser.get(answer)
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', asked.text))
    before = await snapshot(database, place.tenant.id)

    with new_browser(hub) as victim:
        victim.get(answer)
        sender = victim if forgery == "confirmation of another browser" else another_browser
        page = submit(sender, "/oauth2/callback", **FORGERIES[forgery](form))

    assert (page.status_code, title_of(page)) == (400, UNKNOWN)
    assert changes(before, await snapshot(database, place.tenant.id)) == []
    assert place.vendor.requests == []
    assert title_of(confirm(another_browser, asked)) == "Acme <Drive> is connected"


@pytest.mark.parametrize(
    ("headers", "kept", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, True, 403),
        ({"Origin": "https://evil.example"}, True, 403),
        ({"Sec-Fetch-Site": "same-origin"}, False, 400),
    ],
    ids=["another site", "another origin", "no cookie"],
)
async def test_confirms_only_by_the_form_of_the_page_in_a_browser_with_the_cookie(
    headers, kept, status, place, browser, another_browser, database
):
    asked = another_browser.get(place.answer(await by_graphql(place, browser), **CONSENT))
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', asked.text))
    before = await snapshot(database, place.tenant.id)
    if not kept:
        another_browser.cookies.clear()

    page = another_browser.post("/oauth2/callback", data=form, headers=headers)

    assert page.status_code == status
    assert "text/html" in page.headers["content-type"]
    assert changes(before, await snapshot(database, place.tenant.id)) == []


@pytest.mark.parametrize("gone", ["late", "disabled"])
async def test_a_page_that_asks_outlives_neither_the_sign_in_nor_its_user(
    gone, place, browser, another_browser, database
):
    member = await place.tenant.add_user("erika")
    link = (await place.app.link(principalId=member))["url"]
    answer = place.answer(go_on(browser, link, place.app.row_id), **CONSENT)
    asked = another_browser.get(answer)
    if gone == "late":
        late = update(ConnectSession).where(col(ConnectSession.organization_id) == place.tenant.id)
        async with database.write() as session:
            await session.execute(late.values(state_expires_at=1))
    else:
        disable = "mutation($input: UpdatePrincipalInput!) { updatePrincipal(input: $input) { __typename } }"
        await place.tenant.client.query(disable, input={"id": member, "disabled": True})

    pages = [confirm(another_browser, asked), another_browser.get(answer), browser.get(answer)]

    assert [(page.status_code, title_of(page)) for page in pages] == [(400, UNKNOWN)] * 3
    assert (await snapshot(database, place.tenant.id))["connection"] == {}
