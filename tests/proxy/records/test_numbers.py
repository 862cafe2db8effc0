"""Numbers keep through export, mapping and import: as they are written, or as another spelling of the same number."""

from __future__ import annotations

from decimal import Decimal

import pytest

from models.flow_words import RecordFault
from models.vocabulary import HttpMethod, InputType
from proxy.inputs import Apart, SimpleInput
from proxy.records import Faulty, Mapping, checked, mapped, read_answer
from tests.proxy.capabilities import compiled, simple

#: As the export writes them.
WRITTEN = [
    *("0", "7", "-1", "1.0", "0.1", "19.99", "9007199254740993", "-9223372036854775808", "18446744073709551615"),
    *("18446744073709551616", "123456789012345678901234567890", "-170141183460469231731687303715884105728"),
    *(
        "1234567890123456.78",
        "0.1234567890123456789",
        "3.141592653589793238462643383279",
        "79228162514264337593543.95",
    ),
    *("123456789012345678901.000000000000000000001", "5e-324", "0.30000000000000004", "-0.0"),
]
#: The export's spelling, and that of the import.
SPELLED = {
    "1.10": "1.1",
    "1e3": "1000.0",
    "1E+2": "100.0",
    "1e400": "1E+400",
    "1e-400": "1E-400",
    "1e22": "1e+22",
    "-0": "0",
}


async def imported(expressions, number: str, **form) -> bytes:
    """The body that an import sends of a record with this number."""
    (record,) = read_answer(f'[{{"n": {number}}}]'.encode())
    inputs = await mapped(expressions, Mapping(text="{n: n}"), record, lane="acme")
    stored = read_answer(checked(inputs))
    apart = Apart()
    try:
        bound = await simple(SimpleInput(name="n", type=InputType.NUMBER)).bind(stored, apart, lane="acme")
    finally:
        await apart.close()
    return bound.encoded().content


@pytest.mark.parametrize("number", WRITTEN)
async def test_a_number_is_imported_as_the_export_wrote_it(expressions, number):
    assert await imported(expressions, number) == f'{{"n":{number}}}'.encode()


@pytest.mark.parametrize(("number", "spelled"), SPELLED.items())
async def test_another_spelling_is_the_same_number(expressions, number, spelled):
    assert await imported(expressions, number) == f'{{"n":{spelled}}}'.encode()
    assert Decimal(number) == Decimal(spelled)


@pytest.mark.parametrize("number", ["123456789012345678901", "123456789012345678901.0", "12345678901234567890.10e1"])
async def test_a_declared_integer_is_whole_however_long_it_is(number):
    (value,) = read_answer(f"[{number}]".encode())
    apart = Apart()
    try:
        bound = await simple(SimpleInput(name="n", type=InputType.INTEGER)).bind({"n": value}, apart, lane="acme")
    finally:
        await apart.close()

    assert bound.encoded().content == b'{"n":123456789012345678901}'


@pytest.mark.parametrize("number", ["12345678901234567890123", "0.12345678901234567890123"])
async def test_a_number_keeps_in_a_query_and_under_a_schema_judged_apart(number):
    (value,) = read_answer(f"[{number}]".encode())
    recursive = {"type": "object", "properties": {"n": {"type": "number", "minimum": 0}, "inner": {"$ref": "#"}}}
    apart = Apart()
    try:
        query = await simple(SimpleInput(name="n"), method=HttpMethod.GET).bind({"n": number}, apart, lane="acme")
        bound = await compiled(recursive).bind({"n": value}, apart, lane="acme")
        shown = await simple(SimpleInput(name="n", type=InputType.NUMBER), method=HttpMethod.GET).bind(
            {"n": value}, apart, lane="acme"
        )
    finally:
        await apart.close()

    assert bound.encoded().content == f'{{"n":{number}}}'.encode()
    assert shown.query == query.query == [("n", number)]


@pytest.mark.parametrize(
    "number", ["9" * 1001, "-" + "9" * 1001, "1e1001", "1e-1001", "1e999999999", "0." + "9" * 1001]
)
def test_a_number_of_a_thousand_digits_is_the_error_of_its_record(number):
    good, bad = read_answer(f'[{{"n": 1}}, {{"a": [{{"n": {number}}}]}}]'.encode())

    assert checked(good) == b'{"n":1}'
    with pytest.raises(Faulty) as faulty:
        checked(bad)
    assert faulty.value.fault is RecordFault.VALUE
    assert faulty.value.message == "The record has a fault at a.0.n: A number has at most 1000 digits."


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(Faulty) as faulty:
        checked({"n": [None, number]})

    assert faulty.value.fault is RecordFault.VALUE
    assert faulty.value.message.startswith("The record has a fault at n.1: ")


async def test_money_stays_text(expressions):
    record = {"price": "1234567890123456.780", "tax": "0.10"}
    text = "{price: price, tax: multiply(price, tax), total: add(price, multiply(price, tax))}"

    assert await mapped(expressions, Mapping(text=text), record, lane="acme") == {
        "price": "1234567890123456.780",
        "tax": "123456789012345.67800",
        "total": "1358024679135802.45800",
    }
