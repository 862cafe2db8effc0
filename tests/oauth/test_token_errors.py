"""Errors of token endpoints: what names one and what does not, and no secret in their texts."""

from __future__ import annotations

import pytest

from models.errors import TokenRefused, UpstreamFailed
from proxy.oauth import RefreshToken, TokenEndpoint, fetch_token
from tests.oauth.test_token_answers import SECRET, TOKEN, answered, fetched
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


@pytest.mark.parametrize(
    "more",
    [
        {"error_code": "0000"},
        {"error": "00"},
        {"error": "no_error"},
        {"error": "No error"},
        {"error": "none"},
        {"error": "N/A"},
        {"error": "nil"},
        {"error": "undefined"},
        {"error": "-"},
        {"error": "200"},
        {"error": {"code": 200, "message": "OK"}},
        {"error": {"code": "200", "message": "Done."}},
        {"error": {"message": "success"}},
        {"errors": [0.0, ""]},
        {"ok": False, "data": {"error_code": 7}},
    ],
    ids=str,
)
async def test_a_token_beside_a_word_for_no_error_is_a_token(upstream, more) -> None:
    assert (await fetched(upstream, answered(TOKEN | more))).access_token == "at-1"


@pytest.mark.parametrize(
    "more",
    [{"error": "invalid_grant"}, {"error": {"code": 190, "message": "OK"}}, {"error": {"message": "Gone."}}],
    ids=str,
)
async def test_a_token_beside_an_error_that_is_named_is_refused(upstream, more) -> None:
    with pytest.raises(TokenRefused):
        await fetched(upstream, answered(TOKEN | more))


@pytest.mark.parametrize(
    ("told", "word", "sentence"),
    [
        ({"ok": False}, "http_200", ""),
        ({"success": False, "message": "Gone."}, "http_200", "Gone."),
        ({"success": "false", "code": 200, "message": "Gone."}, "http_200", "Gone."),
        ({"status": "error", "message": "Gone."}, "http_200", "Gone."),
        ({"status": "error", "code": "token_gone", "message": "Gone."}, "token_gone", "Gone."),
        ({"result": "fail", "msg": "Gone."}, "http_200", "Gone."),
        ({"data": {"error_code": 10010, "description": "Gone."}, "message": "error"}, "10010", "Gone."),
    ],
    ids=str,
)
async def test_a_success_that_says_that_the_request_failed_is_a_refusal(upstream, told, word, sentence) -> None:
    with pytest.raises(TokenRefused) as refused:
        await fetched(upstream, answered(told))

    assert (refused.value.error, refused.value.description) == (word, sentence)
    assert refused.value.external_status == 200


async def test_a_success_that_says_nothing_of_a_failure_is_no_refusal(upstream) -> None:
    told = {"ok": True, "status": "pending", "data": {"error_code": 0, "description": "", "status": "new"}}

    with pytest.raises(UpstreamFailed) as refused:
        await fetched(upstream, answered(told))

    assert type(refused.value) is UpstreamFailed


@pytest.mark.parametrize(
    ("told", "word", "sentence"),
    [
        ({"error": "invalid_grant: Token has been revoked."}, "invalid_grant", "Token has been revoked."),
        ({"error": "Bad Request", "message": "Invalid grant (gone)"}, "invalid_grant", "gone"),
        ({"error": "Note: it is over."}, "note: it is over.", ""),
        ({"error": "400", "message": "Gone."}, "http_400", "Gone."),
        ({"error": "ошибка"}, "ошибка", ""),
    ],
    ids=str,
)
async def test_a_word_and_its_description_may_be_one_text(upstream, told, word, sentence) -> None:
    with pytest.raises(TokenRefused) as refused:
        await fetched(upstream, answered(told, status="400 No"))

    assert (refused.value.error, refused.value.description) == (word, sentence)
