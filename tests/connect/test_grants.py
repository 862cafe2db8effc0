"""Grants that were got elsewhere: a code, or a refresh token."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from models.errors import TokenRefused
from models.secret_column import secret_place
from models.vocabulary import ConnectionMode
from proxy.oauth import AuthorizationCode, RefreshToken
from resolvers.connections.own import ConnectIntegration, connect_integration
from resolvers.find import IntegrationRef
from tests.connect.people import make_app, make_integration
from tests.harness.backends import on_sqlite
from tests.harness.estate import caller_of
from tests.upstreams.canned import reply

REFRESHED = reply(b'{"access_token":"new","token_type":"Bearer","expires_in":60,"scope":"items:read"}')


@pytest.fixture
async def app(organization, upstream):
    """An integration whose token endpoint is the test's own."""
    auth = {"type": "OAUTH2", "clientId": "c", "clientSecret": "s", "tokenUrl": f"{upstream.url}/token"}
    return await make_integration(organization, name="Acme", auth=auth | {"scopes": ["items:read"]})


def brought(app, grant):
    return ConnectIntegration(integration=IntegrationRef(id=app.row_id), given=grant)


async def test_a_refresh_token_becomes_a_connection_and_stays_in_force(app, hub, organization, upstream):
    upstream.answers["/token"] = REFRESHED
    given = brought(app, RefreshToken(token="r-1"))

    made = (await hub.run(connect_integration(caller_of(hub, organization), given))).connection

    sent = parse_qs(upstream.requests[-1].body.decode())
    wired = hub.app.state.hub
    stored = wired.keyring.open(made.secret, secret_place(made, "secret"))
    assert (sent["grant_type"], sent["refresh_token"]) == (["refresh_token"], ["r-1"])
    assert stored == b'{"accessToken":"new","refreshToken":"r-1"}'
    assert (made.mode, made.principal_id) == (ConnectionMode.PER_USER, organization.admin_id)
    assert made.granted_scopes == ["items:read"]


@on_sqlite
async def test_a_grant_is_not_spent_while_the_database_cannot_be_written(app, hub, organization, upstream, database):
    upstream.answers["/token"] = REFRESHED
    given = brought(app, RefreshToken(token="r-1"))

    async with database.write():
        connecting = asyncio.create_task(hub.run(connect_integration(caller_of(hub, organization), given)))
        await asyncio.sleep(0.2)
        spent = len(upstream.requests)
    await connecting

    assert (spent, len(upstream.requests)) == (0, 1)


@pytest.mark.needs("node")
async def test_a_code_of_the_certified_provider_without_pkce_is_refused_there(provider, hub, organization, browser):
    app = await make_app(organization, provider)
    url = urlsplit((await app.begin(browser))["url"])
    answer = parse_qs(urlsplit(provider.consent(url.geturl())).query)

    given = AuthorizationCode(code=answer["code"][0], redirect_uri=f"{hub.url}/oauth2/callback")
    with pytest.raises(TokenRefused) as refused:
        await hub.run(connect_integration(caller_of(hub, organization), brought(app, given)))

    assert refused.value.error == "invalid_grant"
