"""Documents with any value at any place: each ends in drafts, notes or a refusal, and nothing else."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy.openapi.child import answer
from tests.openapi.conftest import bytes_of
from tests.openapi.documents import body, of, old, one

KEYWORDS = [
    *("type", "enum", "const", "minimum", "maxLength", "pattern", "required", "format", "description", "items"),
    *("additionalProperties", "allOf", "nullable", "readOnly", "x-in", "title", "default", "$defs", "properties"),
    *("oneOf", "$ref", "not", "uniqueItems", "x-file"),
]
VALUES = [
    "\ud800",
    "\0",
    10**30,
    -1,
    0.5,
    "x" * 100_000,
    "/x",
    "#/a",
    [],
    [[1]],
    [{}],
    {},
    {"a": 1},
    {"a": []},
    {"a": {}},
]
VALUES += [{"a": None}, {"\ud800": {}}, {"$ref": "#"}, {"$ref": "#/info"}, [{"$ref": "#"}], True, None]
COMMAND = {"selection": {}, "has_base": False, "most": 1000}
OPERATION = {
    "operationId": "a",
    "summary": "A",
    "tags": ["t"],
    "security": [{"o": ["read"]}],
    "responses": {"200": {"description": "x", "schema": {"type": "object"}}},
}
PARAMETERS = [
    {"name": "id", "in": "path", "required": True, "type": "string", "schema": {"type": "string"}},
    {"name": "q", "in": "query", "style": "form", "explode": True, "schema": {"type": "array"}},
    {"name": "X-A", "in": "header", "content": {"application/json": {"schema": {}}}},
]
NEW = of(
    {
        "/a/{id}": {
            "parameters": PARAMETERS,
            "servers": [{"url": "https://b.example"}],
            "post": {
                **OPERATION,
                "servers": [{"url": "https://{x}.example", "variables": {"x": {"default": "a"}}}],
                "callbacks": {"c": {}},
                "responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}},
                **body(
                    {"allOf": [{"required": ["f"], "properties": {"f": {"format": "binary"}}}]},
                    media="multipart/form-data",
                    encoding={"f": {"style": "form", "contentType": "a/b"}},
                ),
            },
        },
    },
    version="3.1.0",
    servers=[{"url": "https://a.example"}],
    components={"securitySchemes": {"o": {"type": "oauth2"}}},
    webhooks={"w": {}},
)
OLD = old(
    {
        "/a/{id}": {
            "parameters": PARAMETERS[:1],
            "put": OPERATION | {"parameters": [{"name": "b", "in": "body", "schema": {"properties": {"a": {}}}}]},
            "post": OPERATION
            | {
                "consumes": ["a/b"],
                "parameters": [{"name": "f", "in": "formData", "type": "file", "required": True}],
            },
        }
    },
    host="a.example",
    basePath="/v1",
    schemes=["https"],
    consumes=["application/json"],
    securityDefinitions={"o": {"type": "oauth2"}},
)


def places(value: Any, path: tuple[Any, ...] = ()):
    """The paths of all members."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in inner:
        yield (*path, key)
        yield from places(member, (*path, key))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of the document with another value at a path."""
    copied = orjson.loads(orjson.dumps(document))
    *steps, last = path
    holder = copied
    for step in steps:
        holder = holder[step]
    holder[last] = value
    return copied


@pytest.mark.parametrize("value", VALUES, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize("document", [NEW, OLD], ids=["3.1", "2.0"])
def test_any_member_of_a_document_may_have_any_value(document, value):
    for path in places(document):
        first, *_ = answer(COMMAND, bytes_of(changed(document, path, value)))

        assert {"sources", "fault"} & orjson.loads(first).keys(), path


@pytest.mark.parametrize("value", VALUES, ids=lambda value: str(value)[:20])
def test_any_keyword_of_a_schema_may_have_any_value(value):
    for keyword in KEYWORDS:
        schema = {"type": "object", "properties": {"a": {"type": "string", keyword: value}, "b": {keyword: [value]}}}
        parameter = {"name": "q", "in": "query", "schema": {keyword: value}}
        document = one(body(schema) | {"parameters": [parameter], "servers": [{"url": "https://a.example"}]})

        first, *_ = answer(COMMAND | {"has_base": True}, bytes_of(document))

        assert {"sources", "fault"} & orjson.loads(first).keys(), keyword
