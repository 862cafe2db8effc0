"""Refusals that bring the way out along: a signed link, of which nothing is stored before it is used."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.tables import Connection
from models.vocabulary import ConnectionStatus, Permission
from resolvers.connect.links import SignedLink, read_signed, sign
from schema.kit.ids import parse_global_id
from tests.connect.people import leads_to, make_app, make_integration, submit, title_of
from tests.harness.acting import act, attempt
from tests.harness.backends import both
from tests.harness.encodings import doubles
from tests.harness.rows import changes, snapshot

AVAILABILITY = """query($id: ID!) { integration(by: {id: $id}) { capability(name: "DO") {
  id availability { available reason missingScopes } } } }"""
CONNECT = """mutation($input: CreateConnectionInput!) { createConnection(input: $input) {
  ... on ConnectionPayload { connection { id } } } }"""
KEY = {"type": "API_KEY", "apiBaseUrl": "http://127.0.0.1:9"}
DO = {"name": "DO", "method": "GET", "endpoint": "/ok"}


async def refusal(app, client=None):
    """What dispatching the integration's only capability is refused with; None where it is not."""
    asked = await (client or app.client).query(AVAILABILITY, id=app.id)
    capability = asked["integration"]["capability"]
    answer = await attempt(client or app.client, "dispatch", {"capability": {"id": capability["id"]}}, "__typename")
    return capability["availability"], answer


def link_of(answer) -> str:
    return answer["connectUrl"].rpartition("/")[2]


@both
async def test_a_user_without_a_connection_is_led_to_make_one(organization, upstream, browser, database):
    app = await make_integration(
        organization, name="Acme", auth={"type": "API_KEY", "apiBaseUrl": upstream.url}, capabilities=[DO]
    )
    before = await snapshot(database, organization.id)

    availability, refused = await refusal(app)

    shown = browser.get(refused["connectUrl"])
    assert (availability["reason"], refused["reason"]) == ("NO_CONNECTION", "NO_CONNECTION")
    assert changes(before, await snapshot(database, organization.id)) == []
    assert title_of(shown) == "Connect Acme"
    assert submit(browser, refused["connectUrl"], integration=app.row_id, apiKey="k").status_code == 303
    availability, answer = await refusal(app)
    assert (availability["available"], answer["__typename"]) == (True, "DispatchPayload")


@pytest.mark.needs("node")
async def test_missing_scopes_are_told_before_anyone_tries_and_asked_for_by_the_link(
    organization, provider, browser, upstream
):
    capability = DO | {"endpoint": f"{upstream.url}/ok", "requiredScopes": ["items:write"]}
    app = await make_app(organization, provider, capabilities=[capability])
    browser.get(provider.consent((await app.begin(browser))["url"]))

    availability, refused = await refusal(app)

    assert (availability["reason"], availability["missingScopes"]) == ("MISSING_SCOPES", ["items:write"])
    assert (refused["reason"], refused["missingScopes"]) == ("MISSING_SCOPES", ["items:write"])
    page = browser.get(refused["connectUrl"])
    assert title_of(page) == "Reconnect Acme Drive"
    assert "<strong>alice</strong>" in page.text
    leaving = submit(browser, refused["connectUrl"], integration=app.row_id)
    assert title_of(browser.get(provider.consent(leads_to(leaving)))) == "Acme Drive is connected"
    availability, answer = await refusal(app)
    assert (availability["available"], answer["__typename"]) == (True, "DispatchPayload")


async def test_a_connection_that_ended_is_renewed_by_the_link(organization, upstream, browser, database):
    app = await make_integration(
        organization, name="Acme", auth={"type": "API_KEY", "apiBaseUrl": upstream.url}, capabilities=[DO]
    )
    given = {"integrationId": app.id, "secret": {"apiKey": "old"}}
    made = (await app.client.query(CONNECT, input=given))["createConnection"]["connection"]["id"]
    ended = update(Connection).where(col(Connection.organization_id) == organization.id)
    async with database.write() as session:
        await session.execute(ended.values(status=ConnectionStatus.NEEDS_RECONNECT))

    _, refused = await refusal(app)
    browser.get(refused["connectUrl"])
    submit(browser, refused["connectUrl"], integration=app.row_id, apiKey="new")

    rows = (await snapshot(database, organization.id))["connection"]
    assert refused["reason"] == "NEEDS_RECONNECT"
    assert [row["status"] for row in rows.values()] == ["CONNECTED"]
    _, answer = await refusal(app)
    assert answer["__typename"] == "DispatchPayload"
    assert upstream.requests[-1].header("x-api-key") == ["new"]
    assert [row["id"] for row in rows.values()] == [parse_global_id(made)[1]]


async def test_a_link_is_one_browsers_like_any_other(organization, browser, another_browser, database):
    app = await make_integration(organization, name="Acme", auth=KEY, capabilities=[DO])
    _, refused = await refusal(app)
    browser.get(refused["connectUrl"]), another_browser.get(refused["connectUrl"])
    submit(browser, refused["connectUrl"], integration=app.row_id, apiKey="k")
    before = await snapshot(database, organization.id)

    late = submit(another_browser, refused["connectUrl"], integration=app.row_id, apiKey="mine")

    assert (late.status_code, title_of(late)) == (409, "This link belongs to another browser")
    assert changes(before, await snapshot(database, organization.id)) == []


async def test_a_used_link_has_no_double(organization, browser, another_browser, database):
    app = await make_integration(organization, name="Acme", auth=KEY, capabilities=[DO])
    _, refused = await refusal(app)
    browser.get(refused["connectUrl"])
    submit(browser, refused["connectUrl"], integration=app.row_id, apiKey="k")
    before = await snapshot(database, organization.id)
    start, _, text = refused["connectUrl"].rpartition("/")
    others = [f"{start}/{quote(double)}" for double in doubles(text).values()]

    shown = [another_browser.get(url).status_code for url in others]
    sent = [submit(another_browser, url, integration=app.row_id, apiKey="mine").status_code for url in others]

    assert shown == sent == [404] * len(others)
    assert changes(before, await snapshot(database, organization.id)) == []


async def test_a_shared_connection_is_only_for_who_may_write_connections(organization):
    app = await make_integration(organization, name="Acme", mode="SHARED", auth=KEY, capabilities=[DO])
    words = (Permission.DISPATCH_READ, Permission.INTEGRATIONS_READ)
    user = await organization.signed_in(*words)
    writer = await organization.signed_in(*words, Permission.CONNECTIONS_WRITE)

    _, without = await refusal(app, user)
    _, invited = await refusal(app, writer)

    assert (without["reason"], without["connectUrl"]) == ("NO_CONNECTION", None)
    assert invited["connectUrl"] is not None


async def test_ones_own_connection_needs_no_more_than_the_dispatch(organization):
    app = await make_integration(organization, name="Acme", auth=KEY, capabilities=[DO])
    user = await organization.signed_in(Permission.DISPATCH_READ, Permission.INTEGRATIONS_READ)

    _, refused = await refusal(app, user)

    assert refused["connectUrl"] is not None


async def test_where_connecting_does_not_help_there_is_no_link(organization):
    app = await make_integration(organization, name="Acme", auth=KEY, capabilities=[DO])
    installed = "query($id: ID!) { integration(by: {id: $id}) { installation { id } } }"
    own = (await app.client.query(installed, id=app.id))["integration"]["installation"]["id"]
    await act(app.client, "updateInstallation", {"id": own, "paused": True})

    _, refused = await refusal(app)

    assert (refused["reason"], refused["connectUrl"]) == ("INSTALLATION_PAUSED", None)


async def test_a_link_that_was_tampered_with_or_is_over_opens_nothing(organization, hub, browser, database):
    app = await make_integration(organization, name="Acme", auth=KEY, capabilities=[DO])
    _, refused = await refusal(app)
    keyring = hub.app.state.hub.keyring
    text = link_of(refused)
    signed = read_signed(keyring, text)
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    other = raw.replace(organization.admin_id.encode(), b"0" * 24)
    over = sign(keyring, SignedLink(**{**vars(signed), "expires_at": 1}))

    forged = browser.get("/connect/" + base64.urlsafe_b64encode(other).rstrip(b"=").decode())
    unsigned = browser.get("/connect/" + base64.urlsafe_b64encode(b"\0" * 32 + raw[32:]).rstrip(b"=").decode())
    late = browser.get(f"/connect/{over}")

    assert (other != raw, signed.principal_id) == (True, organization.admin_id)
    assert (forged.status_code, unsigned.status_code, late.status_code) == (404, 404, 410)
    assert (await snapshot(database, organization.id))["connect_session"] == {}
