"""An answer's body is shown as JSON, text or base64, and never breaks the one who reads it."""

from __future__ import annotations

from base64 import b64encode

import pytest

from proxy.call import Answer, Base64Body, JsonBody, TextBody, read_body
from tests.proxy.sending import open_egress, request


def answer(body: bytes, content_type: str | None = "application/json") -> Answer:
    return Answer(status=200, headers=(), content_type=content_type, body=body)


def base64(body: bytes) -> Base64Body:
    return Base64Body(b64encode(body).decode())


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON; charset=UTF-8",
        "application/problem+json",
        "text/json;charset=utf8",
    ],
)
def test_json_is_json(content_type):
    assert read_body(answer(b' {"a": [1, "\xc3\xa4"]}', content_type)) == JsonBody(
        {"a": [1, "ä"]}, b' {"a": [1, "\xc3\xa4"]}'
    )


def test_a_byte_order_mark_is_not_part_of_json():
    assert read_body(answer(b'\xef\xbb\xbf{"a":1}')) == JsonBody({"a": 1}, b'{"a":1}')


def test_json_scalars_are_json():
    assert read_body(answer(b"null")) == JsonBody(None, b"null")
    assert read_body(answer(b"3")) == JsonBody(3, b"3")


def test_an_empty_body_is_none():
    assert read_body(answer(b"")) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":NaN}',
        b"{'a':1}",
        b'{"a":1',
        b"<html>",
        b'"\\ud800"',
        b"[1] x",
        b"Infinity",
        b"[" * 300 + b"]" * 300,
    ],
)
def test_what_only_claims_to_be_json_is_text(body):
    assert read_body(answer(body)) == TextBody(body.decode())


def test_nesting_counts_only_where_it_is_deep():
    shallow = b"[" + b",".join([b"[]"] * 500) + b"]"
    deepest = b"[" * 200 + b"]" * 200

    assert isinstance(read_body(answer(shallow)), JsonBody)
    assert isinstance(read_body(answer(deepest)), JsonBody)
    assert isinstance(read_body(answer(b"[" + deepest + b"]")), TextBody)
    assert isinstance(read_body(answer(b"[" * 100_000 + b"]" * 100_000)), TextBody)


def test_json_in_another_charset_is_text():
    assert read_body(answer('{"a":"ä"}'.encode("utf-16"), "application/json; charset=utf-16")) == TextBody(
        '{"a":"ä"}'
    )


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"hello", "text/plain", "hello"),
        ("ü".encode("latin-1"), "text/html; charset=ISO-8859-1", "ü"),
        (b"<a/>", "application/atom+xml", "<a/>"),
        (b"a=1&b=2", "application/x-www-form-urlencoded", "a=1&b=2"),
        ("日本".encode("shift_jis"), 'text/plain; charset="Shift_JIS"', "日本"),
    ],
)
def test_text_is_text(body, content_type, text):
    assert read_body(answer(body, content_type)) == TextBody(text)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"a":"\xff"}', "application/json"),
        (b"\xff\xfe", "text/plain"),
        (b"a\0b", "text/plain"),
        (b"abc", "text/plain; charset=klingon"),
        (b"abc", "text/plain; charset=punycode"),
        (b"abc", "text/plain; charset=rot13"),
        (b"abc", "text/plain; charset=a\0b"),
        (b"abc", "text/plain; charset=" + "x" * 9000),
        (b"{}", None),
        (b"{}", ""),
        (b"{}", "application/octet-stream"),
        (b"{}", "nonsense; ;;=;"),
        (b"\x89PNG", "image/png"),
    ],
)
def test_anything_else_is_base64(body, content_type):
    assert read_body(answer(body, content_type)) == base64(body)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/ok", JsonBody),
        ("/bad-utf8", Base64Body),
        ("/nan", TextBody),
        ("/deep", TextBody),
        ("/not-json", TextBody),
        ("/wrong-charset", Base64Body),
        ("/latin1", TextBody),
        ("/unknown-charset", Base64Body),
    ],
)
async def test_reads_what_an_upstream_really_sends(path, kind, faults):
    async with open_egress() as egress:
        received = await egress.send(request(f"{faults.url}{path}"))

    assert isinstance(read_body(received), kind)
