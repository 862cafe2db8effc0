"""Costly schemas: judged in child processes, in bounded time and memory, while the event loop goes on."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from pathlib import Path

import pytest

from models.errors import TooMany
from proxy.inputs import Apart, Validator
from proxy.inputs.apart import CPU_SECONDS, TOO_COSTLY
from tests.harness.effort import effort
from tests.harness.stalls import Stalls

BRANCHING = {
    "properties": {"x": {"$ref": "#/$defs/s"}},
    "$defs": {"s": {"items": {"anyOf": [{"$ref": "#/$defs/s"}, {"$ref": "#/$defs/s"}]}, "not": {"const": 1}}},
}
INNER = {"items": {"$ref": "#/$defs/s"}, "type": "array"}
DOUBLING = {"$ref": "#/$defs/s", "$defs": {"s": {"anyOf": [INNER, INNER | {"minItems": 1}]}}}
WORDS = [f"word{i}" for i in range(20_000)]
KEYS = {f"k{i}": 1 for i in range(30_000)}
LONG_NAME = '"k0" is longer than 1 character.'
#: Seconds of this process's CPU. A tenth of a child's limit is usual, and some of them would take minutes here.
HERE = 5 * CPU_SECONDS
UNLISTED = "It does not fit the schema; finding out why takes too much time or memory."


def nested(depth, inner):
    for _ in range(depth):
        inner = [inner]
    return inner


def unevaluated(depth):
    schema = {}
    for i in range(depth):
        schema = {"allOf": [schema, {"properties": {f"k{i}": {}}}], "unevaluatedProperties": False}
    return schema


#: Schemas that were seen to stop a hub or to fill its memory, and their kin: schema, value, and the first sentence.
COSTLY = {
    "recursion that branches": (BRANCHING, {"x": nested(24, 1)}, UNLISTED),
    "recursion that branches without an end": (DOUBLING, nested(22, 1), UNLISTED),
    "many objects in an enum": (
        {"items": {"not": {"enum": [{"a": i} for i in range(3_000)]}}},
        [{"a": -1}] * 50_000,
        TOO_COSTLY,
    ),
    "errors that list an enum": (
        {"items": {"enum": WORDS}},
        ["x"] * 20_000,
        'It is not one of "word0", "word1" or 19998 other candidates.',
    ),
    "exact arithmetic": ({"items": {"multipleOf": 1e-15}}, [1e300] * 100_000, TOO_COSTLY),
    "dependent schemas": (
        {"dependentSchemas": {f"k{i}": {"required": [f"z{i}"]} for i in range(1_500)}},
        KEYS,
        "It is required.",
    ),
    "long lists of names": (
        {"items": {"required": WORDS[:15_000]}},
        [{}] * 100_000,
        "It is required.",
    ),
    "nested unevaluated": (unevaluated(15), {f"k{i}": 1 for i in range(15)}, "It is not declared; remove it."),
    "a fault for each name": ({"propertyNames": {"maxLength": 1}}, {f"k{i}": 1 for i in range(2_000)}, LONG_NAME),
    "many faults of a large value": (
        {"required": WORDS[:15_000]},
        {f"k{i}": 1 for i in range(2_000)},
        "It is required.",
    ),
    "many faults of a small value": ({"items": {"required": WORDS[:1_000]}}, [{}] * 25, "It is required."),
    "a large regex": (
        {"items": {"pattern": r"((\w|\d|.|a|\s|\S){1,12}){1,12}z"}},
        ["ab cd " * 2_000] * 80,
        r'It does not match "((\w|\d|.|a|\s|\S){1,12}){1,12}z".',
    ),
}


def environment(pid):
    return Path(f"/proc/{pid}/environ").read_bytes()


@pytest.fixture
async def apart():
    made = Apart()
    yield made
    await made.close()


async def judged(apart, schema, value, lane="acme"):
    found = await Validator.of(schema).violations(apart, value, ("inputs",), lane=lane)
    return [fault.message for fault in found]


@pytest.mark.parametrize("name", COSTLY)
async def test_a_costly_schema_is_judged_apart_in_bounded_time(apart, name):
    schema, value, sentence = COSTLY[name]

    with effort() as spent:
        async with Stalls() as stalls:
            found = await judged(apart, schema, value)

    assert found[0] == sentence
    assert Validator.of(schema).at_once(value, ("inputs",)) is None
    assert spent.seconds < HERE
    assert stalls.longest < CPU_SECONDS
    assert await judged(apart, {"type": "string"}, 1) == ['It is not of type "string".']


async def test_a_child_ends_at_the_limit_of_its_processor_time(apart):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    schema, value, sentence = COSTLY["many objects in an enum"]

    assert await judged(apart, schema, value) == [sentence]

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Timer and account count in ticks of their own. Without a limit it takes a minute.
    assert 0.8 * CPU_SECONDS < spent < 5 * CPU_SECONDS


async def test_a_child_gets_no_more_memory_than_its_limit(apart):
    schema, value = {"items": {"enum": WORDS[:1_500]}}, ["x"] * 1_000  # all faults together need 100 MB

    found = await judged(apart, schema, value)

    assert found == ['It is not one of "word0", "word1" or 1498 other candidates.']


async def test_recursion_is_judged_whatever_its_depth(apart):
    tree = {"$ref": "#/$defs/t", "$defs": {"t": {"type": "array", "items": {"$ref": "#/$defs/t"}}}}

    assert await judged(apart, tree, nested(100, [])) == []
    assert await judged(apart, tree, [[], [3]]) == ['It is not of type "array".']


async def test_the_child_has_nothing_of_the_hub(apart, monkeypatch):
    monkeypatch.setenv("PATCHBAY_MASTER_KEYS", "1:secret")

    await judged(apart, BRANCHING, {"x": 2})

    (child,) = apart._uses
    assert b"PATCHBAY" not in environment(child.pid)


async def test_a_killed_child_is_replaced(apart):
    await judged(apart, BRANCHING, {"x": 2})
    (child,) = apart._uses
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()

    assert await judged(apart, BRANCHING, {"x": 2}) == []


async def test_a_cancelled_call_leaves_no_answer_for_the_next(apart):
    await judged(apart, BRANCHING, {"x": 2})
    schema, value, _ = COSTLY["many objects in an enum"]
    call = asyncio.create_task(judged(apart, schema, value))
    await asyncio.sleep(0.02)
    call.cancel()

    assert await judged(apart, BRANCHING, {"x": 2}) == []


async def test_one_organization_does_not_take_both_children(apart):
    schema, value, _ = COSTLY["many objects in an enum"]
    slow = [asyncio.create_task(judged(apart, schema, value, lane="greedy")) for _ in range(65)]
    await asyncio.sleep(0.01)

    assert await judged(apart, BRANCHING, {"x": 2}, lane="other") == []
    assert sum(task.done() for task in slow) < 10
    with pytest.raises(TooMany):
        await judged(apart, schema, value, lane="greedy")
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_closing_leaves_no_process():
    apart = Apart()
    await judged(apart, BRANCHING, {"x": 2})
    (child,) = apart._uses

    await apart.close()

    assert child.returncode is not None


def test_a_schema_that_was_stored_under_earlier_rules_judges_nothing():
    schema = {"properties": {"x": {"type": "string", "pattern": r"(?=(\w+\s?)+$)z"}}}

    with effort() as spent:
        (fault,) = Validator.of(schema).at_once({"x": "ab cd " * 7_000}, ("inputs",))

    assert fault.path == ("inputs",)
    assert fault.message == (
        "The declared schema cannot be used; its author must correct it at properties.x.pattern."
        " Look-ahead, look-behind and back-references are not supported; write the regex without them."
    )
    assert spent.seconds < HERE


@pytest.mark.parametrize(
    ("schema", "size"),
    [
        ({"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(30)}}, 20_000),
        ({"properties": {"rows": {"items": {"properties": {"n": {"minimum": 1}}}}}}, 20_000),
        ({"properties": {"email": {"pattern": r"^\S+@\S+\.\S+$"}, "unit": {"enum": ["kg", "pc"]}}}, 5_000),
    ],
)
def test_ordinary_schemas_are_judged_at_once(schema, size):
    assert Validator.of(schema).cost.is_light(size)
