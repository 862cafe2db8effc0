"""Turns of the event loop: long work gives way to others, and its result is the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import strawberry

from resolvers.turns import Turns
from schema.door.admission import Admission, Method
from schema.door.execution import execute
from schema.door.limits import Limits
from schema.door.refusal import Refused
from tests.door.toy import toy_schema

NODES = "query ($v: [ID!]!) { nodes(ids: $v) { id name sibling { id } } }"


@pytest.fixture(scope="module")
def schema() -> strawberry.Schema:
    return toy_schema()


class Others:
    """`async with Others() as others`: `turns` of the event loop that another task gets meanwhile."""

    turns = 0

    async def __aenter__(self) -> Others:
        self._task = asyncio.create_task(self._go())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _go(self) -> None:
        while True:
            self.turns += 1
            await asyncio.sleep(0)


async def executed(
    schema: strawberry.Schema,
    query: str,
    variables: dict[str, Any] | None = None,
    *,
    seconds: float = 0,
    **limits: int,
) -> dict[str, Any]:
    """The answer as the specification formats it; by default every step is a turn of its own."""
    admission = Admission(Limits(**limits))
    admitted = admission.admit(schema._schema, query, variables, None, method=Method.POST)
    result = await execute(
        schema,
        admitted,
        {"who": "me", "added": []},
        limits=admission.limits,
        share=Turns(seconds).share(),
        converter=admission.converter,
    )
    return result.formatted


def ids(count: int) -> dict[str, Any]:
    return {"v": [str(n) for n in range(count)]}


async def test_a_long_list_gives_way_between_its_members(schema: strawberry.Schema) -> None:
    async with Others() as others:
        answer = await executed(schema, "query ($v: [ID!]!) { nodes(ids: $v) { id } }", ids(300))

    assert answer == {"data": {"nodes": [{"id": str(n)} for n in range(300)]}}
    assert others.turns >= 300


async def test_a_short_answer_takes_no_turn(schema: strawberry.Schema) -> None:
    async with Others() as others:
        await executed(schema, "query ($v: [ID!]!) { nodes(ids: $v) { id } }", ids(3), seconds=60)

    assert others.turns == 1


async def test_a_hundred_tasks_share_one_turn() -> None:
    turns = Turns(0)
    done: list[int] = []

    async def work(number: int) -> None:
        for _ in range(5):
            if turns.over():
                await turns.next()
            done.append(number)

    async with Others() as others:
        await asyncio.gather(*(work(number) for number in range(100)))

    assert len(done) == 500
    assert others.turns >= 400


async def test_a_waiting_task_that_is_cancelled_keeps_nobody_waiting() -> None:
    turns = Turns(0)
    waiting = [asyncio.create_task(turns.next()) for _ in range(40)]
    await asyncio.sleep(0)
    for task in waiting[:30]:
        task.cancel()

    finished, _ = await asyncio.wait(waiting, timeout=10)

    assert len(finished) == 40


@pytest.mark.parametrize(
    "query",
    [
        NODES,
        "query ($v: [ID!]!) { nodes(ids: $v) { id sibling { id name parent { id } } known(names: [\"\"]) } }",
        "query ($v: [ID!]!) { nodes(ids: $v) { id broken } }",
        "query ($v: [ID!]!) { nodes(ids: $v) { id torn } thing { id } }",
        "query ($v: [ID!]!) { perhaps(ids: $v) { id sibling { torn } } }",
        "query ($v: [ID!]!) { perhaps(ids: $v) { id torn broken } who }",
        "{ thing { sibling { id sibling { broken } } } refuse(how: \"missing\") taken { __typename } who }",
        "{ __schema { types { name kind fields { name args { name type { name ofType { name } } } } } } }",
        "mutation { a: add(number: 1) b: add(number: -1) }",
        "mutation { a: add(number: 1) c: add(number: 2) }",
    ],
)  # fmt: skip
async def test_an_answer_in_turns_is_the_answer_at_once(schema: strawberry.Schema, query: str) -> None:
    variables = ids(7) if "$v" in query else {}

    in_turns = await executed(schema, query, variables)

    at_once = await schema.execute(query, variables, {"who": "me", "added": []})
    assert in_turns["data"] == at_once.data
    errors = [error.formatted for error in at_once.errors or ()]
    assert sorted(map(repr, in_turns.get("errors", ()))) == sorted(map(repr, errors))


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("query ($v: [ID!]!) { nodes(ids: $v) { id name } }", 1 + 5 + 5 * 2),
        ("query ($v: [ID!]!) { perhaps(ids: $v) { parent { id } } }", 1 + 5 + 5),
        ("query ($v: [ID!]!) { nodes(ids: $v) { sibling { id } } }", 1 + 5 + 5 + 5),
        ("query ($v: [ID!]!) { who perhaps(ids: $v) { torn } }", 2 + 5 + 5),
    ],
)
async def test_an_answer_ends_at_its_number_of_values(schema: strawberry.Schema, query: str, values: int) -> None:
    await executed(schema, query, ids(5), answer_values=values)

    with pytest.raises(Refused) as caught:
        await executed(schema, query, ids(5), answer_values=values - 1)
    (error,) = caught.value.errors
    assert error.extensions == {"code": "TOO_COSTLY"}
    assert error.message == (
        f"The answer has more than {values - 1} fields and members of lists."
        " Ask for smaller pages, or for fewer fields."
    )
    assert caught.value.cost is not None
