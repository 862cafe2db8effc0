"""What holds of every dialect: it is data, and refuses everything in its own words."""

from __future__ import annotations

import ast
from pathlib import Path

import httpx
import pytest

import rest
from models.errors import DomainError
from rest import dialects
from rest.kit import STATUS, Refusal
from tests.harness.server import PLAIN_HTTP, RunningHub
from tests.harness.tenants import Tenant
from tests.rest.refusing import ERRORS, LEAK, all_refusals, refusing, status_of

_ROOT = Path(rest.__file__).parent
_NOT_DATA = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Try, ast.With, ast.Global)
FOUND = list(dialects())
NAMES = [dialect.name for dialect in FOUND]


def test_finds_the_dialects():
    assert "donutwork" in NAMES
    assert len({dialect.prefix for dialect in FOUND}) == len(FOUND)


@pytest.mark.parametrize("name", NAMES)
def test_has_no_async_session_or_try(name: str):
    files = list((_ROOT / name).rglob("*.py"))

    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]

    assert len(files) >= 5
    assert [ast.unparse(node) for node in nodes if isinstance(node, _NOT_DATA)] == []


def test_gives_every_refusal_a_status_of_its_own():
    assert set(STATUS) == set(all_refusals())


def test_tries_every_refusal_below():
    tried = {type(error) for error in ERRORS.values() if isinstance(error, DomainError)}

    assert tried == {DomainError, *all_refusals()}


@pytest.mark.parametrize("dialect", FOUND, ids=NAMES)
async def test_refuses_with_the_right_status_and_no_leak(dialect, hub: RunningHub, organization: Tenant):
    headers = {"Authorization": f"Bearer {organization.token}"}
    logged: list[str] = []
    answers: dict[str, httpx.Response] = {}

    with refusing(dialect, hub.app.state.hub, logged) as url:
        async with httpx.AsyncClient(base_url=url, headers=headers, **PLAIN_HTTP) as client:
            for name in ERRORS:
                answers[name] = await client.get(f"/refused/{name}")

    statuses = {**STATUS, **dialect.statuses}
    for name, answer in answers.items():
        error, usual = ERRORS[name], statuses.get(type(ERRORS[name]), 500)
        known = error if usual != 500 and isinstance(error, DomainError) else None
        due = status_of(dialect, Refusal(status=usual, message=str(error), error=known))
        assert answer.status_code == due, name
        assert answer.headers["content-type"] == "application/json"
        assert isinstance(answer.json(), dict)
        assert "hunter2" not in answer.text
        assert "Traceback" not in answer.text
    assert answers["TooMany"].headers["retry-after"] == "3"
    assert answers["WrongMethod"].headers["allow"] == ""
    assert answers["Unauthenticated"].headers["www-authenticate"] == "Bearer"
    assert answers["TooLarge"].headers["connection"] == "close"
    masked = {name for name, answer in answers.items() if answer.status_code == 500}
    assert masked == {"DomainError", "SecretUnreadable", "RuntimeError", "ValueError"}
    assert len(logged) == len(masked)
    for name in masked:
        shown = answers[name].text.partition("id ")[2][:24]
        assert sum(shown in line and LEAK in line for line in logged) == 1, name


@pytest.mark.parametrize("dialect", FOUND, ids=NAMES)
async def test_reads_a_body_of_many_values_outside_of_the_event_loop(dialect, hub: RunningHub, organization: Tenant):
    headers = {"Authorization": f"Bearer {organization.token}"}
    bodies = {"few": {"a": [1] * 900}, "many": {"a": [1] * 1_001}, "many below": {"a": [{"b": [1] * 20}] * 60}}

    with refusing(dialect, hub.app.state.hub, []) as url:
        async with httpx.AsyncClient(base_url=url, headers=headers, **PLAIN_HTTP) as client:
            said = {name: (await client.put("/thread", json=body)).text for name, body in bodies.items()}

    assert [name for name, text in said.items() if '"hub"' not in text] == ["many", "many below"], said
