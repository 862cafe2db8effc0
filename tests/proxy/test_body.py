"""An answer's body is shown as JSON, text or base64, and never breaks the one who reads it."""

from __future__ import annotations

from base64 import b64encode
from codecs import BOM_UTF8

import pytest

from proxy.call import Answer, Base64Body, JsonBody, TextBody, read_body
from tests.proxy.sending import open_egress, request

WIDE = '{"a":"ä"}'


def answer(body: bytes, content_type: str | None = "application/json") -> Answer:
    return Answer(status=200, headers=(), content_type=content_type, body=body)


def base64(body: bytes) -> Base64Body:
    return Base64Body(b64encode(body).decode())


@pytest.mark.parametrize(
    "content_type",
    [
        *(
            "application/json",
            "APPLICATION/JSON; charset=UTF-8",
            "application/problem+json",
            "text/json;charset=utf8",
        ),
        *("application/x-json", "application/vnd.api+json", "json", "application/json charset=utf-8"),
        *(
            "application/json, application/json",
            '"application/json"',
            "application/json;",
            "application/json;charset",
        ),
    ],
)
async def test_json_is_json(content_type):
    body = b' {"a": [1, "\xc3\xa4"]}'

    assert await read_body(answer(body, content_type)) == JsonBody(body)


@pytest.mark.parametrize(
    "charset", ["ISO-8859-1", "windows-1252", "", "binary", '"utf-8"', "'utf8'", "klingon", "utf-16"]
)
async def test_json_is_json_whatever_charset_word_its_type_has(charset):
    body = b'{"a":"\xc3\xa4"}'

    assert await read_body(answer(body, f"application/json; charset={charset}")) == JsonBody(body)


@pytest.mark.parametrize(
    "number", ["12345678901234567890123", "1234567890123456.78", "1E5", "1.10", "1e400", "-0.0", '"\\ud800"']
)
async def test_json_stays_as_it_was_sent(number):
    body = f'{{"n": {number}, "n":\t2}}\n'.encode()

    assert await read_body(answer(body)) == JsonBody(body)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xef\xbb\xbf" + WIDE.encode(), "application/json"),
        (WIDE.encode("utf-16"), "application/json"),
        (WIDE.encode("utf-16-be"), "application/json; charset=utf-16"),
        (WIDE.encode("utf-32-le"), "application/json"),
        (WIDE.encode("latin-1"), "application/json; charset=ISO-8859-1"),
    ],
)
async def test_json_of_another_encoding_becomes_utf_8_without_a_mark(body, content_type):
    assert await read_body(answer(body, content_type)) == JsonBody(WIDE.encode())


@pytest.mark.parametrize("content_type", [None, "", "nonsense; ;;=;", "text/javascript", "application/x-javascript"])
async def test_a_list_or_an_object_is_json_without_a_type_and_with_that_of_a_script(content_type):
    assert await read_body(answer(b" {}", content_type)) == JsonBody(b" {}")
    assert await read_body(answer(b"[1]", content_type)) == JsonBody(b"[1]")
    assert await read_body(answer(b"[1", content_type)) == TextBody("[1")
    assert await read_body(answer(b"call({})", content_type)) == TextBody("call({})")
    assert await read_body(answer(b"12", content_type)) == TextBody("12")


async def test_json_scalars_are_json():
    assert await read_body(answer(b"null")) == JsonBody(b"null")
    assert await read_body(answer(b"3")) == JsonBody(b"3")


async def test_json_has_a_value_where_python_has_one():
    assert JsonBody(b'{"a": 1}').value() == {"a": 1}
    with pytest.raises(ValueError, match="infinity"):
        JsonBody(b"1e400").value()


async def test_an_empty_body_is_none():
    assert await read_body(answer(b"")) is None


@pytest.mark.parametrize(
    "body",
    [
        *(b'{"a":NaN}', b"{'a':1}", b'{"a":1', b"<html>", b"[1] x", b"Infinity", b"[" * 300 + b"]" * 300, b" "),
    ],
)
async def test_what_only_claims_to_be_json_is_text(body):
    read = await read_body(answer(body))

    assert isinstance(read, TextBody)
    assert read.text == body.decode()
    assert (read.parse_error or "").startswith("This is no JSON at line 1, column ")


async def test_a_second_byte_order_mark_is_no_json():
    read = await read_body(answer(BOM_UTF8 * 2 + b"{}"))

    assert read == TextBody("\ufeff{}", "This is no JSON at line 1, column 1 (position 0): expected a value.")


async def test_a_large_body_is_read_as_a_small_one_is():
    long = b'["' + b"x" * 100_000 + b'", 1e400]'

    assert await read_body(answer(long)) == JsonBody(long)
    assert isinstance(await read_body(answer(long + b"x")), TextBody)


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"hello", "text/plain", "hello"),
        ("ü".encode("latin-1"), "text/html; charset=ISO-8859-1", "ü"),
        (b"<a/>", "application/atom+xml", "<a/>"),
        (b"a=1&b=2", "application/x-www-form-urlencoded", "a=1&b=2"),
        ("日本".encode("shift_jis"), 'text/plain; charset="Shift_JIS"', "日本"),
        (b'{"a":1}\n{"a":2}\n', "application/x-ndjson", '{"a":1}\n{"a":2}\n'),
        (b'{"a":1}', "text/plain", '{"a":1}'),
        (b"a: 1", "application/yaml", "a: 1"),
        (b"a;b", "text/csv", "a;b"),
        (b"\xef\xbb\xbfa;b", "text/csv; charset=utf-8", "a;b"),
        ("ä;b".encode("utf-16"), "text/csv", "ä;b"),
        ("ä".encode(), "text/plain; charset=us-ascii", "ä"),
        ("ä".encode(), "text/plain; charset=", "ä"),
        (b"abc", "text/plain; charset=klingon", "abc"),
        (b"abc", "text/plain; charset=punycode", "abc"),
        (b"abc", "text/plain; charset=rot13", "abc"),
        (b"abc", "text/plain; charset=a\0b", "abc"),
        (b"abc", "text/plain; charset=" + "x" * 9000, "abc"),
    ],
)
async def test_text_is_text(body, content_type, text):
    assert await read_body(answer(body, content_type)) == TextBody(text)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff\xfe", "text/plain"),
        (b"a\0b", "text/plain"),
        (b"a\0b", None),
        (b"\x89PNG", None),
        (b"\x01[1m", None),
        (b"{}", "application/octet-stream"),
        (b"\x89PNG", "image/png"),
    ],
)
async def test_anything_else_is_base64(body, content_type):
    assert await read_body(answer(body, content_type)) == base64(body)


async def test_bytes_that_claim_to_be_json_are_base64_with_the_fault():
    assert await read_body(answer(b'{"a":"\xff"}')) == Base64Body(
        b64encode(b'{"a":"\xff"}').decode(), "This is no JSON: its bytes are not UTF-8."
    )


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
        ("/unknown-charset", TextBody),
    ],
)
async def test_reads_what_an_upstream_really_sends(path, kind, faults):
    async with open_egress() as egress:
        received = await egress.send(request(f"{faults.url}{path}"))

    assert isinstance(await read_body(received), kind)
