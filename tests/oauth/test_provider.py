"""Tokens of providers that nobody here wrote: got, renewed once, refused and revoked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from models.errors import TokenRefused, UpstreamFailed
from proxy.egress import Egress
from proxy.oauth import (
    AuthorizationCode,
    ClientCredentials,
    RefreshToken,
    TokenAnswer,
    TokenEndpoint,
    challenge_of,
    consent_url,
    fetch_token,
    new_verifier,
    revoke_token,
)
from tests.harness.acting import act, listed
from tests.harness.calling import App, app, capability
from tests.harness.graphql import GraphQL
from tests.harness.server import PLAIN_HTTP
from tests.node.provider import CLIENT_ID, CLIENT_SECRET, Provider, mock_provider, oidc_provider
from tests.proxy.sending import open_egress

pytestmark = pytest.mark.needs("node")

HOME = "http://127.0.0.1:9/oauth2/callback"
CALLS = 100
SCOPES = ["openid", "items:read"]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """A certified provider, which rotates refresh tokens."""
    with oidc_provider([HOME], scopes=["items:read"]) as running:
        yield running


def endpoint(provider: Provider, url: str | None = None) -> TokenEndpoint:
    """As its client."""
    return TokenEndpoint(url=url or provider.token_url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)


async def consented(egress: Egress, provider: Provider, *, verifier: str | None = None) -> TokenAnswer:
    """What a user's consent gives; `verifier` in place of the one that the flow began with."""
    own = new_verifier()
    url = consent_url(
        authorization_url=provider.authorization_url,
        client_id=CLIENT_ID,
        redirect_uri=HOME,
        scopes=SCOPES,
        state="s",
        challenge=challenge_of(own),
    )
    back = parse_qs(urlsplit(await asyncio.to_thread(provider.consent, url)).query)
    grant = AuthorizationCode(code=back["code"][0], redirect_uri=HOME, verifier=verifier or own)
    return await fetch_token(egress, endpoint(provider), grant, lane="acme")


async def over(client: GraphQL, provider: Provider, tokens: TokenAnswer) -> App:
    """An app on the provider's own userinfo, connected with tokens whose access token is over."""
    addresses = {"tokenUrl": provider.token_url, "revocationUrl": provider.revocation_url}
    auth = {"type": "OAUTH2", "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, **addresses}
    made = await app(client, provider.issuer, capability("ME", "GET", "/me"), auth=auth)
    secret = {"accessToken": "over", "refreshToken": tokens.refresh_token, "expiresAt": "2020-01-01T00:00:00Z"}
    given = {"integrationId": made.id, "mode": "SHARED", "secret": {"oauth2": secret}}
    await act(client, "createConnection", given)
    return made


async def test_gives_renews_and_revokes_tokens(provider) -> None:
    async with open_egress() as egress:
        first = await consented(egress, provider)
        renewed = await fetch_token(egress, endpoint(provider), RefreshToken(token=first.refresh_token), lane="acme")
        own = await fetch_token(egress, endpoint(provider), ClientCredentials(scopes=["items:read"]), lane="acme")
        revocation = endpoint(provider, provider.revocation_url)
        await revoke_token(egress, revocation, renewed.refresh_token, hint="refresh_token", lane="acme")
        with pytest.raises(TokenRefused) as refused:
            await fetch_token(egress, endpoint(provider), RefreshToken(token=renewed.refresh_token), lane="acme")

    assert (set(first.scopes), first.expires_in_seconds, first.id_token is None) == (set(SCOPES), 3600, False)
    assert renewed.access_token != first.access_token
    assert own.scopes == ("items:read",)
    assert refused.value.error == "invalid_grant"


async def test_a_code_is_no_use_to_who_did_not_begin_the_flow(provider) -> None:
    async with open_egress() as egress:
        with pytest.raises(TokenRefused) as refused:
            await consented(egress, provider, verifier=new_verifier())

    assert refused.value.error == "invalid_grant"


async def test_a_hundred_calls_of_two_processes_renew_once_by_its_own_count(installed, provider) -> None:
    async with open_egress() as egress:
        tokens = await consented(egress, provider)
    first = installed.start()
    await installed.found()
    second = installed.start()
    limits = httpx.Limits(max_connections=CALLS)
    async with (
        httpx.AsyncClient(base_url=first.url, timeout=120, **PLAIN_HTTP, limits=limits) as one,
        httpx.AsyncClient(base_url=second.url, timeout=120, **PLAIN_HTTP, limits=limits) as other,
    ):
        shop = await over(GraphQL(one, installed.token), provider, tokens)
        apps = [shop, shop.by(GraphQL(other, installed.token))]
        before = provider.counts()

        done = await asyncio.gather(*(apps[number % 2].run("ME") for number in range(CALLS)))

    assert {call["response"]["json"]["sub"] for call in done} == {"alice"}
    assert provider.counts() == before | {"refresh_token ok": before.get("refresh_token ok", 0) + 1}


async def test_a_refresh_token_that_was_used_ends_the_connection(organization, provider) -> None:
    async with open_egress() as egress:
        tokens = await consented(egress, provider)
        await fetch_token(egress, endpoint(provider), RefreshToken(token=tokens.refresh_token), lane="acme")
    shop = await over(organization.client, provider, tokens)
    before = provider.counts()

    refusals = [await shop.refused("ME") for _ in range(3)]

    assert [one["reason"] for one in refusals] == ["NEEDS_RECONNECT"] * 3
    (shown,) = await listed(organization.client, "connections", "status lastError")
    assert shown["status"] == "NEEDS_RECONNECT"
    assert "invalid_grant" in shown["lastError"]
    name = "refresh_token invalid_grant"
    assert provider.counts() == before | {name: before.get(name, 0) + 1}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"body": "<html>"},
        {"body": [1]},
        {"change": {"access_token": None}},
        {"change": {"access_token": 7}},
        {"change": {"access_token": "a\r\nb"}},
        {"change": {"padding": "x" * 2_000_000}},
    ],
    ids=lambda fault: str(fault)[:40],
)
async def test_what_the_other_one_makes_of_it_is_no_token(misbehaving, fault) -> None:
    misbehaving.answer(**fault)

    async with open_egress() as egress:
        with pytest.raises(UpstreamFailed):
            await fetch_token(egress, endpoint(misbehaving), ClientCredentials(), lane="acme")


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[Provider]:
    """A provider that answers as it is told."""
    with mock_provider() as running:
        yield running
