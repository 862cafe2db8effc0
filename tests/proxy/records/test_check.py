"""An expression before it is saved: faults forbid it, warnings name members that the sample lacks."""

from __future__ import annotations

import pytest

from proxy.records import Use, check_text

SAMPLE = {
    "customer": {"name": "Ada", "mail": None},
    "lines": [{"sku": "a", "price": 2}, {"sku": "b", "price": 3, "note": "x"}],
    "paid": True,
}
ODD_NAME = 'quote names with other signs than letters, digits and _: "'


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("customer.nmae", ["customer.nmae"]),
        ("{n: customer.nmae, l: lines[].pric, s: lines[0].sku}", ["customer.nmae", "lines[].pric"]),
        ("customr.name", ["customr"]),
        ("lines[?pric > `1`].sku", ["lines[].pric"]),
        ("map(&pric, lines)", ["lines[].pric"]),
        ("lines[].note", []),
        ("customer.mail", []),
        ("customer.mail.host", []),
        ("{a: customer}.b", []),
        ("customer | nmae", ["customer.nmae"]),
        ('"first-name"', ["first-name"]),
    ],
)
async def test_warns_of_names_that_the_sample_lacks(expressions, text, names):
    found = await check_text(expressions, text, Use.MAPPING, sample=SAMPLE, lane="acme")

    assert found.faults == ()
    assert [one for one in found.warnings if "on the sample" not in one] == [
        f"{name}: not in the sample." for name in names
    ]


@pytest.mark.parametrize(
    ("use", "text", "fault"),
    [
        (
            Use.FILTER,
            "customer.name",
            "The filter `customer.name` is string on this record; it must be true or false.",
        ),
        (Use.FILTER, "lines", "The filter `lines` is array on this record; it must be true or false."),
        (Use.MERGE, "lines", "The response mapping `lines` merges an object into an object; its result is array"),
        (Use.KEY, "''", "The record key `''` is string or empty on this record; it must identify it."),
        (Use.MAPPING, "length(paid)", "argument 1 of length is boolean, not array or object or string."),
        (Use.MAPPING, "[@,@] |" * 30 + "@", "on this value; simplify it"),
        (Use.MAPPING, "magic(lines)", "There is no function magic; there are abs, add, avg, "),
        (Use.MAPPING, "a-b", f'This is not a JMESPath expression: it breaks at character 2; {ODD_NAME}a-b".'),
        (Use.MAPPING, "x.$id", f'This is not a JMESPath expression: it breaks at character 3; {ODD_NAME}$id".'),
        (Use.MAPPING, "größe", f'This is not a JMESPath expression: it breaks at character 3; {ODD_NAME}größe".'),
        (Use.MAPPING, "a b", "This is not a JMESPath expression: it breaks at character 3."),
        (Use.MAPPING, "a - 1", "This is not a JMESPath expression: it breaks at character 3."),
    ],
)
async def test_says_what_forbids_saving(expressions, use, text, fault):
    found = await check_text(expressions, text, use, sample=SAMPLE, lane="acme")

    assert len(found.faults) == 1
    assert fault in found.faults[0]


async def test_a_fault_on_a_sample_that_lacks_a_name_is_a_warning(expressions):
    found = await check_text(expressions, "length(amount) > `5`", Use.FILTER, sample=SAMPLE, lane="acme")

    assert found.faults == ()
    assert found.warnings[0] == "amount: not in the sample."
    assert found.warnings[1].endswith("argument 1 of length is null, not array or object or string.")


async def test_a_sample_shows_the_inputs_to_validate(expressions):
    found = await check_text(expressions, "{skus: lines[].sku}", Use.MAPPING, sample=SAMPLE, lane="acme")
    unknown = await check_text(expressions, "{skus: lines[].sku}", Use.MAPPING, lane="acme")

    assert (found.faults, found.warnings, found.result) == ((), (), {"skus": ["a", "b"]})
    assert (unknown.faults, unknown.warnings, unknown.result) == ((), (), None)


async def test_a_null_result_is_a_warning(expressions):
    found = await check_text(expressions, "customer.mail", Use.FILTER, sample=SAMPLE, lane="acme")

    assert (found.faults, found.warnings) == ((), ("The expression `customer.mail` is null on the sample.",))
