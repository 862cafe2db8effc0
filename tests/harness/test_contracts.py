"""The judge by OpenAPI documents: answers that a document allows pass, each other answer fails with its place."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.contracts import Contract, contract, judge, judge_component, read_contract

NEW, OLD = "3.1.0", "3.0.3"
_CONTENT = "application/json"
#: An answer that both documents allow.
THING = {"id": "0" * 24, "made": "2026-01-02T03:04:05Z", "icon": "aWNvbg==", "kind": {"type": "a", "size": 3}}
#: Vendors' documents with the notes beside them, and the number of answers shown in the notes.
SHOWN = {"gitbook/openapi.json": 20, "gitbook/openapi-latest.json": 20, "cycle/openapi.json": 8}


@pytest.fixture(params=[OLD, NEW])
def toy(request: pytest.FixtureRequest, tmp_path: Path) -> Contract:
    """A document of a thing with a nullable name, formats and alternatives, in each version of OpenAPI."""
    return read_contract(write(tmp_path, request.param))


def write(folder: Path, version: str) -> Path:
    name = {"type": "string", "nullable": True} if version == OLD else {"type": ["string", "null"]}
    size = {"minimum": 2, "exclusiveMinimum": True} if version == OLD else {"exclusiveMinimum": 2}
    kinds = [
        {"required": ["type"], "properties": {"type": {"enum": ["b"]}}},
        {"required": ["type", "size"], "properties": {"type": {"enum": ["a"]}, "size": {"type": "number", **size}}},
    ]
    members = {
        "id": {"type": "string", "format": "objectid"},
        "made": {"type": "string", "format": "date-time"},
        "icon": {"type": "string", "format": "byte"},
        "name": name,
        "kind": {"$ref": "#/components/schemas/Kind"},
    }
    thing = {"type": "object", "required": ["id", "kind"], "properties": members}
    refusal = {"content": {_CONTENT: {"schema": {"required": ["error"]}}}}
    answers = {"200": {"content": {_CONTENT: {"schema": {"$ref": "#/components/schemas/Thing"}}}}, "204": {}}
    answers["default"] = {"$ref": "#/components/responses/Refused"}
    document = {
        "openapi": version,
        "paths": {
            "/things/{id}": {"get": {"operationId": "getThing", "responses": answers}, "parameters": []},
            "/things/newest": {"get": {"operationId": "getNewest", "responses": {"204": {}}}},
        },
        "components": {"schemas": {"Thing": thing, "Kind": {"oneOf": kinds}}, "responses": {"Refused": refusal}},
    }
    path = folder / f"{version}.json"
    path.write_text(json.dumps(document))
    return path


def shown(vendor: str) -> Iterator[tuple[str, int, Any]]:
    """Operation, status and body of each answer in the notes beside the vendor's document."""
    text = (Path(os.environ["PATCHBAY_CONTRACTS"]) / vendor / "facts.md").read_text()
    for words, body in re.findall(r"<!-- ([^>]+) -->\n```json\n(.*?)\n```", text, re.DOTALL):
        *path, method, status = ("", *words.removeprefix("validate:").split())
        if status.isdigit():
            yield f"{method.upper()} {path[-1]}" if path[-1] else method, int(status), json.loads(body)


@pytest.mark.parametrize("change", [{}, {"name": None}, {"name": "x"}, {"other": 1}, {"kind": {"type": "b"}}])
def test_passes_answers_that_the_document_allows(toy: Contract, change: dict[str, Any]) -> None:
    toy.judge("getThing", 200, THING | change)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"id": "x"}, '/id: "x" is not a "objectid"'),
        ({"made": "2026-01-02"}, '/made: "2026-01-02" is not a "date-time"'),
        ({"icon": "ä"}, '/icon: "ä" is not a "byte"'),
        ({"name": 3}, "/name: 3 is not of type"),
        ({"id": None}, '/id: null is not of type "string"'),
        ({"kind": {"type": "a"}}, '/kind: "size" is a required property'),
        ({"kind": {"type": "a", "size": 2}}, "/kind/size: 2 is less than or equal to the minimum of 2"),
    ],
)
def test_names_the_place_of_a_fault(toy: Contract, change: dict[str, Any], fault: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(fault)):
        toy.judge("getThing", 200, THING | change)


@pytest.mark.parametrize(
    ("operation", "status", "body", "words"),
    [
        ("getThing", 200, None, "getThing 200 needs a body"),
        ("getThing", 204, {}, "getThing 204 has no body"),
        ("getThing", 500, {"id": 1}, '"error" is a required property'),
        ("getNewest", 200, {}, "getNewest declares 204, not 200"),
        ("GET /nothing", 200, {}, "has no operation GET /nothing"),
        ("POST /things/a", 200, {}, "has no operation POST /things/a"),
    ],
)
def test_fails_undeclared_answers(toy: Contract, operation: str, status: int, body: Any, words: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(words)):
        toy.judge(operation, status, body)


def test_finds_an_operation_by_its_path_with_places_or_filled_in(toy: Contract) -> None:
    assert toy.operation("GET /things/{id}").id == toy.operation("GET /things/a-b.c").id == "getThing"
    assert toy.operation("GET /things/newest").id == "getNewest"


def test_judges_by_a_schema_alone(toy: Contract) -> None:
    toy.judge_component("Kind", {"type": "b"})

    with pytest.raises(AssertionError, match="/type"):
        toy.judge_component("Kind", {"type": "c"})
    with pytest.raises(AssertionError, match="has no schema Other; it has Thing, Kind"):
        toy.judge_component("Other", {})


def test_reads_documents_from_the_folder_of_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, NEW)
    monkeypatch.setenv("PATCHBAY_CONTRACTS", str(tmp_path.parent))

    judge(tmp_path.name, f"{NEW}.json", "getThing", 204)
    judge_component(tmp_path.name, f"{NEW}.json", "Kind", {"type": "b"})

    assert contract(tmp_path.name, f"{NEW}.json") is contract(tmp_path.name, f"{NEW}.json")


@pytest.mark.needs("contracts")
@pytest.mark.parametrize("document", SHOWN)
def test_vendors_documents_allow_the_answers_shown_beside_them(document: str) -> None:
    vendor, name = document.split("/")
    answers = list(shown(vendor))

    for operation, status, body in answers:
        judge(vendor, name, operation, status, body)

    assert len(answers) == SHOWN[document]
