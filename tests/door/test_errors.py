"""What errors show, and what they never show."""

from __future__ import annotations

import re
from typing import Any

import pytest

from models import errors
from models.errors import DomainError
from schema.door.masking import code_of
from tests.door.server import Door
from tests.door.toy import DSN, REFUSALS

SHOWN = {
    "conflict": {"code": "CONFLICT", "inputPath": ["input", "slug"]},
    "forbidden": {"code": "FORBIDDEN"},
    "invalid": {"code": "INVALID_INPUT", "inputPath": ["input", "name"]},
    "oversized": {"code": "INVALID_INPUT", "inputPath": ["input", "payload"]},
    "missing": {"code": "NOT_FOUND"},
    "not_ready": {"code": "NOT_READY"},
    "stale": {"code": "STALE", "inputPath": ["input", "expectedVersion"]},
    "too_large": {"code": "INVALID_INPUT"},
    "too_many": {"code": "TOO_MANY", "retryAfterSeconds": 3},
    "unauthenticated": {"code": "UNAUTHENTICATED"},
    "unavailable": {"code": "UNAVAILABLE"},
    "token_refused": {"code": "UPSTREAM_FAILED"},
    "upstream": {"code": "UPSTREAM_FAILED"},
    "upstream_blocked": {"code": "UPSTREAM_FAILED"},
    "upstream_timeout": {"code": "UPSTREAM_FAILED"},
    "wrong_method": {"code": "INVALID_INPUT"},
}


def only_error(answer: Any) -> dict[str, Any]:
    (error,) = answer.json()["errors"]
    return error


@pytest.mark.parametrize("how", SHOWN)
def test_a_refusal_shows_its_sentence_its_code_and_where(door: Door, how: str) -> None:
    answer = door.post("query($how: String!) { it: refuse(how: $how) }", variables={"how": how})

    assert (answer.status_code, answer.json()["data"]) == (200, {"it": None})
    assert only_error(answer) == {
        "message": REFUSALS[how].message,
        "locations": [{"line": 1, "column": 24}],
        "path": ["it"],
        "extensions": SHOWN[how],
    }


def test_every_refusal_has_a_code_but_the_one_that_is_masked() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DomainError)}

    uncoded = {kind for kind in kinds if code_of(kind.__new__(kind)) is None}

    assert uncoded == {DomainError, errors.SecretUnreadable}


@pytest.mark.parametrize(
    "query", ["{ crash }", "{ wrongType }", "{ nullInNonNull }", '{ refuse(how: "unreadable") }']
)
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
def test_masks_what_was_not_foreseen_and_logs_it_under_the_shown_id(door: Door, query: str, accept: str) -> None:
    answer = door.post(query, accept)

    error = only_error(answer)
    shown = re.fullmatch(r"Internal error, id ([0-9a-f]{16})", error["message"])
    assert answer.status_code == 200
    assert shown
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert error["path"] == [re.search(r"\w+", query)[0]]
    assert "postgres" not in answer.text
    assert any(shown[1] in line and "Traceback" in line for line in door.logged)


def test_logs_the_masked_text(door: Door) -> None:
    door.post("{ crash }")

    assert any(DSN in line for line in door.logged)


def test_masks_an_answer_that_is_not_json(door: Door) -> None:
    answer = door.post("{ unserialisable }")

    assert answer.status_code == 500
    assert only_error(answer)["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert "data" not in answer.json()


def test_an_exception_handler_answers_before_errors_do(door: Door) -> None:
    answer = door.post("{ taken { ... on Taken { message } } }")

    assert answer.json()["data"] == {"taken": {"message": "The slug is taken."}}
    assert "errors" not in answer.json()


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 2**63, 1.5, "1", True, None, [1], {"a": 1}])
def test_names_the_variable_of_wrong_type(door: Door, value: object) -> None:
    query = "mutation($amount: Int!) { add(number: $amount) }"

    answer = door.post(query, variables={"amount": value})

    error = only_error(answer)
    assert error["extensions"] == {"code": "INVALID_INPUT"}
    assert "'$amount'" in error["message"]
    assert "data" not in answer.json()
    assert door.added == []


@pytest.mark.parametrize("literal", ["2147483648", "1.5", '"1"', "true", "null", "[1]", "{a: 1}", "9" * 5_000, "ONE"])
def test_names_the_argument_of_wrong_type(door: Door, literal: str) -> None:
    answer = door.post(f"mutation {{ add(number: {literal}) }}")

    error = only_error(answer)
    assert error["extensions"] == {"code": "INVALID_INPUT", "inputPath": ["number"]}
    assert error["message"].startswith("number: ")
    assert door.added == []


@pytest.mark.parametrize("value", ["hunter2", ["hunter2"], {"hunter2": 1}])
def test_repeats_no_value_of_wrong_type(door: Door, value: object) -> None:
    query = "mutation($amount: Int!) { add(number: $amount) }"

    answers = [
        door.post(query, variables={"amount": value}),
        door.post('mutation { add(number: "hunter2") }'),
        door.post('mutation { add(number: ["hunter2"]) }'),
    ]

    assert ["Int cannot represent non-integer value." in only_error(one)["message"] for one in answers] == [True] * 3
    assert "hunter2" not in "".join(answer.text for answer in answers)
    assert door.added == []


def test_shows_at_most_20_wrong_variables(door: Door) -> None:
    names = [f"v{n}" for n in range(30)]
    variables = " ".join(f"${name}: Int!" for name in names)
    fields = " ".join(f"{name}: number(number: ${name})" for name in names)
    query = f"query({variables}) {{ {fields} }}"

    found = door.post(query, variables=dict.fromkeys(names, "x")).json()["errors"]

    assert len(found) == 20
    assert {error["extensions"]["code"] for error in found} == {"INVALID_INPUT"}


def test_a_variable_that_is_null_where_a_value_is_needed_is_invalid_input(door: Door) -> None:
    query = 'query($name: String = "x") { hello(name: $name) }'

    answer = door.post(query, variables={"name": None})

    error = only_error(answer)
    assert error["extensions"] == {"code": "INVALID_INPUT"}
    assert "'name'" in error["message"]


def test_one_refused_mutation_leaves_those_before_it(door: Door) -> None:
    fields = " ".join(f"m{n}: add(number: {-1 if n == 6 else n})" for n in range(10))

    answer = door.post(f"mutation {{ {fields} }}")

    assert answer.json()["data"] is None
    assert only_error(answer)["path"] == ["m6"]
    assert door.added == [0, 1, 2, 3, 4, 5]
