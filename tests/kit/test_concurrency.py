"""Versions, names and keys when several write at once: one wins, the others are told, nobody meets an error."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.harness.backends import both
from tests.harness.rows import snapshot

pytestmark = both
CREATE = """
mutation($name: String!, $handler: String, $slug: String) {
  createIntegration(input: {name: $name, handler: $handler, slug: $slug}) {
    __typename ... on IntegrationPayload { integration { handler slug installation { handler } } }
    ... on Problem { code message path }
  }
}
"""
UPDATE = """
mutation($id: ID!, $version: Int, $name: String!) {
  updateIntegration(input: {id: $id, expectedVersion: $version, name: $name}) {
    __typename ... on IntegrationPayload { integration { name version } }
    ... on Stale { code message path currentVersion }
  }
}
"""
VERSIONED = {
    "updateIntegration": ("integration", '(input: {id: $id, expectedVersion: $version, description: "New"})'),
    "deleteIntegration": ("integration", "(id: $id, expectedVersion: $version)"),
    "declareCapabilities": (
        "integration",
        "(input: {integrationId: $id, expectedVersion: $version, capabilities: []})",
    ),
    "updateConnection": ("shared", '(input: {id: $id, expectedVersion: $version, name: "New"})'),
    "updateInstallation": ("installation", "(input: {id: $id, expectedVersion: $version, paused: true})"),
}
EMIT = """
mutation($id: ID!, $key: String, $payload: JSON) {
  emitEvent(input: {integration: {id: $id}, type: "HAPPENED", idempotencyKey: $key, payload: $payload}) {
    __typename ... on EventPayload { replayed event { databaseId payload } } ... on Problem { code path }
  }
}
"""


async def at_once(client, document, givens):
    """The answers to calls that are under way together; every one is an answer, none an error."""
    answers = await asyncio.gather(*(client.raw(document, **given) for given in givens))
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["errors"] for answer in answers if "errors" in answer.json()] == []
    return [next(iter(answer.json()["data"].values())) for answer in answers]


@pytest.mark.parametrize("name", VERSIONED)
async def test_refuses_a_version_that_is_not_the_current_one(name, estate, database):
    kind, arguments = VERSIONED[name]
    row = getattr(estate, kind)
    before = await snapshot(database, estate.tenant.id)
    current = before[{"shared": "connection"}.get(kind, kind)][(row.id,)]["version"]
    selection = "{ __typename ... on Stale { code path currentVersion } }"
    call = f"mutation($id: ID!, $version: Int) {{ {name}{arguments} {selection} }}"

    for other in (current - 1, current + 1, 0, -1):
        answer = await estate.tenant.client.query(call, id=row.id, version=other)

        path = [*(["input"] if "input:" in arguments else []), "expectedVersion"]
        refusal = {"__typename": "Stale", "code": "STALE", "path": path, "currentVersion": current}
        assert answer[name] == refusal
    assert await snapshot(database, estate.tenant.id) == before
    assert (await estate.tenant.client.query(call, id=row.id, version=current))[name]["__typename"].endswith(
        "Payload"
    )


async def test_of_ten_updates_of_one_version_exactly_one_wins(estate):
    client, app = estate.tenant.client, estate.integration
    read = "query($id: ID!) { integration(by: {id: $id}) { name version } }"
    version = (await client.query(read, id=app.id))["integration"]["version"]

    answers = await at_once(
        client, UPDATE, [{"id": app.id, "version": version, "name": name} for name in "ABCDEFGHIJ"]
    )

    (won,) = [answer["integration"] for answer in answers if answer["__typename"] == "IntegrationPayload"]
    lost = [answer["currentVersion"] for answer in answers if answer["__typename"] == "Stale"]
    assert lost == [won["version"]] * 9 == [version + 1] * 9
    assert (await client.query(read, id=app.id))["integration"] == won


async def test_updates_without_a_version_are_all_made_one_after_the_other(estate):
    client, app = estate.tenant.client, estate.integration
    read = "query($id: ID!) { integration(by: {id: $id}) { version } }"
    version = (await client.query(read, id=app.id))["integration"]["version"]

    answers = await at_once(client, UPDATE, [{"id": app.id, "name": f"Name {n}"} for n in range(10)])

    versions = sorted(answer["integration"]["version"] for answer in answers)
    assert versions == list(range(version + 1, version + 11))


@pytest.mark.parametrize(("field", "value"), [("handler", "TAKEN"), ("slug", "taken")])
async def test_of_20_that_ask_for_one_name_one_gets_it(field, value, organization, database):
    answers = await at_once(
        organization.client, CREATE, [{"name": f"App {number}", field: value} for number in range(20)]
    )

    assert Counter(answer["__typename"] for answer in answers) == {"IntegrationPayload": 1, "Conflict": 19}
    rows = await snapshot(database, organization.id)
    assert [row[field] for row in rows["integration"].values()] == [value]
    assert {table: len(rows[table]) for table in ("installation", "workspace")} == {"installation": 1, "workspace": 1}
    assert sorted(row["action"] for row in rows["audit_entry"].values())[:2] == [
        "installation.created",
        "integration.created",
    ]


async def test_20_of_one_name_get_20_handlers_and_slugs(organization):
    answers = await at_once(organization.client, CREATE, [{"name": "Same Name"}] * 20)

    apps = [answer["integration"] for answer in answers]
    numbers = [*range(2, 21)]
    assert sorted(app["handler"] for app in apps) == sorted(["SAME_NAME", *(f"SAME_NAME_{n}" for n in numbers)])
    assert sorted(app["slug"] for app in apps) == sorted(["same-name", *(f"same-name-{n}" for n in numbers)])
    assert all(app["installation"]["handler"] == app["handler"] for app in apps)


async def test_the_same_key_twice_is_one_event(estate, database):
    given = {"id": estate.integration.id, "key": "once", "payload": {"b": 1, "a": [None]}}

    first, again = [(await estate.tenant.client.query(EMIT, **given))["emitEvent"] for _ in range(2)]

    assert (first.pop("replayed"), again.pop("replayed")) == (False, True)
    assert first == again
    assert await _events(database, estate) == 1


async def test_the_same_key_20_times_at_once_is_one_event(estate, database):
    given = {"id": estate.integration.id, "key": "once", "payload": {"a": 1}}

    answers = await at_once(estate.tenant.client, EMIT, [given] * 20)

    assert Counter(answer["replayed"] for answer in answers) == {False: 1, True: 19}
    assert len({str(answer["event"]) for answer in answers}) == 1
    assert await _events(database, estate) == 1


async def test_refuses_a_key_that_was_used_with_another_payload(estate, database):
    given = {"id": estate.integration.id, "key": "once", "payload": {"a": 1}}
    await estate.tenant.client.query(EMIT, **given)
    before = await snapshot(database, estate.tenant.id)

    answer = await estate.tenant.client.query(EMIT, **(given | {"payload": {"a": 2}}))

    refusal = {"__typename": "Conflict", "code": "CONFLICT", "path": ["input", "idempotencyKey"]}
    assert answer["emitEvent"] == refusal
    assert await snapshot(database, estate.tenant.id) == before


async def test_a_key_is_its_callers_own(estate, database):
    given = {"id": estate.integration.id, "key": "once", "payload": {"a": 1}}
    other = await estate.tenant.signed_in(*estate.caller().permissions, username="member")

    answers = [(await client.query(EMIT, **given))["emitEvent"] for client in (estate.tenant.client, other)]

    assert [answer["replayed"] for answer in answers] == [False, False]
    assert await _events(database, estate) == 2


async def _events(database, estate) -> int:
    """How many there are of the app's own, besides the one that the estate came with."""
    kept = (await snapshot(database, estate.tenant.id))["event"]
    return sum(not event["type"].startswith("Hub.") for event in kept.values()) - 1
