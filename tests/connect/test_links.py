"""Making connect links and beginning consent: who may, for whom, and for how long."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.tables import ConnectSession
from models.vocabulary import Permission
from resolvers.connect.links import digest_of
from tests.connect.people import LINK, START, create_link, make_integration, session_of
from tests.harness.acting import global_id, refusal
from tests.harness.rows import changes, snapshot

KEY = {"type": "API_KEY"}
OAUTH = {
    "type": "OAUTH2",
    "clientId": "c",
    "authorizationUrl": "https://vendor.example/authorize",
    "tokenUrl": "https://vendor.example/token",
}
CONNECT = """mutation($input: CreateConnectionInput!) { createConnection(input: $input) {
  ... on ConnectionPayload { connection { id } } ... on Problem { message } } }"""

TEAM = """mutation($input: CreatePrincipalInput!) { createPrincipal(input: $input) {
  ... on PrincipalPayload { principal { id } } } }"""


@pytest.fixture
async def app(organization):
    return await make_integration(organization, name="Acme", auth=KEY)


@pytest.fixture(scope="module")
async def lasting_app(lasting):
    """An integration for tests that are refused."""
    return await make_integration(lasting, name="Acme", auth=KEY)


async def connection(app, client=None, **input) -> str:
    """The id of a new connection at the integration."""
    given = {"integrationId": app.id, "secret": {"apiKey": "k"}} | input
    return (await (client or app.client).query(CONNECT, input=given))["createConnection"]["connection"]["id"]


async def token_of(app, *permissions) -> str:
    """A token of the app's own back end, which is no user's; every permission unless some are named."""
    new = "mutation($input: CreateTokenInput!) { createToken(input: $input) { ... on TokenPayload { secret } } }"
    given = {"name": "Back end", "integrationId": app.id, "permissions": list(permissions or Permission)}
    return (await app.client.query(new, input=given))["createToken"]["secret"]


async def test_a_link_holds_256_bits_of_which_the_digest_is_kept(app, hub, database):
    made = await app.link(lifetimeSeconds=60)

    start, _, text = made["url"].rpartition("/")
    found = select(ConnectSession).where(col(ConnectSession.link_digest) == digest_of(text))
    async with database.read() as session:
        (row,) = (await session.execute(found)).scalars()
    assert start == f"{hub.url}/connect"
    assert len(text) == 43
    assert text not in repr(row.model_dump())
    assert row.expires_at - row.created_at == 60_000


async def test_a_session_says_how_far_it_is(app):
    made = await app.link()

    shown = await session_of(app.client, made["session"]["id"])

    assert shown == {
        "status": "OPEN",
        "error": None,
        "returnUrl": None,
        "principal": None,
        "integrations": [{"name": "Acme"}],
        "connection": None,
    }


@pytest.mark.parametrize(
    ("input", "path"),
    [
        ({"integrationIds": []}, ["input", "integrationIds"]),
        ({"lifetimeSeconds": 59}, ["input", "lifetimeSeconds"]),
        ({"lifetimeSeconds": 86_401}, ["input", "lifetimeSeconds"]),
        ({"returnUrl": "https://nowhere.example/"}, ["input", "returnUrl"]),
        ({"mode": None}, ["input", "principalId"]),
        ({"mode": "PER_USER"}, ["input", "principalId"]),
        ({"mode": None, "connectionId": global_id("Connection", "0" * 24)}, ["input", "principalId"]),
        ({"mode": "SHARED", "principalId": global_id("Principal", "0" * 24)}, ["input", "mode"]),
    ],
)
async def test_refuses_what_cannot_be(input, path, lasting_app, lasting, database):
    before = await snapshot(database, lasting.id)

    refused = await lasting_app.link(**input)

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", path)
    assert changes(before, await snapshot(database, lasting.id)) == []


async def test_a_link_without_a_user_says_both_ways(lasting_app):
    refused = await create_link(lasting_app.client, integrationIds=[lasting_app.id])

    assert refused["message"].startswith("input.principalId: Name the user in principalId; or give mode SHARED")


async def test_an_app_begins_nothing_for_everybody_without_saying_so(organization, graphql, database):
    capability = {"name": "DO", "method": "GET", "endpoint": "https://vendor.example/ok"}
    app = await make_integration(organization, name="Acme", auth=OAUTH, capabilities=[capability])
    back_end = graphql(await token_of(app))
    before = await snapshot(database, organization.id)

    begun = (await back_end.query(START, input={"integrationId": app.id}))["startAuthorization"]
    without = await create_link(back_end, integrationIds=[app.id])
    dispatched = await refusal(back_end, "dispatch", {"capability": {"named": {"handler": "ACME", "name": "DO"}}})

    assert (begun["code"], begun["path"]) == ("INVALID_INPUT", ["input", "integrationId"])
    assert "mode SHARED" in begun["message"]
    assert (without["code"], without["path"]) == ("INVALID_INPUT", ["input", "principalId"])
    assert (dispatched["reason"], dispatched["connectUrl"]) == ("NO_CONNECTION", None)
    assert [row for row in changes(before, await snapshot(database, organization.id)) if "connect" in row] == []


async def test_refuses_what_is_not_there_or_not_a_users(app, organization, new_organization):
    stranger = await new_organization()
    theirs = await make_integration(stranger, name="Theirs", auth=KEY)
    made = await organization.client.query(TEAM, input={"kind": "TEAM", "username": "t", "displayName": "T"})

    foreign = await app.link(integrationIds=[app.id, theirs.id])
    twice = await app.link(integrationIds=[app.id, app.id])
    somebody = await app.link(principalId=global_id("Principal", stranger.admin_id))
    of_team = await app.link(principalId=made["createPrincipal"]["principal"]["id"])

    assert (foreign["code"], foreign["path"]) == ("NOT_FOUND", ["input", "integrationIds", "1"])
    assert twice["code"] == "INVALID_INPUT"
    assert (somebody["code"], somebody["path"]) == ("NOT_FOUND", ["input", "principalId"])
    assert (of_team["code"], of_team["path"]) == ("INVALID_INPUT", ["input", "principalId"])


async def test_a_user_makes_links_for_others_only_as_an_administrator(app, organization, database):
    member = await organization.add_user("erika")
    client = await organization.signed_in(
        Permission.CONNECTIONS_WRITE, Permission.INTEGRATIONS_READ, username="erika"
    )
    before = await snapshot(database, organization.id)

    for_other = await create_link(client, integrationIds=[app.id], principalId=organization.admin_id)
    after = await snapshot(database, organization.id)
    for_oneself = await create_link(client, integrationIds=[app.id], principalId=member)

    assert (for_other["code"], for_other["permission"]) == ("FORBIDDEN", "ACT_AS")
    assert changes(before, after) == ["+ audit_entry"]
    assert for_oneself["__typename"] == "ConnectSessionPayload"


async def test_an_apps_back_end_makes_links_for_users_and_sees_what_became_of_them(app, organization, graphql):
    member = await organization.add_user("erika", Permission.DISPATCH_READ)
    words = (Permission.ACT_AS, Permission.CONNECTIONS_WRITE, Permission.CONNECTIONS_READ)
    back_end = graphql(await token_of(app, *words))

    made = await create_link(back_end, integrationIds=[app.id], principalId=member)

    seen = "query($id: ID!) { node(id: $id) { ... on ConnectSession { status } } }"
    assert made["__typename"] == "ConnectSessionPayload"
    assert await back_end.query(seen, id=made["session"]["id"]) == {"node": {"status": "OPEN"}}


async def test_a_session_is_seen_by_who_made_it_whom_it_is_for_and_administrators(app, organization):
    member = await organization.add_user("erika")
    await organization.add_user("otto")
    made = await app.link(principalId=member)
    mine = await organization.signed_in(Permission.CONNECTIONS_READ, username="erika")
    others = await organization.signed_in(Permission.CONNECTIONS_READ, username="otto")
    seen = "query($id: ID!) { node(id: $id) { ... on ConnectSession { status } } }"

    assert await mine.query(seen, id=made["session"]["id"]) == {"node": {"status": "OPEN"}}
    assert await others.query(seen, id=made["session"]["id"]) == {"node": None}
    assert await app.client.query(seen, id=made["session"]["id"]) == {"node": {"status": "OPEN"}}


async def test_renews_a_connection_that_is_registered_there_and_the_users_own(app, organization):
    member = await organization.add_user("erika")
    own = await connection(app, await organization.signed_in(*Permission, username="erika"))
    shared = await connection(app, mode="SHARED")
    elsewhere = await connection(await make_integration(organization, name="Other", auth=KEY))

    renewed = await app.link(connectionId=own, principalId=member)
    for_all = await app.link(connectionId=own)
    as_other = await app.link(connectionId=own, principalId=organization.admin_id)
    not_here = await app.link(connectionId=elsewhere)
    whose = await session_of(app.client, renewed["session"]["id"])

    assert whose["principal"] == {"username": "erika"}
    shared_for_one = await app.link(connectionId=shared, principalId=member)
    for refused in (for_all, as_other, shared_for_one):
        assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "connectionId"])
    assert (await app.link(connectionId=shared))["__typename"] == "ConnectSessionPayload"
    assert (not_here["code"], not_here["path"]) == ("NOT_FOUND", ["input", "connectionId"])


async def test_consent_of_ones_own_renews_nobody_elses_connection(organization, database):
    app = await make_integration(organization, name="Acme", auth=OAUTH)
    await organization.add_user("erika")
    erika = await organization.signed_in(*Permission, username="erika")
    own = await connection(app, erika, secret={"oauth2": {"accessToken": "t"}})
    before = await snapshot(database, organization.id)

    refused = await app.start(connectionId=own)

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "connectionId"])
    assert changes(before, await snapshot(database, organization.id)) == []


@pytest.mark.parametrize(
    ("auth", "missing"),
    [
        ({"type": "API_KEY"}, "lacks its client id or its authorization address"),
        ({"type": "OAUTH2", "clientId": "c"}, "lacks its client id or its authorization address"),
        (
            {"type": "OAUTH2", "clientId": "c", "authorizationUrl": "https://vendor.example/a"},
            "lacks its client id or its token address",
        ),
    ],
)
async def test_says_what_an_integration_lacks_for_consent(auth, missing, organization, database):
    app = await make_integration(organization, name="Acme", auth=auth)
    before = await snapshot(database, organization.id)

    refused = await app.start()

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "integrationId"])
    assert missing in refused["message"]
    assert changes(before, await snapshot(database, organization.id)) == []


@pytest.mark.parametrize("scope", ["", "two words", 'quo"te', "line\nbreak", "ümlaut"])
async def test_refuses_scopes_that_are_none(scope, organization):
    app = await make_integration(organization, name="Acme", auth={"type": "OAUTH2"})

    refused = await app.start(additionalScopes=["items:read", scope])

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "additionalScopes", "1"])


async def test_asks_for_its_permission(app, organization):
    client = await organization.signed_in(Permission.CONNECTIONS_READ)

    refused = (await client.query(LINK, input={"integrationIds": [app.id]}))["createConnectSession"]

    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "CONNECTIONS_WRITE")
