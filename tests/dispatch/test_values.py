"""JSON of a remote service reaches the caller as it was sent; a body that only claims to be JSON says its fault."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from tests.harness.calling import app, capability, given
from tests.harness.tenants import Tenant
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

GET = capability("GET", "GET", "/{path}", given("path"), timeoutSeconds=20)
ASKED = """mutation($i: DispatchInput!) { dispatch(input: $i) { ... on DispatchPayload { replayed dispatch { outcome }
  response { json text base64 parseError } } ... on Problem { message } } }"""
NUMBERS = b'{"id": 12345678901234567890123,\n "sum":1234567890123456.78,"e": 1E5,"z":1.10,"big":1e400,"z":"\\ud800"}'


@pytest.fixture
async def ask(shared: Tenant, service: FaultServer):
    """Sends a body through a capability, and answers the hub's own answer as it is on the wire."""

    async def send(body: bytes, content_type: str = "application/json", *head: str, **more: Any) -> httpx.Response:
        service.answers["/values"] = reply(body, content_type, "200 OK", *head)
        shop = await app(shared.client, service.url, GET)
        named = {"named": {"handler": shop.handler, "name": "GET"}}
        return await shared.client.raw(ASKED, i={"capability": named, "inputs": {"path": "values"}, **more})

    return send


def told(answer: httpx.Response) -> dict[str, Any]:
    """The response of a dispatch that succeeded, without its empty members."""
    done = answer.json()["data"]["dispatch"]
    assert done["dispatch"]["outcome"] == "SUCCEEDED"
    return {name: value for name, value in done["response"].items() if value is not None}


async def test_json_is_relayed_byte_for_byte_at_once_and_again(shared: Tenant, service: FaultServer) -> None:
    service.answers["/values"] = reply(NUMBERS, "application/json")
    shop = await app(shared.client, service.url, GET)
    named = {"named": {"handler": shop.handler, "name": "GET"}}
    asked = {"capability": named, "inputs": {"path": "values"}, "idempotencyKey": "values"}

    first = await shared.client.raw(ASKED, i=asked)
    again = await shared.client.raw(ASKED, i=asked)

    assert b'"json":' + NUMBERS + b',"text":null' in first.content
    assert first.json()["data"]["dispatch"]["response"]["json"]["id"] == 12345678901234567890123
    assert again.json()["data"]["dispatch"]["replayed"] is True
    assert again.content == first.content.replace(b'"replayed":false', b'"replayed":true')


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=ISO-8859-1", "text/json; charset=", "application/x-json"]
)
async def test_json_is_json_whatever_its_type_says_of_the_charset(ask, content_type) -> None:
    assert told(await ask('{"a":"ä"}'.encode(), content_type)) == {"json": {"a": "ä"}}


@pytest.mark.parametrize("coding", ["identity", "Identity, ", "", "utf-8", "none"])
async def test_what_is_said_to_be_encoded_by_nothing_is_json(ask, coding) -> None:
    assert told(await ask(b"[1]", "application/json", f"Content-Encoding: {coding}")) == {"json": [1]}


async def test_what_is_encoded_and_not_undone_is_no_text(ask) -> None:
    assert told(await ask(b"[1]", "application/json", "Content-Encoding: br, gzip")) == {
        "base64": "WzFd",
        "parseError": "It has a Content-Encoding that the hub does not undo: br, gzip.",
    }


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_a_number_that_json_does_not_have_leaves_a_success_with_text_and_the_fault(ask, number) -> None:
    body = f'{{"a":{number}}}'

    assert told(await ask(body.encode())) == {
        "text": body,
        "parseError": f"This is no JSON at line 1, column 6 (position 5): {number} is no number of JSON.",
    }


async def test_a_large_body_is_relayed_and_its_size_is_that_of_the_answer(ask) -> None:
    many = b"[" + b",".join([b'{"n":1.10,"s":"\\u0000"}'] * 20_000) + b"]"
    told_of = await ask(gzip.compress(many), "application/json", "Content-Encoding: gzip")

    assert b'"json":' + many + b"," in told_of.content
    assert json.loads(told_of.content)["data"]["dispatch"]["response"]["parseError"] is None


async def test_ten_names_for_one_large_body_are_too_much_for_an_answer(shared: Tenant, service: FaultServer) -> None:
    service.answers["/values"] = reply(b'["' + b"x" * 2_000_000 + b'"]', "application/json")
    shop = await app(shared.client, service.url, GET)
    named = {"named": {"handler": shop.handler, "name": "GET"}}
    names = " ".join(f"j{index}: json" for index in range(10))
    query = ASKED.replace("json text", names)

    answer = await shared.client.raw(query, i={"capability": named, "inputs": {"path": "values"}})

    assert answer.json()["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
