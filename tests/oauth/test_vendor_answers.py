"""Answers of token endpoints as vendors send them: types, charsets, nested tokens, errors in every form."""

from __future__ import annotations

import json

import pytest

from models.errors import TokenRefused, UpstreamFailed
from models.vocabulary import UpstreamFailure
from proxy.oauth import AuthorizationCode, RefreshToken
from tests.oauth.test_token_answers import TOKEN, answered, fetched
from tests.upstreams.canned import reply

JSON = json.dumps(TOKEN).encode()
FORM = b"access_token=at-1&token_type=bearer"
CODE = AuthorizationCode(code="code-4567", redirect_uri=None)
SLACK = {
    "ok": True,
    "access_token": "xoxb-bot",
    "token_type": "bot",
    "scope": "chat:write",
    "authed_user": {
        "id": "U1",
        "access_token": "xoxp-user",
        "refresh_token": "xoxe-1",
        "token_type": "user",
        "scope": "search:read,users:read",
        "expires_in": 43200,
    },
}


def as_json(text: str, charset: str, kind: str) -> bytes:
    return reply(text.encode(charset), kind)


NAMED = '{"access_token":"at-1","account":"Zoë"}'
READ = {
    "HTML": reply(JSON, "text/html"),
    "HTML with a charset": reply(JSON, "text/html; charset=ISO-8859-1"),
    "text": reply(JSON, "text/plain"),
    "bytes": reply(JSON, "application/octet-stream"),
    "no type": reply(JSON, ""),
    "an invented type": reply(JSON, "json"),
    "JSON as a form": reply(JSON, "application/x-www-form-urlencoded"),
    "a form as JSON": reply(FORM, "application/json; charset=utf-8"),
    "a form as text": reply(FORM + b"\n", "text/plain;charset=UTF-8"),
    "a form as HTML": reply(FORM, "text/html"),
    "a form without a type": reply(FORM, ""),
    "a byte order mark": reply(b"\xef\xbb\xbf" + JSON),
    "a byte order mark before a form": reply(b"\xef\xbb\xbf" + FORM, "text/plain"),
    "UTF-16": as_json("\ufeff" + NAMED, "utf-16-le", "application/json"),
    "UTF-16 by its charset": as_json(NAMED, "utf-16-be", "application/json; charset=utf-16be"),
    "Latin 1": as_json(NAMED, "latin-1", "application/json; charset=ISO-8859-1"),
    "UTF-8 that says it is Latin 1": as_json(NAMED, "utf-8", "application/json; charset=ISO-8859-1"),
    "Latin 1 that says nothing": as_json(NAMED, "latin-1", "application/json"),
    "a charset that is none": reply(JSON, "application/json; charset=binary"),
    "a charset that is costly": reply(JSON, "application/json; charset=punycode"),
    "201": reply(JSON, status="201 Created"),
    "203": reply(JSON, status="203 Non-Authoritative Information"),
}


@pytest.mark.parametrize("answer", READ.values(), ids=READ.keys())
async def test_reads_a_token_whatever_the_type_and_the_charset(upstream, answer) -> None:
    found = await fetched(upstream, answer)

    assert found.access_token == "at-1"


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"<html>access_token=at-1</html>", "text/html; charset=utf-8", "(HTTP 200, text/html)"),
        (b"<token>at-1</token>", "application/xml", "(HTTP 200, application/xml)"),
        (b"OK", "text/plain", "(HTTP 200, text/plain)"),
        (b"", "", "(HTTP 200, no type)"),
        (b"access_token: at-1", "text/plain", "(HTTP 200, text/plain)"),
    ],
)
async def test_an_answer_that_is_neither_json_nor_a_form_is_named(upstream, body, kind, said) -> None:
    with pytest.raises(UpstreamFailed) as refused:
        await fetched(upstream, reply(body, kind))

    assert refused.value.message == f"The token endpoint answered with neither JSON nor a form {said}."
    assert refused.value.reason is UpstreamFailure.BAD_RESPONSE


async def test_a_token_that_was_not_read_as_it_was_sent_is_none(upstream) -> None:
    with pytest.raises(UpstreamFailed, match="without a usable token"):
        await fetched(upstream, reply(b'{"access_token":"at-\xff"}'))


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_named_and_not_followed(upstream, status) -> None:
    where = f"Location: {upstream.url}/elsewhere"

    with pytest.raises(UpstreamFailed) as refused:
        await fetched(upstream, reply(b"", "text/html", status, where))

    assert "redirects (HTTP " + status[:3] in refused.value.message
    assert "set tokenUrl to the final address" in refused.value.message
    assert type(refused.value) is UpstreamFailed
    assert len(upstream.requests) == 1


async def test_reads_tokens_of_64_kb(upstream) -> None:
    most = {"access_token": "a" * 65_536, "refresh_token": "r" * 65_536, "id_token": "i" * 65_536}

    found = await fetched(upstream, answered(most))
    with pytest.raises(UpstreamFailed, match="without a usable token"):
        await fetched(upstream, answered({"access_token": "a" * 65_537}))

    assert found.access_token == most["access_token"]
    assert found.refresh_token == most["refresh_token"]


async def test_reads_the_token_at_its_path_with_all_that_belongs_to_it(upstream) -> None:
    found = await fetched(upstream, answered(SLACK), CODE, token_path="authed_user")

    assert (found.access_token, found.refresh_token, found.token_type) == ("xoxp-user", "xoxe-1", "user")
    assert (found.scopes, found.expires_in_seconds) == (("search:read", "users:read"), 43200)


async def test_a_path_has_several_names(upstream) -> None:
    told = {"data": {"auth": {"user-token": {"access_token": "at-1"}}}}

    assert (await fetched(upstream, answered(told), CODE, token_path="data.auth.user-token")).access_token == "at-1"


@pytest.mark.parametrize("user", [None, {"id": "U1"}, "xoxp-user", [{"access_token": "xoxp-user"}]])
async def test_another_token_than_the_one_at_the_path_is_not_taken_for_it(upstream, user) -> None:
    told = answered(SLACK | {"authed_user": user})

    with pytest.raises(UpstreamFailed) as refused:
        await fetched(upstream, told, CODE, token_path="authed_user")

    assert refused.value.message == (
        "The token endpoint answered without an access token at the tokenPath authed_user."
    )


@pytest.mark.parametrize("user", [None, {"id": "U1"}])
async def test_a_renewal_may_answer_with_the_token_alone(upstream, user) -> None:
    told = {"ok": True, "access_token": "xoxe.xoxp-2", "refresh_token": "xoxe-2", "authed_user": user}

    found = await fetched(upstream, answered(told), RefreshToken(token="xoxe-1"), token_path="authed_user")

    assert (found.access_token, found.refresh_token) == ("xoxe.xoxp-2", "xoxe-2")


REFUSED = {
    "by RFC 6749": ({"error": "invalid_grant", "error_description": "Gone."}, "invalid_grant", "Gone."),
    "capitals": ({"error": "INVALID_GRANT"}, "invalid_grant", ""),
    "camel case": ({"Error": "InvalidGrant", "Error_Description": "Gone."}, "invalid_grant", "Gone."),
    "in words": ({"error": "Invalid grant", "message": "Gone."}, "invalid_grant", "Gone."),
    "a number": ({"error": 100016, "error_description": "Gone."}, "100016", "Gone."),
    "an object": ({"error": {"code": "invalid_grant", "message": "Gone."}}, "invalid_grant", "Gone."),
    "an object with a number": (
        {"error": {"code": 400, "message": "Gone.", "status": "FAILED_PRECONDITION"}},
        "failed_precondition",
        "Gone.",
    ),
    "an object with its type": (
        {"error": {"message": "Gone.", "type": "OAuthException", "code": 190}},
        "oauthexception",
        "Gone.",
    ),
    "true": ({"error": True, "message": "Gone."}, "http_400", "Gone."),
    "a list of texts": ({"errors": ["invalid_grant"]}, "invalid_grant", ""),
    "a list of objects": (
        {"errors": [{"errorType": "invalid_grant", "message": "Gone."}], "success": False},
        "invalid_grant",
        "Gone.",
    ),
    "a list": ([{"errorCode": "INVALID_SESSION_ID", "message": "Gone."}], "invalid_session_id", "Gone."),
    "a code": ({"error_code": "invalid_grant", "error_message": "Gone."}, "invalid_grant", "Gone."),
    "a code beside a sentence": (
        {"ErrorCode": "invalid_request", "Error": "Refresh Token expired"},
        "invalid_request",
        "Refresh Token expired",
    ),
    "a code that is a number": ({"errcode": 40029, "errmsg": "Gone."}, "40029", "Gone."),
    "a framework's": (
        {"statusCode": 400, "error": "Bad Request", "message": "invalid_grant"},
        "invalid_grant",
        "Bad Request",
    ),
    "a status": ({"status": "BAD_AUTH_CODE", "message": "Gone."}, "bad_auth_code", "Gone."),
    "a problem of RFC 9457": (
        {"type": "https://v.example/gone", "title": "Invalid grant", "status": 400, "detail": "Gone."},
        "invalid_grant",
        "Gone.",
    ),
    "a fault": (
        {"fault": {"faultstring": "Gone.", "detail": {"errorcode": "x.invalid_token"}}},
        "http_400",
        "Gone.",
    ),
    "a sentence": ({"message": "Gone."}, "http_400", "Gone."),
}


@pytest.mark.parametrize(("told", "word", "sentence"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_refusal_is_read_in_whatever_form_it_is_written(upstream, told, word, sentence) -> None:
    with pytest.raises(TokenRefused) as refused:
        await fetched(upstream, answered(told, status="400 Bad Request"))

    assert (refused.value.error, refused.value.description) == (word, sentence)
    assert refused.value.external_status == 400


SAID = b'{"error":"invalid_grant","error_description":"expir\xe9"}'


@pytest.mark.parametrize(
    "answer",
    [
        answered({"ok": False, "error": "invalid_grant"}),
        answered({"code": "INVALID_GRANT", "msg": "Gone."}),
        answered({"error": "invalid_grant"}, status="500 Oops"),
        answered({"error": {"message": "invalid_grant"}}, status="503 Busy"),
        reply(b'{"error":"invalid_grant"}', "text/html", "400 No"),
        reply(b"error=invalid_grant&error_description=Gone.", "text/html"),
        reply(b"error=invalid_grant", "application/json", "401 No"),
        reply(SAID, "application/json", "400 No"),
        reply(SAID, "application/json; charset=windows-1252", "400 No"),
        answered(TOKEN | {"error": "invalid_grant"}),
    ],
    ids=[
        "200",
        "200 with a code",
        "500",
        "503 in an object",
        "HTML",
        "a form as HTML with 200",
        "a form as JSON",
        "bytes that are no UTF-8",
        "another charset",
        "beside a token",
    ],
)
async def test_a_refusal_is_known_whatever_its_status_and_type(upstream, answer) -> None:
    with pytest.raises(TokenRefused) as refused:
        await fetched(upstream, answer)

    assert refused.value.error == "invalid_grant"


@pytest.mark.parametrize(
    "more",
    [
        {"error": ""},
        {"error": None},
        {"error": False},
        {"error": 0},
        {"error": "0"},
        {"error": {}},
        {"errors": []},
        {"error": {"code": "ok", "message": "Done.", "log_id": "2026"}},
        {"errcode": 0, "errmsg": "ok"},
        {"code": 200, "message": "Success", "status": "issued", "type": "token"},
        {"error_description": ""},
    ],
    ids=str,
)
async def test_a_token_beside_an_empty_error_is_a_token(upstream, more) -> None:
    assert (await fetched(upstream, answered(TOKEN | more))).access_token == "at-1"


@pytest.mark.parametrize("user", [{"error_code": 10002, "description": "Gone."}])
async def test_an_error_at_the_path_is_read(upstream, user) -> None:
    with pytest.raises(TokenRefused) as refused:
        await fetched(upstream, answered({"data": user, "message": "error"}), CODE, token_path="data")

    assert (refused.value.error, refused.value.description) == ("10002", "Gone.")


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"error": "server_error"}, "500 Oops"),
        ({"message": "Oops"}, "502 Bad Gateway"),
        ({"message": "Slow down."}, "429 Too Many Requests"),
        ({"message": "Too late."}, "408 Request Timeout"),
        ({"status": "pending"}, "200 OK"),
        ({"code": 200, "message": "Success"}, "200 OK"),
    ],
)
async def test_a_failure_that_names_no_refusal_is_none(upstream, told, status) -> None:
    with pytest.raises(UpstreamFailed) as refused:
        await fetched(upstream, answered(told, status=status))

    assert type(refused.value) is UpstreamFailed
    assert refused.value.external_status == int(status[:3])
