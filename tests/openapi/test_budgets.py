"""Documents that are large, deep, recursive or elsewhere end within their budgets, and the plan names the places."""

from __future__ import annotations

import socket
import time

import orjson
import pytest

from proxy.inputs import check_extent
from proxy.openapi import Documents
from proxy.openapi.broken import BrokenError
from tests.openapi.documents import body, many, of, one

TREE = {"type": "object", "properties": {"name": {"type": "string"}, "child": {"$ref": "#/components/schemas/Tree"}}}
CUT = "The schema contains itself; anything is allowed here."
WIDE = {
    "type": "object",
    "properties": {
        f"p{number}": {"type": "object", "properties": {f"q{inner}": {"type": "string"} for inner in range(50)}}
        for number in range(40)
    },
}


def doubling(levels):
    """Schemas of which each refers to the next one twice: followed whole they would be 2 ** levels."""
    schemas = {
        f"S{level}": {
            "type": "object",
            "properties": {name: {"$ref": f"#/components/schemas/S{level + 1}"} for name in ("a", "b")},
        }
        for level in range(levels)
    }
    return {"schemas": {**schemas, f"S{levels}": {"type": "string"}}}


async def test_a_recursive_schema_allows_anything_where_it_begins_again(read):
    document = one(body({"$ref": "#/components/schemas/Tree"}), components={"schemas": {"Tree": TREE}})

    found = await read(document)

    assert found.drafts[0].input_schema["properties"] == {
        "name": {"x-in": "body", "type": "string"},
        "child": {"x-in": "body", "type": "object", "properties": {"name": {"type": "string"}, "child": {}}},
    }
    assert [(one.operation, one.place, one.reason) for one in found.skipped] == [
        ("do", "components › schemas › Tree › properties › child", CUT)
    ]


async def test_a_schema_that_would_grow_without_end_is_cut_where_it_is_deepest(read):
    began = time.perf_counter()

    found = await read(one(body({"$ref": "#/components/schemas/S0"}), components=doubling(60)))

    assert time.perf_counter() - began < 5
    schema = found.drafts[0].input_schema
    assert check_extent([schema]) is None
    assert schema["properties"]["a"]["properties"]["b"]["properties"]["a"]["type"] == "object"
    assert "true" in orjson.dumps(schema).decode()
    assert found.skipped_count > len(found.skipped) == 10


async def test_a_deep_schema_is_cut(read):
    deep: dict = {"type": "string"}
    for _ in range(100):
        deep = {"type": "object", "properties": {"in": deep}}

    found = await read(one(body(deep)))

    assert [one.reason for one in found.skipped] == ["The schema is too large; anything is allowed here."]


async def test_many_large_operations_are_drafted_in_less_detail_so_that_all_fit(read):
    few = {f"/a{number}": {"post": {"operationId": f"a{number}", **body(WIDE)}} for number in range(2)}
    more = {f"/a{number}": {"post": {"operationId": f"a{number}", **body(WIDE)}} for number in range(300)}

    small, large = await read(of(few)), await read(of(more))

    assert check_extent(draft.input_schema for draft in large.drafts) is None
    assert len(large.drafts) == 300
    sizes = [orjson.dumps(found.drafts[0].input_schema).count(b"string") for found in (small, large)]
    assert sizes == [460, 20]
    assert large.drafts[0].input_schema["properties"].keys() == WIDE["properties"].keys()


async def test_more_operations_than_an_integration_may_have_are_refused_with_their_tags(read):
    with pytest.raises(BrokenError) as refused:
        await read(many(1_001))

    assert refused.value.message.startswith("It has 1001 selected operations, and an integration has at most 1000")
    assert "By tag: tag0 10, tag1 10, tag10 10" in refused.value.message
    assert "and 71 more tags." in refused.value.message
    assert len((await read(many(1_001), tags=["tag0", "tag7"])).drafts) == 20


@pytest.mark.parametrize("reference", ["http://127.0.0.1:{port}/a.json", "other.yaml#/Pet", "//127.0.0.1:{port}/x"])
async def test_a_reference_that_leaves_the_document_is_cut_and_nothing_is_fetched(reference, read):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = reference.format(port=server.getsockname()[1])
        document = one(
            body({"type": "object", "properties": {"pet": {"$ref": address}}})
            | {"parameters": [{"$ref": address}], "responses": {"200": {"$ref": address}}}
        )
        document["paths"]["/other"] = {"$ref": address}
        document["paths"]["/kept"] = {"put": body({"type": "object", "properties": {"pet": {"$ref": address}}})}

        found = await read(document)

        with pytest.raises(TimeoutError):
            server.accept()
    assert [(draft.source, draft.input_schema["properties"]) for draft in found.drafts] == [
        ("PUT /kept", {"pet": {"x-in": "body"}})
    ]
    leaves = f"The reference {address} leaves the document; nothing is fetched."
    assert [(one.place, one.reason) for one in found.skipped] == [
        ("paths › /other", leaves),
        ("paths › /things › post", f"The operation is left out. {leaves}"),
        (
            "paths › /kept › put › requestBody › content › application/json › schema › properties › pet",
            f"{leaves} Anything is allowed here.",
        ),
    ]


@pytest.mark.parametrize("limit", [{"cpu_seconds": 0.05}, {"memory_bytes": 120_000_000}])
async def test_a_document_that_costs_too_much_is_refused(limit, read):
    document = orjson.dumps(many(20_000))

    with pytest.raises(BrokenError, match="It cannot be read within"):
        await read(document, documents=Documents(**limit))

    assert len((await read(one(), documents=Documents())).drafts) == 1


async def test_regexes_that_are_not_linear_are_left_out(read):
    texts = {"good": "^a+$", "ahead": "(?=a)b", "long": "a" * 201, "none": "("}
    members = {name: {"type": "string", "pattern": text} for name, text in texts.items()}

    found = await read(one(body({"type": "object", "properties": members})))

    drafted = found.drafts[0].input_schema["properties"]
    assert [name for name in drafted if "pattern" in drafted[name]] == ["good"]
    assert [one.place.rpartition("properties › ")[2] for one in found.skipped] == [
        "ahead › pattern",
        "long › pattern",
        "none › pattern",
    ]
