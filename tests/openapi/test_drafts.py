"""Operations as capabilities: names, addresses, inputs, answers, scopes, and the parts that are left out."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.openapi.broken import BrokenError
from tests.harness.backends import both
from tests.openapi.documents import body, of, old, one

TEXT = {"type": "string"}


def inputs(found: Any) -> dict[str, Any]:
    """The inputs of the first draft."""
    return found.drafts[0].input_schema["properties"]


@both
async def test_an_operation_becomes_a_capability(importer):
    operation = {
        "operationId": "pets/update",
        "summary": "Update a pet",
        "description": "Needs care.",
        "security": [{"key": []}, {"oauth": ["write", "read"]}],
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT, "description": "Its id"}],
        **body(
            {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "nullable": True}}}
        ),
        "responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}},
    }
    schemes = {"key": {"type": "apiKey"}, "oauth": {"type": "oauth2"}}

    document = of({"/pets/{id}": {"patch": operation}}, components={"securitySchemes": schemes})
    made = (await importer.take(document))["pets_update"]

    del made["id"]
    assert made == {
        "name": "pets_update",
        "method": "PATCH",
        "endpoint": "/pets/{id}",
        "effect": "WRITE",
        "bodyFormat": "JSON",
        "arrayFormat": "REPEAT",
        "description": "Update a pet\n\nNeeds care.",
        "inputSchema": {
            "type": "object",
            "additionalProperties": False,
            "required": ["id", "name"],
            "properties": {
                "id": {"x-in": "path", "type": "string", "description": "Its id"},
                "name": {"x-in": "body", "type": ["string", "null"]},
            },
        },
        "outputSchema": {"type": "object"},
        "requiredScopes": ["write", "read"],
    }


@pytest.mark.parametrize(
    ("method", "effect"),
    [
        ("get", "READ"),
        ("head", "READ"),
        ("post", "WRITE"),
        ("put", "WRITE"),
        ("patch", "WRITE"),
        ("delete", "DESTRUCTIVE"),
    ],
)
async def test_the_effect_follows_from_the_method(method, effect, importer):
    assert (await importer.take(one(method=method)))["do"]["effect"] == effect


@pytest.mark.parametrize(
    ("document", "endpoint"),
    [
        (one(servers=[{"url": "http://a.example"}, {"url": "https://b.example/v1/"}]), "https://b.example/v1/things"),
        (
            one(
                servers=[
                    {"url": "https://{at}.example/{v}", "variables": {"at": {"default": "eu"}, "v": {"default": 2}}}
                ]
            ),
            "https://eu.example/2/things",
        ),
        (
            old({"/a": {"get": {}}}, host="a.example", basePath="/v1", schemes=["http", "https"]),
            "https://a.example/v1/a",
        ),
        (
            one({"servers": [{"url": "https://own.example"}]}, servers=[{"url": "https://a.example"}]),
            "https://own.example/things",
        ),
    ],
)
async def test_without_a_base_address_the_first_https_server_is_called(document, endpoint, read):
    assert (await read(document, has_base=False)).drafts[0].endpoint == endpoint


@pytest.mark.parametrize(
    "document", [one(), one(servers=[{"url": "/v1"}]), old({"/a": {"get": {}}}, host="a.example", schemes=["http"])]
)
async def test_without_any_address_the_document_is_refused(document, read):
    with pytest.raises(BrokenError, match="set its apiBaseUrl"):
        await read(document, has_base=False)


async def test_names_are_unique_and_stay_the_same(read):
    document = of(
        {
            "/a/b": {"get": {}, "post": {"operationId": "x/y"}},
            "/a_b": {"get": {}, "post": {"operationId": "x y"}, "put": {"operationId": "x y"}},
            "/é": {"get": {"operationId": "é"}},
        }
    )

    found = await read(document)

    assert [(one.source, one.name) for one in found.drafts] == [
        ("GET /a/b", "GET_a_b"),
        ("x/y", "x_y"),
        ("GET /a_b", "GET_a_b"),
        ("x y", "x_y"),
        ("PUT /a_b", "PUT_a_b"),
    ]
    assert len({one.other_name for one in found.drafts}) == 5
    assert [one.reason for one in found.skipped] == [
        "The operation is left out. The path has characters that must be percent-encoded."
    ]


LEFT_OUT = {
    "a cookie": ({"name": "c", "in": "cookie", "schema": TEXT}, "Cookies are not sent."),
    "an object in the query": ({"name": "q", "in": "query", "schema": {"type": "object"}}, "An object in the query"),
    "pipes": (
        {"name": "q", "in": "query", "style": "pipeDelimited", "schema": {"type": "array"}},
        "A list in the style",
    ),
    "a list in a header": (
        {"name": "X-A", "in": "header", "schema": {"type": "array"}},
        "A list or an object in the header",
    ),
    "a header of the hub": ({"name": "Host", "in": "header", "schema": TEXT}, "Host"),
    "XML": ({"name": "q", "in": "query", "content": {"text/xml": {}}}, "Only JSON is sent"),
    "a name twice": ({"name": "a", "in": "header", "schema": TEXT}, "The name a is that of another input already."),
}


@pytest.mark.parametrize("name", LEFT_OUT)
async def test_a_parameter_that_cannot_be_sent_is_named_and_a_required_one_takes_its_operation_along(name, read):
    parameter, reason = LEFT_OUT[name]
    kept = {"name": "a", "in": "query", "schema": TEXT}

    optional = await read(one({"parameters": [kept, parameter]}))
    needed = await read(one({"parameters": [kept, {**parameter, "required": True}]}))

    assert list(inputs(optional)) == ["a"]
    assert [(one.operation, reason in one.reason) for one in optional.skipped] == [("do", True)]
    assert not needed.drafts
    assert [
        reason in one.reason and one.reason.startswith("The operation is left out.") for one in needed.skipped
    ] == [True]


@pytest.mark.parametrize(
    ("document", "places"),
    [
        (one({"callbacks": {"paid": {}}}), ["paths › /things › post › callbacks › paid"]),
        (of({}, version="3.1.0", webhooks={"w": {}}), ["webhooks › w", "paths"]),
        (one(method="trace"), ["paths › /things › trace"]),
        (one(method="options"), ["paths › /things › options"]),
        (one(body({"type": "object"}), method="get"), ["paths › /things › get"]),
        (one(body({"type": "string"})), ["paths › /things › post"]),
        (one(body({"oneOf": [{"type": "object"}]}, media="multipart/form-data")), ["paths › /things › post"]),
        (one(path="/a/{b c}"), ["paths › /a/{b c} › post"]),
    ],
)
async def test_parts_that_no_capability_has_are_named(document, places, read):
    assert [one.place for one in (await read(document)).skipped] == places


@pytest.mark.parametrize(
    ("version", "given", "made"),
    [
        (
            "3.0.0",
            {"type": "integer", "nullable": True, "enum": [1]},
            {"type": ["integer", "null"], "enum": [1, None]},
        ),
        (
            "3.0.0",
            {"type": "number", "minimum": 1, "exclusiveMinimum": True},
            {"type": "number", "exclusiveMinimum": 1},
        ),
        (
            "3.1.0",
            {"type": ["string", "null"], "exclusiveMaximum": 5},
            {"type": ["string", "null"], "exclusiveMaximum": 5},
        ),
        (
            "3.0.0",
            {"allOf": [{"type": "string"}], "nullable": True},
            {"anyOf": [{"allOf": [TEXT]}, {"type": "null"}]},
        ),
        ("3.0.0", {"oneOf": [TEXT, {"enum": [1]}]}, {"anyOf": [TEXT, {"enum": [1]}]}),
        (
            "3.0.0",
            {"anyOf": [TEXT], "oneOf": [{"enum": [1]}]},
            {"anyOf": [TEXT], "allOf": [{"anyOf": [{"enum": [1]}]}]},
        ),
        ("3.0.0", {"type": "string", "example": "x", "title": "T", "default": "x", "xml": {}}, TEXT),
        ("3.1.0", {"$ref": "#/components/schemas/T", "description": "Own"}, {**TEXT, "description": "Own"}),
        ("3.0.0", {"$ref": "#/components/schemas/T", "description": "Own"}, TEXT),
        ("3.0.0", {"type": "strange"}, {}),
    ],
)
async def test_a_schema_of_each_version_is_written_as_one_of_2020_12(version, given, made, read):
    document = one(
        body({"type": "object", "properties": {"a": given}}), version=version, components={"schemas": {"T": TEXT}}
    )

    assert inputs(await read(document))["a"] == {"x-in": "body", **made}


async def test_members_that_only_answers_have_are_no_inputs_and_those_that_only_requests_have_no_output(read):
    pet = {
        "type": "object",
        "required": ["id", "secret"],
        "properties": {
            "id": {**TEXT, "readOnly": True},
            "secret": {**TEXT, "writeOnly": True},
            "in": {"$ref": "#/components/schemas/In"},
        },
    }
    schemas = {"Pet": pet, "In": {"type": "object", "properties": {"at": {**TEXT, "readOnly": True}, "by": TEXT}}}
    answer = {"responses": {"201": {"content": {"application/json": {"schema": pet}}}}}

    found = await read(one(body({"$ref": "#/components/schemas/Pet"}) | answer, components={"schemas": schemas}))

    draft = found.drafts[0]
    assert list(inputs(found)) == ["secret", "in"]
    assert draft.input_schema["required"] == ["secret"]
    assert list(inputs(found)["in"]["properties"]) == ["by"]
    assert list(draft.output_schema["properties"]) == ["id", "in"]
    assert draft.output_schema["required"] == ["id"]


async def test_parts_of_all_of_are_one_object_and_an_optional_body_needs_no_member(read):
    parts = [{"$ref": "#/components/schemas/A"}, {"properties": {"b": TEXT}, "additionalProperties": True}]
    document = one(
        body({"allOf": parts}, required=False),
        components={"schemas": {"A": {"required": ["a"], "properties": {"a": TEXT}}}},
    )

    draft = (await read(document)).drafts[0]

    assert (list(draft.input_schema["properties"]), draft.input_schema.get("required")) == (["a", "b"], None)
    assert draft.input_schema["additionalProperties"] is True


async def test_json_and_yaml_of_one_document_are_the_same(read):
    text = """
openapi: 3.1.0
info: {title: Shop, version: 1.2}
x-shared: &shared {schema: {type: string, enum: [on, 'off', 0x1F, 1.5, ~, true]}}
paths:
  /things:
    get:
      operationId: do
      parameters:
        - <<: *shared
          name: q
          in: query
      responses:
        200: {description: "ok"}
"""
    found = await read(text)

    assert (found.title, found.version, found.drafts[0].source) == ("Shop", "1.2", "do")
    assert inputs(found)["q"] == {"x-in": "query", "type": "string", "enum": ["on", "off", "0x1F", 1.5, None, True]}
