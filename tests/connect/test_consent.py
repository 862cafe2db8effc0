"""OAuth with consent at a certified provider: begun over the graph, finished where the vendor sends people."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.tables import Connection, ConnectSession, Event
from models.vocabulary import ConnectionStatus
from resolvers.connections.own import AuthorizeIntegration, authorize_integration
from resolvers.find import IntegrationRef
from rest.informer.words import CALLBACK
from tests.connect.people import leads_to, session_of, state_of, title_of
from tests.harness.backends import both
from tests.harness.estate import caller_of
from tests.upstreams.canned import reply

pytestmark = pytest.mark.needs("node")


async def events_of(database, tenant) -> list[str]:
    """What the hub said of an organization's connections."""
    of_connections = col(Event.organization_id) == tenant.id, col(Event.type).startswith("Hub.connection.")
    said = select(Event).where(*of_connections).order_by(col(Event.id))
    async with database.read() as session:
        return [event.type for event in (await session.execute(said)).scalars()]


async def connect(app, provider, browser, *, user="alice", **input):
    """Consents, and answers the connection."""
    begun = await app.begin(browser, **input)
    page = browser.get(provider.consent(begun["url"], user=user))
    assert page.status_code == 200, page.text
    return (await session_of(app.client, begun["session"]["id"]))["connection"]


@both
async def test_connects_whoever_consents(new_app, provider, browser, organization, database):
    app = await new_app()
    begun = await app.begin(browser, additionalScopes=["items:write"])

    page = browser.get(provider.consent(begun["url"], user="alice"))

    assert (page.status_code, title_of(page)) == (200, "Acme Drive is connected")
    assert leads_to(page) is None
    ended = await session_of(organization.client, begun["session"]["id"])
    made = ended["connection"]
    assert begun["session"]["status"] == "OPEN"
    assert (ended["status"], ended["error"]) == ("COMPLETED", None)
    assert (made["status"], made["mode"], made["principal"]) == ("CONNECTED", "PER_USER", {"username": "admin"})
    assert set(made["grantedScopes"]) == {"openid", "items:read", "items:write"}
    assert made["account"]["accountId"] == "alice"
    assert made["expiresAt"] is not None
    assert made["integrations"]["nodes"] == [{"id": app.id}]
    assert await events_of(database, organization) == ["Hub.connection.connected"]


async def test_asks_with_pkce_and_a_state_of_256_bits_that_is_stored_as_its_digest_only(
    new_app, hub, browser, database
):
    app = await new_app()

    begun = await app.begin(browser)

    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun["url"]).query).items()}
    async with database.read() as session:
        rows = (await session.execute(select(ConnectSession))).scalars().all()
    (row,) = [row for row in rows if row.integration_id == app.row_id]
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"] == f"{hub.url}/oauth2/callback"
    assert asked["scope"] == "openid items:read"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) == 43
    assert row.state_digest != asked["state"]
    assert asked["state"] not in repr(row.model_dump())
    assert 0 < row.state_expires_at - row.created_at <= 15 * 60 * 1000 + 1000


async def test_a_shared_integration_is_connected_for_all_and_by_default(new_app, provider, browser, database):
    app = await new_app(mode="SHARED")

    made = await connect(app, provider, browser)

    assert (made["mode"], made["principal"]) == ("SHARED", None)
    question = "query($id: ID!) { integration(by: {id: $id}) { connection { id } } }"
    found = await app.client.query(question, id=app.id)
    assert found["integration"]["connection"] == {"id": made["id"]}


@both
async def test_consents_again_to_the_same_connection(new_app, provider, browser, organization, database):
    app = await new_app()
    first = await connect(app, provider, browser)
    gone = update(Connection).where(col(Connection.organization_id) == organization.id)
    async with database.write() as session:
        await session.execute(gone.values(status=ConnectionStatus.NEEDS_RECONNECT))

    again = await connect(
        app, provider, browser, user="bob", connectionId=first["id"], additionalScopes=["items:write"]
    )

    assert (again["id"], again["status"], again["account"]["accountId"]) == (first["id"], "CONNECTED", "bob")
    assert set(again["grantedScopes"]) == {"openid", "items:read", "items:write"}
    assert await events_of(database, organization) == [
        "Hub.connection.connected",
        "Hub.connection.scopes_changed",
        "Hub.connection.recovered",
    ]


async def test_a_second_account_is_a_connection_of_its_own(new_app, provider, browser):
    app = await new_app()

    one = await connect(app, provider, browser, user="alice")
    two = await connect(app, provider, browser, user="bob")

    assert one["id"] != two["id"]
    assert (one["account"]["accountId"], two["account"]["accountId"]) == ("alice", "bob")


@pytest.mark.parametrize("account_uri", ["/me", "{url}/me", "{url}/me?fields=id,name"])
async def test_asks_userinfo_where_no_id_token_came(account_uri, new_app, upstream, browser, organization):
    upstream.answers["/token"] = reply(b'{"access_token":"the-token","token_type":"Bearer"}')
    upstream.answers["/me"] = reply(b'{"sub":"7","email":"carol@example.test","name":"Carol\\u0000 C"}')
    account = {"accountUri": account_uri.format(url=upstream.url)}
    told = {"apiBaseUrl": upstream.url, "tokenUrl": f"{upstream.url}/token", "parameters": account}
    app = await new_app(auth=told)
    begun = await app.begin(browser)

    browser.get(f"/oauth2/callback?state={state_of(begun['url'])}&code=c")

    made = (await session_of(organization.client, begun["session"]["id"]))["connection"]
    asked = upstream.requests[-1]
    assert made["account"] == {"accountId": "7", "email": "carol@example.test", "displayName": "Carol C"}
    assert asked.target == account_uri.format(url="")
    assert (asked.method, asked.header("authorization")) == ("GET", ["Bearer the-token"])


@pytest.mark.parametrize("answer", [reply(b"[1]"), reply(b"<html>"), reply(b"{}", status="500 No"), b""])
async def test_connects_also_where_userinfo_fails(answer, new_app, upstream, browser, organization):
    upstream.answers["/token"] = reply(b'{"access_token":"the-token","token_type":"Bearer"}')
    upstream.answers["/me"] = answer
    told = {"tokenUrl": f"{upstream.url}/token", "parameters": {"accountUri": f"{upstream.url}/me"}}
    app = await new_app(auth=told)
    begun = await app.begin(browser)

    browser.get(f"/oauth2/callback?state={state_of(begun['url'])}&code=c")

    made = (await session_of(organization.client, begun["session"]["id"]))["connection"]
    assert (made["status"], made["account"]) == ("CONNECTED", None)
    assert made["grantedScopes"] == ["openid", "items:read"]  # not told, so what was asked for


async def test_the_informer_dialect_has_an_address_of_its_own(new_app, provider, browser, hub, organization):
    app = await new_app()
    browser.get((await app.link())["url"])
    (secret,) = browser.cookies.values()
    wanted = AuthorizeIntegration(integration=IntegrationRef(id=app.row_id), browser=secret, callback=CALLBACK.path)
    begun = await hub.run(authorize_integration(caller_of(hub, organization), wanted))

    answer = provider.consent(begun.url)
    elsewhere = browser.get(answer.replace("/informer/", "/"))
    page = browser.get(answer)

    assert answer.startswith(f"{hub.url}/informer/oauth2/callback")
    assert elsewhere.status_code == 400
    assert (page.status_code, page.headers["location"]) == (302, "../../connect/finished")
    assert title_of(browser.get("/connect/finished")) == "You are connected"


async def test_an_account_repeats_no_secret_of_its_consent(new_app, upstream, browser, organization):
    """By value, and before it is cut: a piece of a secret is a secret too."""
    tokens = {"access_token": "ACCESS-of-the-user", "refresh_token": "REFRESH-of-the-user", "token_type": "Bearer"}
    upstream.answers["/token"] = reply(json.dumps(tokens).encode())
    said = {
        "sub": "ACCESS-of-the-user",
        "email": "REFRESH-of-the-user@b.test",
        "name": f"{'x' * 240} CODE-of-the-vendor",
    }
    upstream.answers["/me"] = reply(json.dumps(said).encode())
    told = {"apiBaseUrl": upstream.url, "tokenUrl": f"{upstream.url}/token", "parameters": {"accountUri": "/me"}}
    begun = await (await new_app(auth=told)).begin(browser)

    browser.get(f"/oauth2/callback?state={state_of(begun['url'])}&code=CODE-of-the-vendor")

    made = (await session_of(organization.client, begun["session"]["id"]))["connection"]
    assert made["account"] == {"accountId": "***", "email": "***@b.test", "displayName": f"{'x' * 240} ***"}


async def test_an_account_repeats_no_secret_with_invisible_characters_in_it(new_app, upstream, browser, organization):
    """They are removed before the secret is looked for: afterwards it would be whole again."""
    tokens = {"access_token": "ACCESS-of-the-user", "token_type": "Bearer"}
    upstream.answers["/token"] = reply(json.dumps(tokens).encode())
    said = {"sub": "ACC\u200bESS-of-the-user", "email": "ACCESS\x00-of-the-user@b.test", "name": "\u200b\u2060"}
    upstream.answers["/me"] = reply(json.dumps(said).encode())
    told = {"apiBaseUrl": upstream.url, "tokenUrl": f"{upstream.url}/token", "parameters": {"accountUri": "/me"}}
    begun = await (await new_app(auth=told)).begin(browser)

    browser.get(f"/oauth2/callback?state={state_of(begun['url'])}&code=CODE-of-the-vendor")

    made = (await session_of(organization.client, begun["session"]["id"]))["connection"]
    assert made["account"] == {"accountId": "***", "email": "***@b.test", "displayName": None}


async def test_a_refusal_at_the_callback_repeats_no_secret(new_app, upstream, browser, organization):
    app = await new_app(auth={"tokenUrl": f"{upstream.url}/token", "clientSecret": "CLIENT-secret"})
    begun = await app.begin(browser)
    state = state_of(begun["url"])
    words = {
        "error": f"bad {state}",
        "error_description": f"No code-4711 for CLIENT-secret {'x' * 470} CLIENT-secret",
    }

    page = browser.get("/oauth2/callback", params={"state": state, "code": "code-4711", **words})

    error = (await session_of(organization.client, begun["session"]["id"]))["error"]
    assert error.startswith("No *** for *** xxx")
    assert error.endswith("(bad ***)")
    for secret in (state, "code-4711", "CLIENT-"):
        assert secret not in page.text + error
