"""Grants that were got elsewhere: a code, or a refresh token."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from models.errors import NotFound, TokenRefused, UpstreamFailed
from models.vocabulary import ConnectionMode
from resolvers.mutations.grant import (
    ConnectWithCode,
    ConnectWithRefreshToken,
    connect_with_code,
    connect_with_refresh_token,
)
from resolvers.work import secret_place
from tests.connect.people import make_app, make_integration
from tests.harness.estate import caller_of
from tests.harness.rows import changes, snapshot
from tests.upstreams.canned import reply

REFRESHED = reply(b'{"access_token":"new","token_type":"Bearer","expires_in":60,"scope":"items:read"}')


@pytest.fixture
async def app(organization, upstream):
    """An integration whose token endpoint is the test's own."""
    auth = {"type": "OAUTH2", "clientId": "c", "clientSecret": "s", "tokenUrl": f"{upstream.url}/token"}
    return await make_integration(organization, name="Acme", auth=auth | {"scopes": ["items:read"]})


async def test_a_refresh_token_becomes_a_connection_and_stays_in_force(app, hub, organization, upstream):
    upstream.answers["/token"] = REFRESHED
    given = ConnectWithRefreshToken(integration_id=app.row_id, refresh_token="r-1")

    made = await hub.run(connect_with_refresh_token(caller_of(hub, organization), given))

    sent = parse_qs(upstream.requests[-1].body.decode())
    wired = hub.app.state.hub
    stored = wired.keyring.open(made.secret, secret_place(made, "secret"))
    assert (sent["grant_type"], sent["refresh_token"]) == (["refresh_token"], ["r-1"])
    assert stored == b'{"accessToken":"new","refreshToken":"r-1"}'
    assert (made.mode, made.principal_id) == (ConnectionMode.PER_USER, organization.admin_id)
    assert made.granted_scopes == ["items:read"]


async def test_a_code_is_sent_with_the_address_that_it_was_got_for(app, hub, organization, upstream):
    upstream.answers["/token"] = REFRESHED
    given = ConnectWithCode(integration_id=app.row_id, code="c-1", redirect_uri="https://app.example.com/back")

    made = await hub.run(connect_with_code(caller_of(hub, organization), given))

    sent = parse_qs(upstream.requests[-1].body.decode())
    assert sent["code"] == ["c-1"]
    assert sent["redirect_uri"] == ["https://app.example.com/back"]
    assert "code_verifier" not in sent
    assert made.status == "CONNECTED"


async def test_renews_the_connection_that_is_named(app, hub, organization, upstream, database):
    upstream.answers["/token"] = REFRESHED
    caller = caller_of(hub, organization)
    first = await hub.run(
        connect_with_refresh_token(caller, ConnectWithRefreshToken(integration_id=app.row_id, refresh_token="r-1"))
    )
    again = ConnectWithRefreshToken(integration_id=app.row_id, refresh_token="r-2", connection_id=first.id)

    second = await hub.run(connect_with_refresh_token(caller, again))

    assert (second.id, second.version) == (first.id, first.version + 1)
    assert len((await snapshot(database, organization.id))["connection"]) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(b'{"error":"invalid_grant"}', status="400 Bad Request"), TokenRefused),
        (reply(b"<html>"), UpstreamFailed),
    ],
)
async def test_what_is_refused_changes_nothing(answer, kind, app, hub, organization, upstream, database):
    upstream.answers["/token"] = answer
    before = await snapshot(database, organization.id)

    with pytest.raises(kind):
        await hub.run(
            connect_with_code(caller_of(hub, organization), ConnectWithCode(integration_id=app.row_id, code="c"))
        )

    assert changes(before, await snapshot(database, organization.id)) == []


async def test_another_organizations_integration_is_not_there(app, hub, new_organization):
    stranger = await new_organization()

    with pytest.raises(NotFound):
        await hub.run(
            connect_with_code(caller_of(hub, stranger), ConnectWithCode(integration_id=app.row_id, code="c"))
        )


@pytest.mark.needs("node")
async def test_a_code_of_the_certified_provider_without_pkce_is_refused_there(provider, hub, organization):
    app = await make_app(organization, provider)
    url = urlsplit((await app.start())["url"])
    answer = parse_qs(urlsplit(provider.consent(url.geturl())).query)

    given = ConnectWithCode(
        integration_id=app.row_id, code=answer["code"][0], redirect_uri=f"{hub.url}/oauth2/callback"
    )
    with pytest.raises(TokenRefused) as refused:
        await hub.run(connect_with_code(caller_of(hub, organization), given))

    assert refused.value.error == "invalid_grant"
