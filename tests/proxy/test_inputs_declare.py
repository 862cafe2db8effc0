"""Declaring inputs: simple ones and schemas."""

from __future__ import annotations

import pytest

from models.errors import InvalidInput
from models.vocabulary import HttpMethod, InputLocation, InputType
from proxy.inputs import SimpleInput, check_schema, schema_of_simple_inputs, simple_inputs_of
from tests.harness.effort import effort

GET, POST, DELETE = HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE
OPEN = {"type": "object"}


def faults(schema, method=POST, endpoint="/x"):
    return {".".join(fault.path): fault.message for fault in check_schema(schema, method, endpoint)}


def with_property(**declared):
    return {"type": "object", "properties": {"a": declared}}


def test_makes_the_stored_form_of_simple_inputs():
    inputs = (
        SimpleInput(name="sku", required=True, location=InputLocation.PATH, description="Which."),
        SimpleInput(name="quantity", type=InputType.NUMBER, default=1),
        SimpleInput(name="unit", type=InputType.ANY, options=("kg", "pc")),
    )

    schema = schema_of_simple_inputs(inputs, allow_unknown=False)

    assert schema == {
        "type": "object",
        "additionalProperties": False,
        "required": ["sku"],
        "properties": {
            "sku": {"type": "string", "description": "Which.", "x-in": "path"},
            "quantity": {"type": "number", "default": 1},
            "unit": {"enum": ["kg", "pc"]},
        },
    }
    assert check_schema(schema, POST, "/items/{sku}") == ()


def test_reads_simple_inputs_back_in_order_with_their_places():
    inputs = (
        SimpleInput(name="z", required=True, location=InputLocation.HEADER),
        SimpleInput(name="a", type=InputType.INTEGER, location=InputLocation.QUERY, default=0),
        SimpleInput(name="m", type=InputType.ANY, location=InputLocation.BODY, options=(1, "x", None)),
    )

    schema = schema_of_simple_inputs(inputs, allow_unknown=True)

    assert simple_inputs_of(schema, POST, "/x") == inputs
    assert schema["additionalProperties"] is True


@pytest.mark.parametrize(
    ("method", "place"),
    [
        (GET, InputLocation.QUERY),
        (DELETE, InputLocation.QUERY),
        (POST, InputLocation.BODY),
        (HttpMethod.PUT, InputLocation.BODY),
        (HttpMethod.PATCH, InputLocation.BODY),
    ],
)
def test_an_input_without_a_place_goes_by_template_and_method(method, place):
    schema = schema_of_simple_inputs((SimpleInput(name="id"), SimpleInput(name="q")), allow_unknown=False)

    read = simple_inputs_of(schema, method, "/items/{id}")

    assert [declared.location for declared in read] == [InputLocation.PATH, place]


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ({"type": "integer"}, InputType.INTEGER),
        ({"type": ["string", "null"]}, InputType.STRING),
        ({"type": ["string", "number"]}, InputType.ANY),
        ({"$ref": "#/$defs/amount"}, InputType.NUMBER),
        ({"$ref": "#/$defs/nothing"}, InputType.ANY),
        ({"enum": ["a"]}, InputType.ANY),
        ({"type": "null"}, InputType.ANY),
        (True, InputType.ANY),
        ({}, InputType.ANY),
    ],
)
def test_reads_the_type_of_any_property(declared, kind):
    schema = {"type": "object", "properties": {"a": declared}, "$defs": {"amount": {"type": "number"}}}

    assert simple_inputs_of(schema, POST, "/x")[0].type is kind


def test_refuses_the_same_name_twice():
    with pytest.raises(InvalidInput) as refusal:
        schema_of_simple_inputs((SimpleInput(name="a"), SimpleInput(name="a")), allow_unknown=False)

    assert refusal.value.path == ("inputs", "1", "name")


BACKTRACKING = "Look-ahead, look-behind and back-references are not supported; write the regex without them."
NO_SCHEMA = "The reference does not point at a schema."
NO_REGEX = "This is not a regex, or it is too large; correct it, or use smaller repetitions."
TREE = {"tree": {"items": {"$ref": "#/$defs/tree"}}}


@pytest.mark.parametrize(
    "schema",
    [
        OPEN,
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"},
        {"$id": "https://x.example/s", "type": "object"},
        with_property(type="string", pattern="^a+$", default="aa"),
        with_property(const={"$ref": "https://x.example/data-not-a-reference"}),
        {"type": "object", "properties": {"$ref": {"type": "string"}, "pattern": {"type": "object"}}},
        {"type": "object", "properties": {"tree": {"$ref": "#/$defs/tree"}}, "$defs": TREE},
        {"type": "object", "$defs": {"x/y~z": {}}, "allOf": [{"$ref": "#/$defs/x~1y~0z"}]},
        {"type": "object", "properties": {"self": {"$ref": "#"}}},
    ],
)
def test_takes_good_schemas(schema):
    assert faults(schema) == {}


@pytest.mark.parametrize(
    ("schema", "path", "message"),
    [
        ([], "", "It must be an object: a JSON Schema of the inputs."),
        (True, "", "It must be an object: a JSON Schema of the inputs."),
        ({}, "type", "The type of the root must be object."),
        ({"type": "array"}, "type", "The type of the root must be object."),
        ({"type": "object", "$schema": "urn:other"}, "$schema", "Only draft 2020-12 of JSON Schema is supported."),
        ({"type": "object", "title": "a\0"}, "title", "Text must not contain the character NUL."),
    ],
)
def test_says_what_is_wrong_with_the_root(schema, path, message):
    assert faults(schema) == {path: message}


@pytest.mark.parametrize(
    ("declared", "path", "message"),
    [
        ({"$ref": "https://169.254.169.254/x"}, "$ref", "A reference must stay in this schema: #/…."),
        ({"$ref": "other.json"}, "$ref", "A reference must stay in this schema: #/…."),
        ({"$ref": "#/properties/a/allOf/²", "allOf": [{}]}, "$ref", "The reference does not point at a schema."),
        ({"$ref": "#/properties/a/allOf/00", "allOf": [{}]}, "$ref", "The reference does not point at a schema."),
        (
            {"$ref": "#/properties/a/allOf/" + "1" * 4400, "allOf": [{}]},
            "$ref",
            "The reference does not point at a schema.",
        ),
        ({"multipleOf": 0}, "multipleOf", "It must be from 1e-15 to 1e+15."),
        ({"$ref": 7}, "$ref", "A reference must stay in this schema: #/…."),
        ({"$ref": "#/$defs/none"}, "$ref", "The reference does not point at a schema."),
        ({"$ref": "#/properties/a/const", "const": {}}, "$ref", "The reference does not point at a schema."),
        ({"$dynamicRef": "#x"}, "$dynamicRef", "$dynamicRef is not allowed."),
        ({"$id": "https://x.example/"}, "$id", "$id is allowed at the root only."),
        ({"pattern": "a" * 201}, "pattern", "A regex has at most 200 characters."),
        (
            {"patternProperties": {"b" * 201: {}}},
            "patternProperties." + "b" * 20,
            "A regex has at most 200 characters.",
        ),
        ({"pattern": r"(?=(\w+\s?)+$)z"}, "pattern", BACKTRACKING),
        ({"pattern": r"(a)\1"}, "pattern", BACKTRACKING),
        ({"items": {"patternProperties": {"(?<!a)b": {}}}}, "items.patternProperties.(?<!a)b", BACKTRACKING),
        ({"pattern": r"((a{0,30}){0,30}){0,30}"}, "pattern", NO_REGEX),
        ({"pattern": "("}, "pattern", NO_REGEX),
        ({"multipleOf": 1e-300}, "multipleOf", "It must be from 1e-15 to 1e+15."),
        ({"multipleOf": 1e300}, "multipleOf", "It must be from 1e-15 to 1e+15."),
        (
            {"patternProperties": {f"^a{i}": {} for i in range(1_000)}},
            "patternProperties.^a100",
            "The schema's regexes are too many or too large together; use fewer or simpler ones.",
        ),
        ({"type": "string", "default": 3}, "default", 'It is not of type "string".'),
        ({"default": 2**70}, "default", "It is an integer of more than 64 bits; give it as text."),
        ({"x-in": "cookie"}, "x-in", "The place of an input must be path, query, header or body."),
        ({"x-in": "path"}, "x-in", "The input is not in the endpoint's path; let `x-in` and the endpoint agree."),
    ],
)
def test_says_what_is_wrong_with_a_property(declared, path, message):
    assert faults(with_property(**declared)) == {f"properties.a.{path}": message}


@pytest.mark.parametrize(
    "declared", [{"type": "objekt"}, {"pattern": "("}, {"minimum": "x"}, {"properties": []}, {"required": 1}]
)
def test_refuses_what_is_no_json_schema(declared):
    found = check_schema(with_property(**declared), POST, "/x")

    assert len(found) == 1
    assert found[0].path[:2] == ("properties", "a")


def test_every_template_name_is_declared_also_where_unknown_inputs_are_taken():
    assert faults({"type": "object", "additionalProperties": True}, endpoint="/a/{id}/{no}") == {
        "properties": "The endpoint names the input no, which is not declared."
    } | {"properties": "The endpoint names the input no, which is not declared."}


@pytest.mark.parametrize("kind", ["array", "object"])
def test_a_part_of_the_path_is_a_scalar(kind):
    assert faults(with_property(type=kind), endpoint="/{a}") == {
        "properties.a.x-in": "An input in the path must not be an array or an object."
    }


def test_an_input_in_the_template_goes_nowhere_else():
    assert faults(with_property(**{"x-in": "query"}), endpoint="/{a}") == {
        "properties.a.x-in": "The input is in the endpoint's path; let `x-in` and the endpoint agree."
    }


def test_get_has_no_body():
    found = faults(with_property(**{"x-in": "body"}), GET)

    assert found == {"properties.a.x-in": "GET has no body; use query, path or header."}
    assert faults(with_property(**{"x-in": "body"}), DELETE) == {}


@pytest.mark.parametrize("name", ["Host", "content-length", "X-Forwarded-For", "X.Forwarded.For", "X_Key", "a b"])
def test_a_header_input_has_a_name_that_may_be_set(name):
    schema = {"type": "object", "properties": {name: {"x-in": "header"}}}

    assert list(faults(schema)) == [f"properties.{name}.x-in"]


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_refuses_references_that_expand_exponentially_and_does_so_at_once(keyword):
    definitions = {f"d{i}": {keyword: [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(40)}
    schema = {"type": "object", "allOf": [{"$ref": "#/$defs/d0"}], "$defs": {**definitions, "d40": {}}}

    with effort() as spent:
        found = faults(schema)

    assert found == {"": "The schema's references expand too far; use fewer."}
    assert spent.seconds < 5


def test_refuses_schemas_too_large_or_too_deep_or_chained_for_long():
    deep = {}
    for _ in range(100):
        deep = {"items": deep}
    long = {"type": "object", "required": ["word" * 100_000]}
    many = {"type": "object", "properties": {f"p{i}": {} for i in range(6000)}}
    chain = {f"d{i}": {"$ref": f"#/$defs/d{i + 1}"} for i in range(2000)}

    assert list(faults(with_property(**deep)).values()) == ["The schema is too large or too deep."]
    assert list(faults(long).values()) == ["A schema has at most 262144 bytes of JSON."]
    assert list(faults(many).values()) == ["The schema is too large or too deep."]
    assert list(
        faults({"type": "object", "allOf": [{"$ref": "#/$defs/d0"}], "$defs": {**chain, "d2000": {}}}).values()
    ) == ["The schema's references expand too far; use fewer."]
