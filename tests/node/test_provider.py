"""The providers that OAuth is tested with do what the tests believe of them."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.harness.server import PLAIN_HTTP
from tests.node.provider import CLIENT_ID, CLIENT_SECRET, Provider, mock_provider, oidc_provider

HOME = "http://127.0.0.1:9/oauth2/callback"
VERIFIER = "v" * 43

pytestmark = pytest.mark.needs("node")


def consent_url(authorization_url: str) -> str:
    challenge = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    query = {"client_id": CLIENT_ID, "redirect_uri": HOME, "response_type": "code", "scope": "openid items:read"}
    query |= {"state": "s", "code_challenge": challenge, "code_challenge_method": "S256"}
    return f"{authorization_url}?{urlencode(query)}"


def token(provider: Provider, asked: dict[str, str]) -> dict[str, str]:
    client = (CLIENT_ID, CLIENT_SECRET.replace(" ", "+"))  # form-encoded first (RFC 6749 §2.3.1)
    return httpx.post(provider.token_url, data=asked, auth=client, **PLAIN_HTTP).json()


def test_the_certified_one_gives_tokens_for_consent_and_counts_refreshes() -> None:
    with oidc_provider([HOME], scopes=["items:read"]) as provider:
        back = parse_qs(urlsplit(provider.consent(consent_url(provider.authorization_url))).query)
        asked = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": HOME}
        tokens = token(provider, asked | {"code_verifier": VERIFIER})
        renewed = token(provider, {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
        counts = provider.counts()

    assert back["iss"] == [provider.issuer]
    assert set(tokens["scope"].split()) == {"openid", "items:read"}
    assert renewed["access_token"] != tokens["access_token"]
    assert counts == {"authorization_code ok": 1, "refresh_token ok": 1}


def test_the_certified_one_says_when_consent_is_refused() -> None:
    with oidc_provider([HOME], scopes=["items:read"]) as provider:
        back = parse_qs(urlsplit(provider.consent(consent_url(provider.authorization_url), refuse=True)).query)

    assert (back["error"], "code" in back) == (["access_denied"], False)


def test_the_other_one_answers_as_it_is_told() -> None:
    asked = {"grant_type": "client_credentials", "scope": "items:read"}
    with mock_provider() as provider:
        well = httpx.post(provider.token_url, data=asked, **PLAIN_HTTP).json()
        provider.answer(change={"access_token": None, "expires_in": -5})
        changed = httpx.post(provider.token_url, data=asked, **PLAIN_HTTP).json()
        provider.answer(status=500, body={"error": "server_error"})
        failed = httpx.post(provider.token_url, data=asked, **PLAIN_HTTP)
        counts = provider.counts()

    assert well["token_type"] == "Bearer"
    assert ("access_token" in changed, changed["expires_in"]) == (False, -5)
    assert (failed.status_code, failed.json()) == (500, {"error": "server_error"})
    assert counts == {"client_credentials": 3}
