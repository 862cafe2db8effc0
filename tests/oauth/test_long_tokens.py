"""Tokens of 64 kB, as signed tokens that list groups and rights have: entered, sent, renewed, and masked."""

from __future__ import annotations

from typing import Final

import pytest

from models.errors import TokenRefused
from proxy.oauth import RefreshToken
from tests.harness.acting import act
from tests.harness.backends import both
from tests.harness.calling import app, capability
from tests.oauth.test_token_answers import answered, fetched
from tests.oauth.vendor import CLIENT

MOST: Final = 65_536
FIRST, SECOND, REFRESH = ("at-0." + "a" * MOST)[:MOST], ("at-1." + "b" * MOST)[:MOST], ("rt-1." + "c" * MOST)[:MOST]
GET = capability("GET", "GET", "/api")


@both
async def test_a_token_of_64_kb_is_entered_sent_and_renewed(organization, upstream) -> None:
    told = {"access_token": SECOND, "refresh_token": REFRESH, "expires_in": 3600}
    upstream.answers |= {"/token": answered(told), "/api": answered({})}
    auth = {"type": "OAUTH2", "apiBaseUrl": upstream.url, "tokenUrl": f"{upstream.url}/token", **CLIENT}
    shop = await app(organization.client, upstream.url, GET, auth=auth)
    tokens = {"accessToken": FIRST, "refreshToken": "r" * MOST, "expiresAt": "2100-01-01T00:00:00Z"}
    given = {"integrationId": shop.id, "mode": "SHARED", "secret": {"oauth2": tokens}}
    made = await act(organization.client, "createConnection", given, "id")

    first = await shop.run("GET")
    over = {"oauth2": tokens | {"expiresAt": "2020-01-01T00:00:00Z"}}
    await act(organization.client, "updateConnection", {"id": made["id"], "secret": over}, "id")
    second = await shop.run("GET")

    sent, asked, renewed = upstream.requests
    assert [one["dispatch"]["outcome"] for one in (first, second)] == ["SUCCEEDED"] * 2
    assert sent.header("authorization") == [f"Bearer {FIRST}"]
    assert asked.body == b"grant_type=refresh_token&refresh_token=" + b"r" * MOST
    assert renewed.header("authorization") == [f"Bearer {SECOND}"]


async def test_a_refresh_token_of_64_kb_that_the_vendor_repeats_is_masked(upstream) -> None:
    told = answered({"error": "invalid_grant", "error_description": REFRESH}, status="400 No")

    with pytest.raises(TokenRefused) as refused:
        await fetched(upstream, told, RefreshToken(token=REFRESH))

    assert refused.value.description == "***"
