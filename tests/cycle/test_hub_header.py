"""`X-Hub-Id` at every endpoint: the token's own organization, and no other one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rest.cycle import dialect
from tests.cycle.conftest import AUTH, EXTRA, Cycle, refused
from tests.harness.rows import changes, snapshot
from tests.harness.tenants import Tenant

#: A call to each endpoint, and its status in the token's own organization.
CALLS: list[tuple[str, str, Any, int]] = [
    ("GET", "/available", None, 200),
    ("GET", "", None, 200),
    ("POST", "", {"vendor": "store", "auth": AUTH, "extra": EXTRA}, 201),
    ("GET", "/{id}", None, 200),
    ("PATCH", "/{id}", {"name": "Renamed"}, 200),
    ("POST", "/{id}/tasks", {"action": "verify"}, 422),
    ("GET", "/v1/jobs/" + "f" * 24, None, 404),
    ("DELETE", "/{id}", None, 202),
]
OWN: dict[str, Callable[[Tenant], dict[str, str]]] = {
    "absent": lambda own: {},
    "empty": lambda own: {"X-Hub-Id": ""},
    "id": lambda own: {"X-Hub-Id": own.id},
    "slug": lambda own: {"x-hub-id": own.slug},
}
OTHERS: dict[str, Callable[[Tenant, Tenant], Any]] = {
    "foreign id": lambda own, other: {"X-Hub-Id": other.id},
    "foreign slug": lambda own, other: {"X-Hub-Id": other.slug},
    "unknown id": lambda own, other: {"X-Hub-Id": "f" * 24},
    "upper case": lambda own, other: {"X-Hub-Id": own.slug.upper()},
    "malformed": lambda own, other: {"X-Hub-Id": f"{own.id}'--"},
    "bytes": lambda own, other: {"X-Hub-Id": b"\xff\xfe"},
    "long": lambda own, other: {"X-Hub-Id": "a" * 5_000},
    "repeated": lambda own, other: [("X-Hub-Id", own.id), ("X-Hub-Id", own.id)],
}


def test_the_table_has_every_endpoint():
    assert sorted(method for method, *_ in CALLS) == sorted(one.method for one in dialect.endpoints)


@pytest.mark.parametrize("header", OWN)
async def test_every_endpoint_acts_in_the_tokens_own_hub(client: Cycle, store, organization: Tenant, header: str):
    made = await client.make()

    answers = [
        await client(method, path.format(id=made["id"]), body, headers=OWN[header](organization))
        for method, path, body, _ in CALLS
    ]

    assert [answer.status_code for answer in answers] == [status for *_, status in CALLS]
    refused(answers[6], 404, "404.job", None)


@pytest.mark.parametrize("header", OTHERS)
async def test_no_endpoint_acts_in_another_hub(
    client: Cycle, store, organization: Tenant, new_organization, database, header: str
):
    made, other = await client.make(), await new_organization()
    before = await snapshot(database, organization.id)
    given = OTHERS[header](organization, other)

    answers = [
        await client.http.request(
            method,
            _address(path.format(id=made["id"])),
            json=body,
            headers=[*client.headers.items(), *(given.items() if isinstance(given, dict) else given)],
        )
        for method, path, body, _ in CALLS
    ]

    for answer in answers:
        refused(answer, 404, "404.hub", "/X-Hub-Id")
    assert len({answer.content for answer in answers}) == 1
    assert changes(before, await snapshot(database, organization.id)) == []


def _address(path: str) -> str:
    return f"/cycle{path}" if path.startswith("/v1") else f"/cycle/v1/hubs/current/integrations{path}"


async def test_a_header_with_underscores_is_no_hub(client: Cycle, store):
    answer = await client("GET", "", headers={"X_Hub_Id": "nobody"})

    detail = refused(answer, 422, "422.invalid-argument", "/X-Hub-Id")
    assert "with hyphens" in detail
