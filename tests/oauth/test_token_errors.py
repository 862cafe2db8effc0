"""Texts of token errors hold no secret, however the vendor spells it."""

from __future__ import annotations

import pytest

from models.errors import TokenRefused
from proxy.oauth import RefreshToken, TokenEndpoint, fetch_token
from tests.oauth.test_token_answers import SECRET, answered, fetched
from tests.proxy.sending import open_egress


@pytest.mark.parametrize(
    "said",
    [
        "aHViK2lkOnMlMjVjcmV0JTJGMA",  # base64 of hub+id:s%25cret%2F0, RFC 6749 §2.3.1
        "aHViIGlkOnMlY3JldC8w",  # of hub id:s%cret/0, RFC 7617
        "aHViK2lkOnMlMjVjcmV0JTJGMA%3D%3D",
        "hub+id:s%25cret%2F0",
        "s%cret/0",
    ],
)
async def test_a_vendor_that_repeats_the_client_shows_no_secret_in_any_encoding(upstream, said) -> None:
    told = answered({"error": f"no {said}.", "error_description": f"Basic {said}, it was"}, status="401 No")

    with pytest.raises(TokenRefused) as refused:
        await fetched(upstream, told, client_id="hub id", client_secret="s%cret/0")

    shown = {part: refused.value.message.count(part) for part in ("aHVi", "cret", "***")}
    assert shown == {"aHVi": 0, "cret": 0, "***": 2}


async def test_tokens_that_a_refusal_brings_along_are_masked(upstream) -> None:
    tokens = {"access_token": "access-token-0123", "authed_user": {"refresh_token": "refresh-token-0123"}}
    said = {"error": "bad_scope", "error_description": "access-token-0123 and refresh-token-0123 lack a scope"}

    with pytest.raises(TokenRefused) as refused:
        await fetched(upstream, answered(tokens | said), token_path="authed_user")

    assert refused.value.description == "*** and *** lack a scope"


async def test_what_a_vendor_knows_otherwise_is_masked_before_its_words_are_cut(upstream) -> None:
    told = answered({"error": "invalid_grant", "error_description": "x" * 290 + "access-token-0123"}, status="400 No")
    endpoint = TokenEndpoint(url=f"{upstream.url}/token", client_id="hub", client_secret=SECRET)
    upstream.answers["/token"] = told

    async with open_egress() as egress:
        with pytest.raises(TokenRefused) as refused:
            await fetch_token(egress, endpoint, RefreshToken(token="rt-0"), lane="a", known=("access-token-0123",))

    assert refused.value.description == "x" * 290 + "***"
