"""A user's consent at a certified provider, and an app that is connected by it."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import parse_qs, urlsplit

from proxy.egress import Egress
from proxy.oauth import (
    AuthorizationCode,
    TokenAnswer,
    TokenEndpoint,
    challenge_of,
    consent_url,
    fetch_token,
    new_verifier,
)
from tests.harness.acting import act
from tests.harness.calling import App, app, capability
from tests.harness.graphql import GraphQL
from tests.node.provider import CLIENT_ID, CLIENT_SECRET, Provider

HOME: Final = "http://127.0.0.1:9/oauth2/callback"
SCOPES: Final = ["openid", "items:read"]


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
