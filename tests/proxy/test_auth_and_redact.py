"""Credentials in requests, and masks over them."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import quote

import pytest

from models.vocabulary import ApiKeyLocation
from proxy.auth import ApiKey, Authorisation, Basic, Bearer, NoCredential, authorise, check_credential
from proxy.call import OutboundRequest
from proxy.redact import _forms, mask_headers, mask_url, redact, redact_start
from tests.harness.effort import effort
from tests.proxy.sending import open_egress, request

HEADER, QUERY = ApiKeyLocation.HEADER, ApiKeyLocation.QUERY


@pytest.mark.parametrize(
    ("credential", "location", "name", "made"),
    [
        (NoCredential(), HEADER, None, Authorisation()),
        (ApiKey("k"), HEADER, "X-Token", Authorisation(headers=(("X-Token", "k"),), secrets=("k",))),
        (ApiKey("k"), HEADER, None, Authorisation(headers=(("X-API-Key", "k"),), secrets=("k",))),
        (ApiKey("k"), QUERY, "token", Authorisation(query=(("token", "k"),), secrets=("k",))),
        (ApiKey("k"), QUERY, None, Authorisation(query=(("api_key", "k"),), secrets=("k",))),
        (Bearer("t"), QUERY, "x", Authorisation(headers=(("Authorization", "Bearer t"),), secrets=("t",))),
        (
            Basic("Aladdin", "open sesame"),
            HEADER,
            None,
            Authorisation(
                headers=(("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),),
                secrets=("open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin:open sesame"),
            ),
        ),
    ],
)
def test_puts_the_credential_in_its_place(credential, location, name, made):
    assert authorise(credential, location, name) == made


@pytest.mark.parametrize(
    ("credential", "field"),
    [
        (ApiKey(""), "key"),
        (ApiKey("a\r\nb"), "key"),
        (ApiKey(" k"), "key"),
        (Bearer("a\x85"), "token"),
        (Basic("a:b", "p"), "username"),
        (Basic("", "p"), "username"),
        (Basic("a", "p\n"), "password"),
    ],
)
def test_refuses_credentials_that_cannot_be_sent(credential, field):
    assert check_credential(credential)[0] == field


@pytest.mark.parametrize("credential", [NoCredential(), ApiKey("k"), Bearer("t"), Basic("key", ""), Basic("ü", "p")])
def test_takes_credentials_that_can(credential):
    assert check_credential(credential) is None


def test_no_secret_shows_in_a_representation():
    shown = repr([ApiKey("s3cret"), Bearer("s3cret"), Basic("u", "s3cret")])
    made = OutboundRequest(
        method="GET", url="https://x.example", headers=(("A", "s3cret"),), body=b"s3cret", lane="a"
    )

    assert "s3cret" not in shown + repr(made)


async def test_a_real_server_accepts_basic_and_bearer(httpbin):
    basic = authorise(Basic("zoë", "pässword"), HEADER, None)
    bearer = authorise(Bearer("t0ken"), HEADER, None)

    async with open_egress() as egress:
        good = await egress.send(request(f"{httpbin}/basic-auth/zo%C3%AB/p%C3%A4ssword", headers=basic.headers))
        bad = await egress.send(request(f"{httpbin}/basic-auth/other/p", headers=basic.headers))
        token = await egress.send(request(f"{httpbin}/bearer", headers=bearer.headers))

    assert (good.status, bad.status, token.status) == (200, 401, 200)
    assert b'"token":"t0ken"' in token.body


def test_masks_all_query_values_or_the_named_ones():
    url = "https://x.example/a?api_key=s3cret&q=a%20b&q=c&flag#frag"

    assert mask_url(url) == "https://x.example/a?api_key=***&q=***&q=***&flag"
    assert mask_url(url, {"api_key"}) == "https://x.example/a?api_key=***&q=a%20b&q=c&flag"
    assert mask_url("https://x.example/a?a%20b=1&c=2", {"a b"}) == "https://x.example/a?a%20b=***&c=2"


def test_masks_a_user_name_and_leaves_the_rest():
    assert mask_url("https://u:p@x.example/a@b") == "https://x.example/a@b"
    assert mask_url("https://x.example") == "https://x.example"


def test_masks_headers_by_name():
    headers = (("authorization", "Bearer s3cret"), ("X-API-Key", "s3cret"), ("Accept", "text/html"))

    assert mask_headers(headers, ["Authorization", "x-api-key"]) == (
        ("authorization", "Bearer ***"),
        ("X-API-Key", "***"),
        ("Accept", "text/html"),
    )


def test_redacts_by_value_in_every_encoding_longest_first():
    text = "key=ab c/d&x=ab%20c%2Fd&y=ab+c%2Fd ab c/d-longer pin=123"

    assert redact(text, ["ab c/d", "ab c/d-longer", "123", ""]) == "key=***&x=***&y=*** *** pin=123"


@pytest.mark.parametrize(
    "form",
    [
        'ä/b+c<d>"e f?g~~',
        "%C3%A4%2Fb%2Bc%3Cd%3E%22e%20f%3Fg~~",
        "%c3%a4%2fb%2bc%3cd%3e%22e%20f%3fg~~",
        "%C3%A4/b%2Bc%3Cd%3E%22e%20f%3Fg~~",
        "%C3%A4%2Fb%2Bc%3Cd%3E%22e+f%3Fg~~",
        "%25C3%25A4%252Fb%252Bc%253Cd%253E%2522e%2520f%253Fg~~",
        "w6QvYitjPGQ+ImUgZj9nfn4=",
        "w6QvYitjPGQ-ImUgZj9nfn4",
        "w6QvYitjPGQ%2BImUgZj9nfn4%3D",
        'ä/b+c<d>\\"e f?g~~',
        '\\u00e4\\/b+c<d>\\"e f?g~~',
        "ä/b+c&lt;d&gt;&quot;e f?g~~",
        'ä/b+c&lt;d&gt;"e f?g~~',
    ],
)
def test_redacts_a_secret_in_every_usual_encoding(form):
    shown = redact(f"before {form} after", ['ä/b+c<d>"e f?g~~'])

    assert shown in {"before *** after", "before ***= after", "before ***%3D after"}


@pytest.mark.parametrize("form", [str, quote, lambda text: b64encode(text.encode()).decode(), json.dumps])
@pytest.mark.parametrize("secret", ["tok/é" * 13_000, "a" * 601])
def test_of_a_long_secret_the_beginning_is_looked_for_and_what_follows_left_out(form, secret):
    masked = redact(f"before {form(secret)} after", ["short", secret])

    assert masked in ("before ***", 'before "***')
    assert redact("before after", [secret]) == "before after"


def test_the_forms_of_long_secrets_are_few_and_small():
    with effort() as spent:
        for number in range(20):
            redact("nothing of it", [f"{number}" + "/é" * 32_000])

    assert spent.seconds < 2  # 20 s if each of its forms were made
    assert sum(map(len, _forms(f"0{'/é' * 32_000}"[:510]))) < 200_000


@pytest.mark.parametrize("before", [0, 65_535, 65_530, 65_536, 65_550, 65_559, 65_560, 65_561, 65_600, 200_000])
def test_cuts_a_long_text_and_leaves_no_part_of_a_secret(before):
    secret = "s3cr3t/of-24-letters-now"
    text = "." * before + secret + "." * 100_000 + secret

    start = redact_start(text, [secret, "another"])

    assert start == ("." * before + "***" + "." * 100_000)[: len(start)]
    assert 65_400 < len(start) <= 65_536
    assert redact_start(secret + " ends", [secret]) == "*** ends"
    assert redact_start("." * 100_000, []) == "." * 65_536
