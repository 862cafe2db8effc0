"""Answers that are much larger than their documents: execution stops, whatever they grow by."""

from __future__ import annotations

from typing import Any

import pytest

from tests.door.server import Door

MOST = 16_000_000
SENTENCE = f"The answer is larger than {MOST} bytes. Ask for smaller pages, or for fewer long fields."
LONG = "x" * 900_000


def aliased(field: str, count: int, declared: str) -> str:
    return f"query({declared}) {{" + " ".join(f"a{n}: {field}" for n in range(count)) + "}"


GROWING: dict[str, tuple[str, dict[str, Any]]] = {
    "long text": (aliased("hello(name: $v)", 18, "$v: String!"), {"v": LONG}),
    "letters of several bytes": (aliased("hello(name: $v)", 18, "$v: String!"), {"v": "ж" * 450_000}),
    "JSON in a field that may be null": (aliased("echo(value: $v)", 18, "$v: JSON!"), {"v": [LONG[:-9]]}),
    "names of fields": (
        f"query($v: [ID!]!) {{ nodes(ids: $v) {{ {'k' * 1_000}: name {'j' * 1_000}: name }} }}",
        {"v": ["1"] * 9_000},
    ),
    "escapes": (aliased("hello(name: $v)", 20, "$v: String!"), {"v": "\x01" * 150_000}),
}


@pytest.mark.parametrize(("query", "variables"), GROWING.values(), ids=GROWING)
def test_stops_at_16_megabytes_whatever_an_answer_grows_by(door: Door, query: str, variables: dict[str, Any]) -> None:
    answer = door.post(query, "application/graphql-response+json", variables=variables)

    (error,) = answer.json()["errors"]
    assert len(answer.content) < 1_000
    assert (answer.status_code, error["extensions"], error["message"]) == (400, {"code": "TOO_COSTLY"}, SENTENCE)
    assert "data" not in answer.json()
    assert "cost" in answer.json()["extensions"]


def test_answers_almost_16_megabytes(door: Door) -> None:
    answer = door.post(aliased("hello(name: $v)", 17, "$v: String!"), variables={"v": LONG})

    assert answer.status_code == 200
    assert 15_300_000 < len(answer.content) < MOST


def test_stops_between_mutations_and_says_that_some_are_made(door: Door) -> None:
    query = 'mutation { a: add(number: 1) b: repeat(text: "x", times: 17000000) c: add(number: 2) }'

    answer = door.post(query)

    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "TOO_COSTLY"}
    assert error["message"].endswith("may have been made; read before you send it again.")
    assert door.added == [1, 17_000_000]
