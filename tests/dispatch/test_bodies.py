"""Bodies of capabilities as forms, in parts and raw, proven by a library that reads what arrived."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import pytest
from python_multipart.multipart import parse_form

from tests.dispatch.bodies import FILE, field, in_base64, of_format
from tests.harness.acting import listed
from tests.harness.calling import App, app, capability, given
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer, Received

BYTES = bytes(range(256))


def parts_of(received: Received) -> list[tuple[str, str | None, bytes]]:
    """Name, file name and content of each part, as python-multipart reads them."""
    found: list[tuple[str, str | None, bytes]] = []

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        found.append((file.field_name.decode(), file.file_name.decode(), file.file_object.read()))

    (content_type,) = received.header("content-type")
    headers = {"Content-Type": content_type.encode(), "Content-Length": str(len(received.body)).encode()}
    parse_form(
        headers,
        BytesIO(received.body),
        lambda one: found.append((one.field_name.decode(), None, one.value or b"")),
        on_file,
    )
    return found


async def sent(shop: App, upstream: FaultServer, inputs: Any) -> Received:
    """The request that a call makes."""
    done = await shop.run("CALL", inputs)
    assert done["dispatch"]["outcome"] == "SUCCEEDED", done
    return upstream.requests[-1]


NESTED = {"metadata": {"a": "b", "deep": {"x": 1}}, "items": [{"price": "p_1", "quantity": 2}, {"price": "ü &="}]}


@pytest.mark.parametrize(
    ("array_format", "lists"),
    [
        ("REPEAT", [("tags", "a"), ("tags", "b")]),
        ("BRACKETS", [("tags[]", "a"), ("tags[]", "b")]),
        ("COMMA", [("tags", "a,b")]),
    ],
)
async def test_a_form_has_nested_values_and_lists_as_declared(organization, upstream, array_format, lists) -> None:
    shop = await app(organization.client, upstream.url, of_format("FORM", arrayFormat=array_format))

    received = await sent(shop, upstream, NESTED | {"tags": ["a", None, "b"], "live": True, "none": None, "no": []})

    assert received.header("content-type") == ["application/x-www-form-urlencoded"]
    assert parse_qsl(received.body.decode(), keep_blank_values=True, strict_parsing=True) == [
        ("metadata[a]", "b"),
        ("metadata[deep][x]", "1"),
        ("items[0][price]", "p_1"),
        ("items[0][quantity]", "2"),
        ("items[1][price]", "ü &="),
        *lists,
        ("live", "true"),
    ]


async def test_an_input_may_have_its_own_format_of_lists_or_be_one_field_of_json(organization, upstream) -> None:
    own = field("to", type="array", **{"x-array-format": "brackets"}), field("a", contentMediaType="application/json")
    shop = await app(organization.client, upstream.url, of_format("FORM", *own))

    received = await sent(shop, upstream, {"to": ["x"], "from": ["y", "z"], "a": {"b": [1, "ü"]}})

    found = parse_qsl(received.body.decode())
    assert found == [("to[]", "x"), ("from", "y"), ("from", "z"), ("a", '{"b":[1,"ü"]}')]


async def test_a_library_reads_the_form_as_it_was_meant(organization, httpbin) -> None:
    shop = await app(organization.client, httpbin, of_format("FORM", endpoint="/anything"))

    arrived = await shop.echo("CALL", {"To": "+41 79", "MediaUrl": ["https://a.example/?b=c&d", "x y"]})

    assert arrived["form"] == {"To": "+41 79", "MediaUrl": ["https://a.example/?b=c&d", "x y"]}


async def test_a_form_without_values_is_an_empty_body(organization, upstream) -> None:
    shop = await app(organization.client, upstream.url, of_format("FORM"))

    received = await sent(shop, upstream, {})

    assert (received.body, received.header("content-length")) == (b"", ["0"])
    assert received.header("transfer-encoding") == []


async def test_a_declared_form_outranks_the_integrations_own_content_type(organization, upstream) -> None:
    headers = [{"name": "content-type", "value": "application/json"}]
    made = of_format("FORM"), capability("AS_JSON", "POST", "/ok", given("a"))
    shop = await app(organization.client, upstream.url, *made, auth={"headers": headers})

    received = await sent(shop, upstream, {"a": "b"})

    assert received.header("content-type") == ["application/x-www-form-urlencoded"]


NAME = 'a"b\r\nX-Evil: 1\\ü.txt'


async def test_parts_have_files_texts_and_json_as_they_were_given(organization, upstream) -> None:
    fields = (
        field("file", **FILE),
        field("more", type="array", items=FILE),
        field("json", contentMediaType="application/json"),
    )
    shop = await app(organization.client, upstream.url, of_format("MULTIPART", *fields, arrayFormat="BRACKETS"))
    inputs = {
        "file": in_base64(BYTES, filename=NAME, contentType='image/png; a="b c"'),
        "more": [in_base64(b"1", filename="1.txt"), in_base64(b"2")],
        "json": {"a": 1},
        'n"\r\nä': "line\r\nbreak",
        "tags": ["x", "y"],
        "at": {"x": 1},
        "null": None,
    }

    received = await sent(shop, upstream, inputs)

    assert parts_of(received) == [
        ("file", "a%22b%0D%0AX-Evil: 1\\ü.txt", BYTES),
        ("more[]", "1.txt", b"1"),
        ("more[]", "file", b"2"),
        ("json", None, b'{"a":1}'),
        ("n%22%0D%0Aä", None, b"line\r\nbreak"),
        ("tags[]", None, b"x"),
        ("tags[]", None, b"y"),
        ("at[x]", None, b"1"),
    ]
    assert b'\r\nContent-Type: image/png; a="b c"\r\n' in received.body
    assert b'name="json"\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n' in received.body


async def test_a_repeated_call_sends_the_same_bytes(organization, upstream) -> None:
    upstream.answers["/busy"] = reply(b"", "text/plain", "503 Busy", "Retry-After: 0", "Connection: close")
    made = of_format("MULTIPART", field("file", **FILE), method="PUT", endpoint="/busy")
    shop = await app(organization.client, upstream.url, made)

    done = await shop.run("CALL", {"file": in_base64(BYTES)})
    await shop.run("CALL", {"file": in_base64(BYTES)})

    assert (done["dispatch"]["attemptCount"], len(upstream.requests)) == (3, 6)
    assert len({received.raw for received in upstream.requests}) == 1


@pytest.mark.parametrize(
    ("declared", "value", "content", "content_type"),
    [
        ({"type": "string"}, "ü", "ü".encode(), "text/plain; charset=utf-8"),
        ({"type": "string", "contentMediaType": "application/xml"}, "<a/>", b"<a/>", "application/xml"),
        ({"type": "array"}, [1, {"a": None}], b'[1,{"a":null}]', "application/json"),
        (FILE, in_base64(BYTES), BYTES, "application/octet-stream"),
        (FILE, in_base64(b"%PDF", contentType="application/pdf"), b"%PDF", "application/pdf"),
        (FILE, in_base64(b""), b"", "application/octet-stream"),
    ],
)
async def test_one_input_is_the_whole_body(organization, upstream, declared, value, content, content_type) -> None:
    shop = await app(organization.client, upstream.url, of_format("RAW", field("body", **declared)))

    received = await sent(shop, upstream, {"body": value, "q": "in the query"})

    assert received.target == "/ok?q=in%20the%20query"
    assert (received.body, received.header("content-type")) == (content, [content_type])


@pytest.mark.parametrize("inputs", [{}, {"body": None}])
async def test_a_raw_body_that_is_not_given_is_no_body(organization, upstream, inputs) -> None:
    shop = await app(organization.client, upstream.url, of_format("RAW", field("body")))

    received = await sent(shop, upstream, inputs)

    assert (received.body, received.header("content-type")) == (b"", [])


async def test_a_plan_shows_a_form_by_its_fields_and_a_file_by_its_size(organization, canary) -> None:
    fields = field("file", **FILE), field("to", type="array")
    made = of_format("MULTIPART", *fields, arrayFormat="BRACKETS"), of_format("FORM", name="FORM")
    raw = of_format("RAW", field("file", **FILE), name="RAW")
    shop = await app(organization.client, canary.url, *made, raw)
    file = in_base64(BYTES, filename="a.bin", contentType="image/png")
    shown = {"filename": "a.bin", "contentType": "image/png", "size": 256}

    assert (await shop.plan("CALL", {"file": file, "to": ["a", "b"]}))["body"] == {"file": shown, "to[]": ["a", "b"]}
    assert (await shop.plan("FORM", NESTED))["body"]["items[0][price]"] == "p_1"
    assert (await shop.plan("RAW", {"file": file}))["body"] == shown
    assert canary.connections == 0


async def test_a_key_belongs_to_the_bytes_of_a_file(organization, upstream) -> None:
    shop = await app(organization.client, upstream.url, of_format("MULTIPART", field("file", **FILE)))
    inputs = {"file": in_base64(BYTES)}

    first = await shop.run("CALL", inputs, idempotencyKey="k")
    again = await shop.run("CALL", {"file": in_base64(BYTES, filename="file")}, idempotencyKey="k")
    other = await shop.refused("CALL", {"file": in_base64(b"other")}, idempotencyKey="k")

    assert (first["replayed"], again["replayed"], other["code"]) == (False, True, "CONFLICT")
    assert len(upstream.requests) == 1


async def test_shows_what_was_declared(organization) -> None:
    made = of_format("MULTIPART", field("f", **FILE), arrayFormat="COMMA"), capability("USUAL", "POST", "/ok")
    await app(organization.client, "https://shop.example", *made)

    shown = await listed(organization.client, "capabilities", "name bodyFormat arrayFormat inputs { type location }")

    assert shown == [
        {
            "name": "CALL",
            "bodyFormat": "MULTIPART",
            "arrayFormat": "COMMA",
            "inputs": [{"type": "FILE", "location": "BODY"}],
        },
        {"name": "USUAL", "bodyFormat": "JSON", "arrayFormat": "REPEAT", "inputs": []},
    ]


async def test_a_head_has_its_inputs_in_the_query_and_no_body(organization, upstream) -> None:
    upstream.answers["/there"] = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nX-Size: 7\r\n\r\n"
    shop = await app(organization.client, upstream.url, capability("CALL", "HEAD", "/there", given("a")))

    done = await shop.run("CALL", {"a": "b"})

    (received,) = upstream.requests
    assert (received.method, received.target, received.body) == ("HEAD", "/there?a=b", b"")
    assert (done["dispatch"]["outcome"], done["response"]["json"]) == ("SUCCEEDED", None)
    (row,) = await listed(organization.client, "capabilities", "method effect")
    assert row == {"method": "HEAD", "effect": "READ"}
