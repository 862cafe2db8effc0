"""What an action is called with: where inputs come from, how they go out, and by which method."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlsplit

import pytest

from tests.donutwork.conftest import Donut, records, refused
from tests.harness.apps import Apps
from tests.upstreams.faults import FaultServer

SKU = {"name": "sku", "type": "string", "required": True}
QUANTITY = {"name": "quantity", "type": "integer"}


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_passes_the_body_on_with_extra_inputs(method: str, declare, client: Donut, upstream: FaultServer):
    await declare(method, f"{upstream.url}/echo", SKU, QUANTITY)

    answer = await client.ok(method, "/integrations/STOCK/RUN.json", {"sku": "a", "quantity": 2, "more": {"b": [1]}})

    (received,) = upstream.requests
    assert (received.method, received.target) == (method, "/echo")
    assert json.loads(received.body) == {"sku": "a", "quantity": 2, "more": {"b": [1]}}
    assert base64.b64decode(answer.pop("response")) == received.raw
    assert answer == {"success": True, "integration": "STOCK", "action": "RUN", "external_status": 200}


async def test_passes_the_whole_object_on_where_nothing_is_declared(declare, client: Donut, upstream: FaultServer):
    await declare("POST", f"{upstream.url}/ok")

    answer = await client.ok("POST", "/integrations/STOCK/RUN.json", {"any": "thing", "n": None})

    assert json.loads(upstream.requests[0].body) == {"any": "thing", "n": None}
    assert answer["response"] == {"ok": True}


async def test_forwards_the_value_never_the_bytes(declare, client: Donut, upstream: FaultServer):
    await declare("POST", f"{upstream.url}/ok")
    body = b'{ "a" : 1,\n "a": 2 , "\\u00e4": 1e2 }'

    await client("POST", "/integrations/STOCK/RUN.json", content=body, headers={"Content-Type": "application/json"})

    assert upstream.requests[0].body == '{"a":2,"ä":100.0}'.encode()


async def test_takes_a_call_without_a_body_as_one_without_inputs(declare, client: Donut, upstream: FaultServer):
    await declare("POST", f"{upstream.url}/ok")

    await client.ok("POST", "/integrations/STOCK/RUN.json")

    assert upstream.requests[0].body == b"{}"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_reads_the_query_by_the_declared_types(method: str, declare, client: Donut, upstream: FaultServer):
    await declare(method, f"{upstream.url}/ok", SKU, QUANTITY, {"name": "tags", "type": "array"})

    await client.ok(method, "/integrations/STOCK/RUN.json?sku=7&quantity=12&tags=a&tags=b&more=%C3%A4%2Fb&e=")

    (received,) = upstream.requests
    assert received.method == method
    assert urlsplit(received.target).query == "sku=7&quantity=12&tags=a&tags=b&more=%C3%A4%2Fb&e="
    assert received.body == b""


async def test_reads_the_inputs_of_delete_from_a_body_as_well(declare, client: Donut, upstream: FaultServer):
    await declare("DELETE", f"{upstream.url}/ok", SKU, QUANTITY)

    await client.ok("DELETE", "/integrations/STOCK/RUN.json", {"sku": "a b", "quantity": 2})

    assert urlsplit(upstream.requests[0].target).query == "sku=a%20b&quantity=2"


async def test_refuses_inputs_of_delete_from_two_places(declare, client: Donut, upstream: FaultServer):
    await declare("DELETE", f"{upstream.url}/ok", SKU)

    sentence = refused(await client("DELETE", "/integrations/STOCK/RUN.json?sku=a", {"sku": "b"}), 400)

    assert sentence == "Give the inputs in the query or in the body, not in both."
    assert upstream.connections == 0


async def test_takes_the_inputs_of_delete_from_the_query_beside_an_empty_body(
    declare, client: Donut, upstream: FaultServer
):
    await declare("DELETE", f"{upstream.url}/ok", SKU)

    await client.ok("DELETE", "/integrations/STOCK/RUN.json?sku=a", {})

    assert urlsplit(upstream.requests[0].target).query == "sku=a"


async def test_fills_the_address_with_inputs(declare, client: Donut, upstream: FaultServer):
    await declare("GET", f"{upstream.url}/items/{{sku}}/ok", SKU)

    await client.ok("GET", "/integrations/STOCK/RUN.json?sku=a%2Fb%3F&more=1")

    assert upstream.requests[0].target == "/items/a%2Fb%3F/ok?more=1"


async def test_refuses_an_input_that_leaves_the_declared_path(declare, client: Donut, upstream: FaultServer):
    await declare("GET", f"{upstream.url}/items/{{sku}}/ok", SKU)

    sentence = refused(await client("GET", "/integrations/STOCK/RUN.json?sku=.."), 400)

    assert sentence.startswith("sku: ")
    assert upstream.connections == 0


@pytest.mark.parametrize(
    ("method", "address", "body", "sentence"),
    [
        ("POST", "", {}, "sku: It is required."),
        ("POST", "", {"sku": 5}, 'sku: It is not of type "string".'),
        ("POST", "", {"sku": "a", "quantity": "2"}, 'quantity: It is not of type "integer".'),
        ("POST", "", {"quantity": "2"}, 'sku: It is required. quantity: It is not of type "integer".'),
        ("POST", "", [], "The body must be a JSON object."),
        ("GET", "?quantity=2", None, "sku: It is required."),
        ("GET", "?sku=a&quantity=2.5", None, "quantity: It is not an integer."),
        ("GET", "?sku=a&sku=b", None, "sku: It was given more than once."),
        ("DELETE", "", None, "sku: It is required."),
        ("DELETE", "", {"sku": 1}, 'sku: It is not of type "string".'),
    ],
)
async def test_refuses_a_missing_or_wrong_input_by_its_name(
    method, address, body, sentence, declare, client: Donut, upstream: FaultServer, apps: Apps
):
    await declare(method, f"{upstream.url}/ok", SKU, QUANTITY)

    said = refused(await client(method, f"/integrations/STOCK/RUN.json{address}", body), 400)

    assert said == sentence
    assert upstream.connections == 0
    assert await records(apps) == []


@pytest.mark.parametrize(
    ("declared", "called"), [("POST", "GET"), ("GET", "PUT"), ("PUT", "DELETE"), ("DELETE", "POST")]
)
async def test_refuses_another_method_and_names_the_declared_one(
    declared, called, declare, client: Donut, upstream: FaultServer
):
    await declare(declared, f"{upstream.url}/ok")

    answer = await client(called, "/integrations/STOCK/RUN.json")

    assert refused(answer, 405) == f"This capability is called with {declared}."
    assert answer.headers["allow"] == declared
    assert upstream.connections == 0


async def test_refuses_every_method_of_an_action_that_this_dialect_cannot_call(
    declare, client: Donut, upstream: FaultServer
):
    await declare("PATCH", f"{upstream.url}/ok")

    answers = [await client(method, "/integrations/STOCK/RUN.json") for method in ("GET", "POST", "PUT", "DELETE")]
    patch = await client("PATCH", "/integrations/STOCK/RUN.json", {})

    assert [refused(answer, 405) for answer in answers] == ["This capability is called with PATCH."] * 4
    assert [answer.headers["allow"] for answer in answers] == [""] * 4
    refused(patch, 405)
    assert patch.headers["allow"] == "DELETE, GET, HEAD, POST, PUT"
    assert upstream.connections == 0
