"""Values of a request: lists, null and numbers go out as they were meant, or are refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.dispatch.bodies import field, schema
from tests.harness.acting import act, listed
from tests.harness.calling import app, capability, given

DISPATCH = """mutation ($capability: CapabilityRef!%s) {
  dispatch(input: { capability: $capability, inputs: %s }) { __typename } }"""


def getting(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "CALL", "method": "GET", "endpoint": "/ok", "inputSchema": schema(*fields)} | more


@pytest.mark.parametrize(
    ("array_format", "query"),
    [
        ("REPEAT", "ids=7&ids=8&own=x,y%20z&tags=a%2Cb&tags=1&at=3"),
        ("BRACKETS", "ids%5B%5D=7&ids%5B%5D=8&own=x,y%20z&tags%5B%5D=a%2Cb&tags%5B%5D=1&at=3"),
    ],
)
async def test_a_list_in_the_query_is_written_as_declared(organization, upstream, array_format, query) -> None:
    fields = (
        field("ids", type="array", items={"type": "integer"}),
        field("own", type="array", **{"x-array-format": "COMMA"}),
        field("at", type="integer"),
    )
    shop = await app(organization.client, upstream.url, getting(*fields, arrayFormat=array_format))
    inputs = {
        "ids": [7.0, 8],
        "own": ["x", None, "y z"],
        "tags": ["a,b", 1, None],
        "none": [None],
        "no": [],
        "at": 3.0,
    }

    await shop.run("CALL", inputs)

    assert upstream.requests[0].target == f"/ok?{query}"


async def test_a_list_whose_members_would_run_together_is_refused(organization, canary) -> None:
    shop = await app(organization.client, canary.url, getting(arrayFormat="COMMA"))

    refused = await shop.refused("CALL", {"tags": ["a", "b,c"]})

    assert refused["path"] == ["input", "inputs", "tags"]
    assert canary.connections == 0


async def test_a_long_name_of_many_members_is_refused_before_it_is_written(organization, canary) -> None:
    shop = await app(organization.client, canary.url, getting())

    refused = await shop.refused("CALL", {"n" * 5_000: list(range(500))})

    assert refused["violations"][0]["message"].startswith("Its values are too many: ")
    assert canary.connections == 0


async def test_an_integer_is_written_without_a_fraction_in_every_place(organization, upstream) -> None:
    places = [
        given("p", "INTEGER"),
        given("q", "INTEGER", location="QUERY"),
        given("H", "INTEGER", location="HEADER"),
    ]
    made = capability("CALL", "POST", "/ok/{p}", *places, given("b", "INTEGER"), given("n", "NUMBER"))
    shop = await app(organization.client, upstream.url, made)

    await shop.run("CALL", {"p": 7.0, "q": 1e3, "H": -2.0, "b": 1e15, "n": 1.0})

    (sent,) = upstream.requests
    assert (sent.target, sent.header("H")) == ("/ok/7?q=1000", ["-2"])
    assert sent.body == b'{"b":1000000000000000,"n":1.0}'


async def test_an_integer_is_whole_inside_of_values_and_as_a_default_too(organization, upstream) -> None:
    item = {"type": "object", "properties": {"quantity": {"type": "integer"}, "price": {"type": "number"}}}
    schema = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": item},
            "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            "many": {"type": "integer", "default": 1e3},
        },
    }
    made = {"name": "CALL", "method": "POST", "endpoint": "/ok", "inputSchema": schema}
    shop = await app(organization.client, upstream.url, made)

    await shop.run("CALL", {"items": [{"quantity": 2.0, "price": 2.0}], "either": 7.0})

    (sent,) = upstream.requests
    assert json.loads(sent.body) == {"many": 1000, "items": [{"quantity": 2, "price": 2.0}], "either": 7}
    assert b"7.0" not in sent.body
    assert b"1000.0" not in sent.body
    assert b'"quantity":2,' in sent.body


@pytest.mark.parametrize("number", ["1234567890123456.78", "18446744073709551616", "1e400", "3.141592653589793238"])
@pytest.mark.parametrize("literal", [False, True])
async def test_a_number_that_would_change_is_refused_by_its_place(organization, canary, number, literal) -> None:
    await app(organization.client, canary.url, capability("CALL", "POST", "/ok", allowUnknownInputs=True))
    (row,) = await listed(organization.client, "capabilities", "id")
    document = DISPATCH % (
        ("", f"{{ total: {{ amount: {number} }} }}") if literal else (", $inputs: JSON", "$inputs")
    )
    inputs = "null" if literal else f'{{"total": {{"amount": {number}}}}}'
    variables = f'{{"capability": {{"id": "{row["id"]}"}}, "inputs": {inputs}}}'
    query = document.replace('"', '\\"').replace("\n", " ")

    answer = await organization.client.post(f'{{"query": "{query}", "variables": {variables}}}'.encode())

    assert answer.status_code == (200 if literal else 400)
    errors = answer.json()["errors"]
    assert len(errors) == 1
    assert "total.amount" in errors[0]["message"]
    assert canary.connections == 0
    assert await listed(organization.client, "dispatches", "id") == []


async def test_a_null_in_a_list_of_a_proxied_query_is_left_out(organization, upstream) -> None:
    shop = await app(organization.client, upstream.url)
    asked = {"integration": {"id": shop.id}, "path": "/ok", "query": {"a": [None], "b": [1, None], "c": None}}

    await act(organization.client, "proxyRequest", asked, "dispatch { outcome }")

    assert upstream.requests[0].target == "/ok?b=1"
