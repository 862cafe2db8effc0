"""Imported capabilities are sent as the document says: proven by a server that shows what arrived."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.acting import act
from tests.harness.calling import App
from tests.openapi.conftest import Importer
from tests.openapi.documents import body, old, one

ARRAY = {"type": "array", "items": {"type": "string"}}
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
OBJECT = {"type": "object", "properties": {"a": {"type": "string"}, "tags": ARRAY}}
FILES = {"type": "object", "properties": {"a": {"type": "string"}, "f": {"type": "string", "format": "binary"}}}
SENT = {"a": "x", "tags": ["1", "2"]}
FILE = {"base64": "aGk=", "filename": "a.txt", "contentType": "text/plain"}


def query(**more: Any) -> dict[str, Any]:
    """An operation with a list in the query."""
    return {"parameters": [{"name": "tags", "in": "query", "schema": ARRAY, **more}]}


def old_query(form: str | None) -> dict[str, Any]:
    """The same of Swagger 2.0."""
    lists = {} if form is None else {"collectionFormat": form}
    operation = {"operationId": "do", "parameters": [{"name": "tags", "in": "query", **ARRAY, **lists}]}
    return old({"/things": {"get": operation}})


def old_body(consumes: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    """An operation of Swagger 2.0 with a body or a form."""
    operation = {"operationId": "do", "consumes": [consumes], "parameters": list(parameters)}
    return old({"/things": {"post": operation}})


BOTH = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
TAGS = {"tags": ["1", "2"]}
CASES: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "a list in the query": (one(query(), method="get"), TAGS, {"args": {"tags": ["1", "2"]}}),
    "not exploded": (one(query(explode=False), method="get"), TAGS, {"args": {"tags": "1,2"}}),
    "in brackets": (one(query(style="deepObject"), method="get"), TAGS, {"args": {"tags[]": ["1", "2"]}}),
    "csv of 2.0": (old_query("csv"), TAGS, {"args": {"tags": "1,2"}}),
    "no format of 2.0": (old_query(None), TAGS, {"args": {"tags": "1,2"}}),
    "multi of 2.0": (old_query("multi"), TAGS, {"args": {"tags": ["1", "2"]}}),
    "JSON": (one(body(OBJECT)), SENT, {"json": SENT}),
    "JSON of 2.0": (
        old_body("application/json", {"name": "b", "in": "body", "schema": OBJECT}),
        SENT,
        {"json": SENT},
    ),
    "a form": (one(body(OBJECT, media=FORM)), SENT, {"form": {"a": "x", "tags": ["1", "2"]}}),
    "a form with commas": (
        one(body(OBJECT, media=FORM, encoding={"tags": {"explode": False}})),
        SENT,
        {"form": {"a": "x", "tags": "1,2"}},
    ),
    "a form with brackets": (
        one(body(OBJECT, media=FORM, encoding={"tags": {"style": "deepObject", "explode": True}})),
        SENT,
        {"form": {"a": "x", "tags[]": ["1", "2"]}},
    ),
    "a form of 2.0": (
        old_body(FORM, {"name": "a", "in": "formData", "type": "string"}),
        {"a": "x"},
        {"form": {"a": "x"}},
    ),
    "parts": (one(body(FILES, media=PARTS)), {"a": "x", "f": FILE}, {"form": {"a": "x"}, "files": {"f": "hi"}}),
    "parts of 2.0": (
        old_body(PARTS, {"name": "f", "in": "formData", "type": "file"}),
        {"f": FILE},
        {"files": {"f": "hi"}},
    ),
    "a list as the body": (one(body(ARRAY)), {"body": ["1"]}, {"json": ["1"]}),
    "text": (one(body({"type": "string"}, media="text/plain")), {"body": "hi"}, {"data": "hi"}),
    "a file": (
        one(body({"type": "string", "format": "binary"}, media="application/octet-stream")),
        {"body": FILE},
        {"data": "hi"},
    ),
    "one name in the path and in the body": (
        one({"parameters": BOTH} | body({"type": "object", "properties": {"id": {}}}), path="/things/{id}"),
        {"id_2": 5, "id": "x"},
        {"path": "/things/5", "json": {"id": "x"}},
    ),
    "a header": (
        one({"parameters": [{"name": "X-Trace", "in": "header", "schema": {"type": "string"}}]}),
        {"X-Trace": "t"},
        {"headers": {"X-Trace": "t"}},
    ),
}


@pytest.fixture
async def shop(http, organization, httpbin) -> tuple[Importer, App]:
    """An integration on the server, and how its capabilities are run."""
    base = {"name": "Shop", "auth": {"apiBaseUrl": f"{httpbin}/anything"}}
    made = await act(organization.client, "createIntegration", base, "id handler")
    importer = Importer(http, organization.client, organization.token, made["id"])
    return importer, App(client=organization.client, id=made["id"], handler=made["handler"])


@pytest.mark.parametrize("name", CASES)
async def test_an_imported_capability_is_sent_as_the_document_says(name, shop):
    document, inputs, expected = CASES[name]
    importer, app = shop
    await importer.take(document)

    arrived = await app.echo("do", inputs)

    arrived["path"] = arrived["url"].partition("/anything")[2]
    for part, value in expected.items():
        seen = arrived[part]
        assert (seen | value if part == "headers" else seen) == (seen if part == "headers" else value), arrived


async def test_a_declared_default_is_never_sent(shop):
    importer, app = shop
    await importer.take(
        one(body({"type": "object", "properties": {"private": {"type": "boolean", "default": False}}}))
    )

    arrived = await app.echo("do", {})

    assert not arrived["json"]
