"""Records by expressions: nothing is silent, and whatever goes wrong is the error of one record."""

from __future__ import annotations

import copy

import pytest

from models.flow_words import NullMembers, RecordFault
from proxy.records import (
    Answered,
    Faulty,
    Mapping,
    filter_page,
    filtered,
    key_page,
    keyed,
    map_page,
    mapped,
    merge_page,
    merged,
)

ORDER = {
    "id": 7,
    "paid": True,
    "note": None,
    "customer": {"name": "Ada", "mail": None},
    "lines": [{"sku": "a", "price": "19.99"}, {"sku": "b", "price": None}],
}


@pytest.mark.parametrize(
    ("text", "taken"), [("paid", True), ("!paid", False), ("id > `9`", False), ("id == `7`", True), (None, True)]
)
async def test_a_filter_takes_or_leaves_a_record(expressions, text, taken):
    assert await filtered(expressions, text, ORDER, lane="acme") is taken


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(("customer.name", "string"), ("customer.nmae", "null"), ("id", "number")),
        *(("lines", "array"), ("customer", "object"), ("''", "string"), ("`0`", "number")),
    ],
)
async def test_a_filter_that_is_no_boolean_is_an_error_of_the_record(expressions, text, kind):
    with pytest.raises(Faulty) as faulty:
        await filtered(expressions, text, ORDER, lane="acme")

    assert faulty.value.fault is RecordFault.FILTER
    assert faulty.value.message == (
        f"The filter `{text}` is {kind} on this record; it must be true or false."
        " Compare it with a value, as in active == `true`."
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("'10' > `5`", "a number and a string have no order."),
        ("{a: {b: merge(customer, note)}}", "value at a.b: argument 2 of merge is null, not object."),
        ("length(note)", "argument 1 of length is null, not array or object or string."),
        ("{a: {b: length(note)}}", "does not fit this value at a.b: argument 1 of length is null, not "),
        ("sum(lines[].price)", "argument 1 of sum is array with other members, not array[number]."),
        ("sort_by(lines, &price)", "a key to compare by is null, not number or string."),
        ("max_by([{k: `1`}, {k: 'a'}], &k)", "a number and a string have no order."),
        ("contains('abc', `1`)", "contains looks for number in a string."),
        ("join(', ', [id])", "argument 2 of join is array with other members, not array[string]."),
        ("to_minor_units(lines[1].price, 'EUR')", "argument 1 of to_minor_units is null, not number or string."),
        ("a-b", 'it breaks at character 2; quote names with other signs than letters, digits and _: "a-b".'),
        ("magic(@)", "There is no function magic; there are "),
        ("[@,@][] |" * 25 + "[@,@][]", "makes more than 100000 elements on this value; "),
        ("[@,@] |" * 25 + "[@,@]", "makes more than 100000 elements on this value; "),
        ("!" * 3000 + "a", "An expression has at most 50 levels of parts within parts; "),
        ("a" * 5000, "An expression has at most 4096 characters; this one has 5000."),
    ],
)
async def test_whatever_an_expression_raises_is_an_error_of_the_record(expressions, text, says):
    with pytest.raises(Faulty) as in_filter:
        await filtered(expressions, text, ORDER, lane="acme")
    with pytest.raises(Faulty) as in_mapping:
        await mapped(expressions, Mapping(text=text), ORDER, lane="acme")

    assert says in in_filter.value.message
    assert (in_filter.value.fault, in_mapping.value.fault) == (RecordFault.FILTER, RecordFault.MAPPING)
    assert in_mapping.value.message == in_filter.value.message
    assert "Ada" not in in_filter.value.message


async def test_a_mapping_makes_the_inputs_and_leaves_the_record(expressions):
    before = copy.deepcopy(ORDER)
    mapping = Mapping(text="{id: id, skus: lines[].sku, mail: customer.mail}", required=frozenset({"id", "skus"}))

    assert await mapped(expressions, mapping, ORDER, lane="acme") == {"id": 7, "skus": ["a", "b"], "mail": None}
    assert await mapped(expressions, Mapping(text=None), ORDER, lane="acme") == before == ORDER


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (Mapping(text="nothing"), "The mapping `nothing` is null; it must select something of each record."),
        (
            Mapping(text="{name: customer.nmae, id: id, at: at}", required=frozenset({"name", "id", "at"})),
            "The mapping `{name: customer.nmae, id: id, at: at}` gives no value for what is required: at, name.",
        ),
        (
            Mapping(text="{name: customer.nmae}", required=frozenset({"name"}), nulls=NullMembers.OMIT),
            "The mapping `{name: customer.nmae}` gives no value for what is required: name.",
        ),
        (Mapping(text=None, required=frozenset({"note"})), "The record gives no value for what is required: note."),
        (
            Mapping(text="lines", required=frozenset({"x"})),
            "The mapping `lines` gives no value for what is required: x.",
        ),
        (
            Mapping(text="{lines: lines}", nulls=NullMembers.ERROR),
            "The mapping `{lines: lines}` is null at lines.1.price, and this step refuses null.",
        ),
    ],
)
async def test_null_is_never_silent(expressions, mapping, message):
    with pytest.raises(Faulty) as faulty:
        await mapped(expressions, mapping, ORDER, lane="acme")

    assert (faulty.value.fault, faulty.value.message) == (RecordFault.MAPPING, message)


@pytest.mark.parametrize(
    ("nulls", "omits", "inputs"),
    [
        (NullMembers.KEEP, (), {"a": None, "b": {"c": None, "d": [None, {"e": None}]}, "f": 0, "g": None}),
        (NullMembers.KEEP, ("a", "f"), {"b": {"c": None, "d": [None, {"e": None}]}, "f": 0, "g": None}),
        (NullMembers.OMIT, (), {"b": {"d": [None, {}]}, "f": 0}),
    ],
)
async def test_null_members_are_kept_or_left_out_at_every_level(expressions, nulls, omits, inputs):
    record = {"a": None, "b": {"c": None, "d": [None, {"e": None}]}, "f": 0, "g": None}
    before = copy.deepcopy(record)
    mapping = Mapping(text="{a: a, b: b, f: f, g: g}", nulls=nulls, omits=frozenset(omits))

    assert await mapped(expressions, mapping, record, lane="acme") == inputs
    assert record == before


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("{stock: data[0].n}", {"id": 7, "stock": 5}),
        ("{id: status}", {"id": 200}),
        ("{both: [record.id, data[0].n]}", {"id": 7, "both": [7, 5]}),
        ("data[1]", {"id": 7}),
        ("data[0]", {"id": 7, "n": 5}),
        (None, {"id": 7}),
    ],
)
async def test_an_answer_is_merged_and_other_members_stay(expressions, text, record):
    given = {"id": 7}

    found = await merged(expressions, text, given, data=[{"n": 5}], status=200, lane="acme")

    assert (found, given) == (record, {"id": 7})


@pytest.mark.parametrize(
    ("text", "record", "kinds"),
    [
        ("data", {"id": 7}, "array, and the record object"),
        ("data[0].n", {"id": 7}, "number, and the record object"),
        ("{a: data}", ["x"], "object, and the record array"),
    ],
)
async def test_only_an_object_is_merged_into_an_object(expressions, text, record, kinds):
    with pytest.raises(Faulty) as faulty:
        await merged(expressions, text, record, data=[{"n": 5}], status=200, lane="acme")

    assert faulty.value.fault is RecordFault.MAPPING
    assert f"`{text}` merges an object into an object; its result is {kinds}." in faulty.value.message


async def test_a_key_is_that_of_the_expression_else_of_the_inputs(expressions):
    by_id = await keyed(expressions, "id", ORDER, {"a": 1}, lane="acme")

    assert (len(by_id), by_id) == (64, await keyed(expressions, "id", {"id": 7}, {"b": 2}, lane="acme"))
    assert by_id != await keyed(expressions, "id", {"id": "7"}, {"a": 1}, lane="acme")
    assert await keyed(expressions, None, ORDER, {"a": 1, "b": [2]}, lane="acme") == await keyed(
        expressions, None, {"id": 8}, {"b": [2], "a": 1}, lane="acme"
    )
    assert await keyed(expressions, None, ORDER, {"a": 1}, lane="acme") != await keyed(
        expressions, None, ORDER, {"a": 1.5}, lane="acme"
    )


@pytest.mark.parametrize("text", ["note", "missing", "''", "[note, missing]", "{a: note, b: ['']}", "`[]`", "`{}`"])
async def test_a_key_that_many_records_would_share_is_refused(expressions, text):
    with pytest.raises(Faulty) as faulty:
        await keyed(expressions, text, ORDER, {"a": 1}, lane="acme")

    assert faulty.value.fault is RecordFault.MAPPING
    assert faulty.value.message.startswith(f"The record key `{text}` is ")


@pytest.mark.parametrize("key", [0, False, [0], {"a": 0}])
async def test_zero_and_false_are_keys(expressions, key):
    assert len(await keyed(expressions, "k", {"k": key}, None, lane="acme")) == 64


async def test_each_record_of_a_page_has_its_own_result_in_order(expressions):
    records = [{"n": 1}, {"n": "x"}, {"n": None}, {"n": "a\0"}, {"n": 5}]

    taken = await filter_page(expressions, "n > `2`", records, lane="acme")
    inputs = await map_page(expressions, Mapping(text="{n: n}", required=frozenset("n")), records, lane="acme")
    keys = await key_page(expressions, "n", records, records, lane="acme")
    answers = [Answered(record=record, data={"m": index}, status=200) for index, record in enumerate(records)]
    after = await merge_page(expressions, "{m: data.m}", answers, lane="acme")

    assert [kind(one) for one in taken] == [False, "FILTER", "FILTER", "FILTER", True]
    assert [kind(one) for one in inputs] == [{"n": 1}, {"n": "x"}, "MAPPING", "VALUE", {"n": 5}]
    assert [kind(one) for one in keys][2:4] == ["MAPPING", "VALUE"]
    assert len({one for one in keys if isinstance(one, str)}) == 3
    assert [kind(one) for one in after] == [
        *({"n": 1, "m": 0}, {"n": "x", "m": 1}, {"n": None, "m": 2}, "VALUE", {"n": 5, "m": 4})
    ]


def kind(result: object) -> object:
    return result.fault.value if isinstance(result, Faulty) else result
