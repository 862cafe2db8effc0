"""What a token endpoint answers: read strictly, and nothing secret in what is said of it."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from models.errors import DomainError, TokenRefused, UpstreamFailed
from models.vocabulary import TokenEndpointAuth, UpstreamFailure
from proxy.oauth import (
    AuthorizationCode,
    ClientCredentials,
    RefreshToken,
    TokenEndpoint,
    challenge_of,
    consent_url,
    fetch_token,
    new_verifier,
    revoke_token,
)
from tests.proxy.sending import open_egress
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

SECRET = "client-secret-0123"
CODE = "code-4567"
TOKEN = {"access_token": "at-1", "token_type": "bearer"}


async def fetched(upstream: FaultServer, answer: bytes | None = None, grant=None, **more):
    """What comes of asking the upstream, which answers so."""
    if answer is not None:
        upstream.answers["/token"] = answer
    endpoint = TokenEndpoint(**{"url": f"{upstream.url}/token", "client_id": "hub", "client_secret": SECRET} | more)
    async with open_egress() as egress:
        return await fetch_token(egress, endpoint, grant or RefreshToken(token="rt-0"), lane="acme")


def answered(value: object, **more: object) -> bytes:
    return reply(json.dumps(value).encode(), **more)


async def test_reads_a_token(upstream) -> None:
    told = TOKEN | {"refresh_token": "rt-1", "expires_in": 3600, "scope": "a b", "id_token": "x.y.z"}

    found = await fetched(upstream, answered(told))

    assert (found.access_token, found.refresh_token, found.expires_in_seconds) == ("at-1", "rt-1", 3600)
    assert (found.scopes, found.id_token, found.token_type) == (("a", "b"), "x.y.z", "bearer")
    assert "at-1" not in repr(found)
    assert "rt-1" not in repr(found)


BROKEN = {
    "500": reply(b'{"access_token":"at-1"}', status="500 Oops"),
    "500 with an error": reply(b'{"error":"server_error"}', status="500 Oops"),
    "404": reply(b"{}", status="404 Not Found"),
    "a redirect": reply(b"", "text/plain", "302 Found", "Location: https://x.example/"),
    "HTML": reply(b"<html>access_token=at-1</html>", "text/html"),
    "a list": answered([TOKEN]),
    "a text": answered("at-1"),
    "nothing": reply(b""),
    "no JSON": reply(b"{"),
    "no UTF-8": reply(b'{"access_token":"\xff"}'),
    "deep": reply(b"[" * 100_000 + b"]" * 100_000),
    "no token": answered({"token_type": "bearer"}),
    "null": answered({"access_token": None}),
    "a number": answered({"access_token": 12345678}),
    "an object": answered({"access_token": {"a": "b"}}),
    "an empty token": answered({"access_token": ""}),
    "a line break": answered({"access_token": "at-1\r\nX-Evil: 1"}),
    "NUL": answered({"access_token": "at\0"}),
    "half a pair": reply(b'{"access_token":"\\ud800"}'),
    "a refresh token with a line break": answered(TOKEN | {"refresh_token": "rt\n"}),
    "a refresh token that is a number": answered(TOKEN | {"refresh_token": 7}),
    "a token of another type": answered({"access_token": "at-1", "token_type": "DPoP"}),
    "a form without a token": reply(b"token=at-1", "application/x-www-form-urlencoded"),
    "2 MB": answered(TOKEN | {"padding": "x" * 2_000_000}),
    "a token of 100 kB": answered({"access_token": "x" * 100_000}),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
async def test_refuses_what_is_no_token(upstream, answer) -> None:
    with pytest.raises(UpstreamFailed) as refused:
        await fetched(upstream, answer)

    assert type(refused.value) is UpstreamFailed
    assert "at-1" not in str(refused.value)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("path", ["/reset", "/empty", "/garbage", "/short"])
async def test_a_connection_that_breaks_is_a_failure_and_is_not_tried_again(upstream, path) -> None:
    with pytest.raises(UpstreamFailed):
        await fetched(upstream, url=upstream.url + path)

    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("told", "scopes"),
    [
        ("read write", ("read", "write")),
        ("read,write", ("read", "write")),
        (" read,  write ", ("read", "write")),
        (["read", "write", 7, ""], ("read", "write")),
        ("read read", ("read",)),
        (["read write", "admin"], ("read", "write", "admin")),
        ("https://v.example/auth/a.b ~!#[]", ("https://v.example/auth/a.b", "~!#[]")),
        ('read wr\0ite a\u202eb "quoted" back\\slash übung \x7f', ("read",)),
        (f"read {SECRET} x{SECRET} rt-0 {TOKEN['access_token']}", ("read",)),
        ("s" * 256, None),
        ("", None),
        (" , ", None),
        ([], None),
        ([7], None),
        (None, None),
        (7, None),
    ],
)
async def test_reads_scopes_however_they_are_written(upstream, told, scopes) -> None:
    found = await fetched(upstream, answered(TOKEN | {"scope": told}))

    assert found.scopes == scopes


async def test_reads_a_form_as_some_vendors_answer(upstream) -> None:
    form = b"access_token=gho_1&scope=repo%2Cuser&token_type=bearer&expires_in=28800"

    found = await fetched(upstream, reply(form, "application/x-www-form-urlencoded; charset=utf-8"))

    assert (found.access_token, found.scopes, found.expires_in_seconds) == ("gho_1", ("repo", "user"), 28800)
    assert upstream.requests[0].header("accept") == ["application/json"]


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "200 OK"])
async def test_a_refusal_is_known_by_the_vendors_word(upstream, status) -> None:
    told = answered({"ok": False, "error": "invalid_grant", "error_description": "Gone."}, status=status)

    with pytest.raises(TokenRefused) as refused:
        await fetched(upstream, told)

    assert (refused.value.error, refused.value.description) == ("invalid_grant", "Gone.")
    assert refused.value.external_status == int(status[:3])
    assert refused.value.reason is UpstreamFailure.ERROR_STATUS


async def test_what_a_vendor_says_of_a_refusal_is_short_printable_and_holds_no_secret(upstream) -> None:
    said = f"code {CODE} of {SECRET}\r\n\x1b[31m\u202e" + "x" * 5000
    told = answered({"error": "invalid_grant", "error_description": said}, status="400 No")

    with pytest.raises(TokenRefused) as refused:
        await fetched(upstream, told, AuthorizationCode(code=CODE, redirect_uri=None, verifier="verifier-89ab"))

    assert refused.value.description.startswith("code *** of *** [31mx")
    assert len(refused.value.description) <= 300


async def test_authorises_as_the_vendor_wants_it(upstream) -> None:
    upstream.answers["/token"] = answered(TOKEN)
    odd = {"client_id": "a b:c", "client_secret": "ü%+/="}

    await fetched(upstream, **odd)
    await fetched(upstream, **odd, auth=TokenEndpointAuth.POST)
    await fetched(upstream, client_id="public", client_secret=None)

    basic, post, public = upstream.requests
    # base64 of a+b%3Ac:%C3%BC%25%2B%2F%3D, RFC 6749 §2.3.1
    assert basic.header("authorization") == ["Basic YStiJTNBYzolQzMlQkMlMjUlMkIlMkYlM0Q="]
    assert basic.body == b"grant_type=refresh_token&refresh_token=rt-0"
    assert post.header("authorization") == []
    assert post.body.endswith(b"&client_id=a+b%3Ac&client_secret=%C3%BC%25%2B%2F%3D")
    assert public.header("authorization") == []
    assert public.body.endswith(b"&client_id=public")


async def test_asks_for_each_grant_as_the_rfc_says(upstream) -> None:
    upstream.answers["/token"] = answered(TOKEN)
    code = AuthorizationCode(code=CODE, redirect_uri="https://hub.example/cb", verifier="v-1")

    await fetched(upstream, grant=code)
    await fetched(upstream, grant=RefreshToken(token="rt-0", scopes=["a", "b"]))
    await fetched(upstream, grant=ClientCredentials(scopes=["a", "b"]))

    assert [received.body for received in upstream.requests] == [
        b"grant_type=authorization_code&redirect_uri=https%3A%2F%2Fhub.example%2Fcb&code=code-4567&code_verifier=v-1",
        b"grant_type=refresh_token&refresh_token=rt-0&scope=a+b",
        b"grant_type=client_credentials&scope=a+b",
    ]
    assert {received.header("content-type")[0] for received in upstream.requests} == {
        "application/x-www-form-urlencoded"
    }


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (reply(b"", "text/plain"), None),
        (answered({"error": "unsupported_token_type"}, status="400 No"), TokenRefused),
        (reply(b"", "text/plain", "404 Not Found"), TokenRefused),
        (reply(b"", "text/plain", "503 Busy"), UpstreamFailed),
    ],
)
async def test_revokes_a_token(upstream, answer, refusal) -> None:
    upstream.answers["/revoke"] = answer
    endpoint = TokenEndpoint(url=f"{upstream.url}/revoke", client_id="hub", client_secret=SECRET)
    raised: type[DomainError] | None = None

    async with open_egress() as egress:
        try:
            await revoke_token(egress, endpoint, "rt-0", hint="refresh_token", lane="acme")
        except DomainError as error:
            raised = type(error)

    assert raised is refusal
    assert upstream.requests[0].body == b"token=rt-0&token_type_hint=refresh_token"


def test_the_consent_page_is_asked_for_with_pkce_and_state() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 appendix B

    url = consent_url(
        authorization_url="https://vendor.example/authorize?tenant=7",
        client_id="hub",
        redirect_uri="https://hub.example/oauth2/callback",
        scopes=["a", "b"],
        separator=",",
        state="s-1",
        challenge=challenge_of(verifier),
        extra={"access_type": "offline", "state": "mine", "uri": "x"},
    )

    assert url == (
        "https://vendor.example/authorize?tenant=7&response_type=code&client_id=hub"
        "&redirect_uri=https%3A%2F%2Fhub.example%2Foauth2%2Fcallback&scope=a%2Cb&state=s-1"
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        "&access_type=offline&uri=x"
    )
    assert len({new_verifier() for _ in range(100)}) == 100
    assert len(new_verifier()) == 43


def test_the_query_of_a_consent_page_stays_and_nothing_is_said_twice() -> None:
    url = consent_url(
        authorization_url="https://vendor.example/authorize?prompt=none&state=theirs&resource=a%20b&empty=",
        client_id="hub",
        redirect_uri="https://hub.example/cb",
        scopes=[],
        state="s-1",
        challenge="c",
        extra={"prompt": "consent", "access_type": "offline"},
    )

    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == [
        ("prompt", "none"),
        ("resource", "a b"),
        ("empty", ""),
        ("response_type", "code"),
        ("client_id", "hub"),
        ("redirect_uri", "https://hub.example/cb"),
        ("state", "s-1"),
        ("code_challenge", "c"),
        ("code_challenge_method", "S256"),
        ("access_type", "offline"),
    ]
