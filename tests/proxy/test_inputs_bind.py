"""Binding values to a request: validated, filled in, in their places."""

from __future__ import annotations

import asyncio

import pytest

from models.vocabulary import HttpMethod, InputLocation, InputType
from proxy.address import build_url
from proxy.inputs import LastUsed, SimpleInput
from tests.proxy.capabilities import TOO_LONG, bind, compiled, of_type, refused, simple

GET, POST, DELETE = HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE


STOCK = simple(
    SimpleInput(name="sku", required=True),
    SimpleInput(name="quantity", type=InputType.NUMBER, default=1),
    SimpleInput(name="unit", type=InputType.ANY, options=("kg", "pc")),
    SimpleInput(name="dry", type=InputType.BOOLEAN, location=InputLocation.QUERY),
    SimpleInput(name="X-Trace", location=InputLocation.HEADER),
    endpoint="/items/{sku}/stock",
)


def test_puts_every_value_in_its_place_and_fills_in_defaults():
    bound = bind(STOCK, {"unit": "kg", "sku": "a/b", "dry": True, "X-Trace": "t-1"})

    assert bound.path == {"sku": "a/b"}
    assert bound.query == [("dry", "true")]
    assert bound.headers == [("X-Trace", "t-1")]
    assert bound.body == {"quantity": 1, "unit": "kg"}
    assert bound.encoded().content == b'{"quantity":1,"unit":"kg"}'
    assert build_url("https://x.example/v1", STOCK.url_parts, bound.path, bound.query) == (
        "https://x.example/v1/items/a%2Fb/stock?dry=true"
    )


def test_a_given_value_replaces_the_default_and_leaves_it():
    assert bind(STOCK, {"sku": "1", "quantity": 5}).body == {"quantity": 5}
    assert bind(STOCK, {"sku": "1"}).body == {"quantity": 1}


def test_names_every_fault_at_its_input():
    assert refused(STOCK, {"quantity": "3", "unit": "lb", "foo": 1, "bar": 2}) == {
        "inputs.sku": "It is required.",
        "inputs.quantity": 'It is not of type "number".',
        "inputs.unit": 'It is not one of "kg" or "pc".',
        "inputs.foo": "It is not declared; remove it.",
        "inputs.bar": "It is not declared; remove it.",
    }


def test_the_path_of_faults_begins_where_the_caller_says():
    assert refused(STOCK, {"sku": 1}, path=("input", "inputs")) == {"input.inputs.sku": 'It is not of type "string".'}


def test_names_faults_inside_values():
    schema = {"type": "object", "properties": {"rows": {"items": {"properties": {"n": {"minimum": 1}}}}}}

    assert refused(compiled(schema), {"rows": [{"n": 1}, {"n": 0}]}) == {
        "inputs.rows.1.n": "It is less than the minimum of 1."
    }


def test_shows_no_more_than_a_hundred_faults_and_no_value():
    found = refused(simple(SimpleInput(name="a")), {f"k{i}": "s3cret" for i in range(500)})

    assert len(found) == 100
    assert "s3cret" not in str(found)


@pytest.mark.parametrize("values", [None, [], "x", 3, [{"a": 1}]])
def test_inputs_are_an_object(values):
    assert refused(STOCK, values) == {"inputs": "The inputs must be a JSON object."}


@pytest.mark.parametrize("kind", [InputType.NUMBER, InputType.INTEGER])
def test_booleans_are_no_numbers(kind):
    assert list(refused(of_type(kind), {"a": True})) == ["inputs.a"]


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, 10**30])
@pytest.mark.parametrize("kind", [InputType.INTEGER, InputType.NUMBER, InputType.ANY])
def test_refuses_integers_beyond_64_bits(kind, value):
    assert refused(of_type(kind), {"a": value}) == {"inputs.a": TOO_LONG}


def test_refuses_integers_that_a_parser_made_floats_of():
    assert refused(of_type(InputType.INTEGER), {"a": 1.8446744073709552e19}) == {"inputs.a": TOO_LONG}
    assert bind(of_type(InputType.NUMBER), {"a": 1e300}).body == {"a": 1e300}


@pytest.mark.parametrize("value", [2**64 - 1, -(2**63), 2**53 + 1])
def test_passes_64_bit_integers_exactly(value):
    assert bind(of_type(InputType.INTEGER), {"a": value}).encoded().content == b'{"a":%d}' % value


@pytest.mark.parametrize(
    ("value", "where", "message"),
    [
        ("a\0b", "inputs.a", "Text must not contain the character NUL."),
        ("\ud800", "inputs.a", "Text must not contain half of a surrogate pair."),
        ({"b": ["x", "y\0"]}, "inputs.a.b.1", "Text must not contain the character NUL."),
        ({"k\0": 1}, "inputs.a", "Text must not contain the character NUL."),
        ({"\udfff": 1}, "inputs.a", "Text must not contain half of a surrogate pair."),
        (float("nan"), "inputs.a", "NaN and infinity are not numbers of JSON."),
        ([float("inf")], "inputs.a.0", "NaN and infinity are not numbers of JSON."),
        ({1: 2}, "inputs.a", "A name in an object must be text."),
        (object(), "inputs.a", "It is not a JSON value."),
    ],
)
def test_refuses_what_json_or_the_database_cannot_hold(value, where, message):
    assert refused(of_type(InputType.ANY), {"a": value}) == {where: message}


@pytest.mark.parametrize("value", ["\\u0000", "null", None, "a\\\\u0000"])
def test_takes_what_only_looks_unfit(value):
    assert bind(of_type(InputType.ANY), {"a": value}).body == {"a": value}


@pytest.mark.parametrize("levels", [300, 100_000])
def test_refuses_values_nested_too_deep(levels):
    value = []
    for _ in range(levels):
        value = [value]

    found = refused(of_type(InputType.ANY), {"a": value})

    assert list(found.values()) == ["It is nested too deeply."]


def test_undeclared_inputs_go_where_the_method_says():
    values = {"n": 1, "tags": ["a", "b"], "deep": {"x": None}, "none": None, "yes": True}

    body = bind(simple(method=POST, allow_unknown=True), values)
    query = bind(simple(method=GET, allow_unknown=True), values)
    gone = bind(simple(method=DELETE, allow_unknown=True), values)

    assert (body.body, body.query) == (values, [])
    assert query.query == [("n", "1"), ("tags", "a"), ("tags", "b"), ("deep", '{"x":null}'), ("yes", "true")]
    assert query.body is None
    assert (gone.query, gone.body) == (query.query, None)


@pytest.mark.parametrize(
    ("capability", "body"),
    [
        (simple(SimpleInput(name="id"), endpoint="/{id}"), None),
        (simple(SimpleInput(name="id"), SimpleInput(name="a"), endpoint="/{id}"), {}),
        (simple(SimpleInput(name="id"), endpoint="/{id}", allow_unknown=True), {}),
        (simple(SimpleInput(name="id"), endpoint="/{id}", method=GET, allow_unknown=True), None),
    ],
)
def test_there_is_a_body_only_where_an_input_may_go_into_it(capability, body):
    assert bind(capability, {"id": "7"}).body == body


def test_a_part_of_the_path_is_required_even_where_the_schema_does_not_say_so():
    capability = simple(SimpleInput(name="id"), endpoint="/{id}")

    assert refused(capability, {}) == {"inputs.id": "It is required: it is part of the address."}


@pytest.mark.parametrize("value", [None, [], {}])
def test_a_part_of_the_path_is_a_scalar(value):
    capability = simple(SimpleInput(name="id", type=InputType.ANY), endpoint="/{id}")

    assert list(refused(capability, {"id": value})) == ["inputs.id"]


def test_a_header_input_cannot_break_out():
    capability = simple(SimpleInput(name="X-A", location=InputLocation.HEADER))

    assert refused(capability, {"X-A": "a\r\nHost: evil"}) == {
        "inputs.X-A": "A header value must not contain line breaks or control characters."
    }
    assert bind(capability, {}).headers == []


def test_a_catastrophic_regex_ends():
    capability = compiled({"type": "object", "properties": {"a": {"pattern": "^(a|aa)+$"}}})

    assert list(refused(capability, {"a": "a" * 100_000 + "!"})) == ["inputs.a"]


def test_never_fetches_a_remote_schema(canary):
    capability = compiled({"$ref": f"{canary.url}/schema.json"})

    assert list(refused(capability, {})) == ["inputs"]
    assert canary.connections == 0


async def test_keeps_the_last_used_ones_only():
    cache, made = LastUsed(2, lambda _: 1), []

    def maker(name):
        def make():
            made.append(name)
            return STOCK

        return make

    for name in ("a", "b", "a", "c", "a", "b"):
        await cache.get(name, maker(name))

    assert made == ["a", "b", "c", "b"]
    assert len(cache) == 2


async def test_two_callers_of_a_value_that_takes_long_get_the_same():
    cache = LastUsed(2, lambda _: 1)

    first, second = await asyncio.gather(*[cache.get("a", object, lambda: True) for _ in range(2)])

    assert first is second


def test_says_of_a_place_for_nothing_that_it_must_be_empty():
    nothing = compiled({"type": "object", "properties": {"a": False}})

    assert refused(nothing, {"a": 1}) == {"inputs.a": "Nothing is allowed here; remove it."}
