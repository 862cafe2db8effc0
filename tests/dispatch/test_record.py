"""The record of dispatches: the intent while the call is under way, the outcome after it, lists of both."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from models.tables import Dispatch
from tests.harness.acting import act, listed
from tests.harness.backends import both
from tests.harness.calling import App, app, capability, given
from tests.harness.waiting import eventually

pytestmark = both
FIELDS = """id capabilityName method url outcome externalStatus error attemptCount source durationMs createdAt
  idempotencyKey integration { handler } connection { id } capability { name }"""
HELD = capability("HELD", "GET", "/held", given("key", location="QUERY"), timeoutSeconds=60)
OK = capability("OK", "POST", "/ok", given("a"))


async def test_the_intent_stands_while_the_call_is_under_way(organization, upstream) -> None:
    shop = await app(organization.client, upstream.url, HELD)

    running = asyncio.create_task(shop.run("HELD", {"key": "hush"}))
    await upstream.received(1)
    (during,) = await listed(organization.client, "dispatches", FIELDS)
    waiting = await listed(organization.client, "dispatches", "id", "(filter: { outcome: [null] })")
    upstream.let_go.set()
    done = await running
    (after,) = await listed(organization.client, "dispatches", FIELDS)

    nothing_yet = {"outcome": None, "externalStatus": None, "error": None, "durationMs": None, "attemptCount": 0}
    assert during == after | nothing_yet
    assert waiting == [{"id": during["id"]}]
    assert after["url"] == f"{upstream.url}/held?key=***"
    assert (after["capabilityName"], after["method"], after["source"]) == ("HELD", "GET", "GRAPHQL")
    assert after["integration"] == {"handler": "APP"}
    assert (after["outcome"], after["attemptCount"]) == ("SUCCEEDED", 1)
    assert done["dispatch"]["id"] == after["id"]


async def test_what_was_answered_is_what_is_recorded(organization, httpbin) -> None:
    secret = {"auth": {"type": "API_KEY", "apiKeyLocation": "QUERY"}, "secret": {"apiKey": "hush-hush-hush"}}
    shop = await app(organization.client, httpbin, capability("GET", "GET", "/status/500?x=1"), **secret)

    done = await shop.run("GET")
    (row,) = await listed(organization.client, "dispatches", FIELDS)

    assert {name: row[name] for name in done["dispatch"]} == done["dispatch"]
    assert row["url"] == f"{httpbin}/status/500?x=***&api_key=***"
    assert row["externalStatus"] == 500
    assert row["connection"] is not None


async def called(organization, url: str) -> tuple[App, App]:
    """Two apps, each of which was called once: the first well, the second in vain."""
    good = await app(organization.client, url, OK, name="Good", secret={"bearerToken": "t"})
    bad = await app(organization.client, "http://127.0.0.1:1", OK, name="Bad")
    await good.run("OK", {"a": "x"})
    await bad.run("OK")
    return good, bad


@pytest.fixture(scope="module")
async def two(shared, service) -> tuple[App, App]:
    return await called(shared, service.url)


@pytest.mark.parametrize(
    ("condition", "handlers"),
    [
        ("outcome: [SUCCEEDED]", ["GOOD"]),
        ("outcome: [UPSTREAM_FAILED, null]", ["BAD"]),
        ("outcome: [null]", []),
        ("outcome: []", []),
        ("source: [GRAPHQL]", ["BAD", "GOOD"]),
        ("source: [MCP]", []),
        ('since: "2100-01-01T00:00:00Z"', []),
        ('until: "2100-01-01T00:00:00Z"', ["BAD", "GOOD"]),
        ("integrationId: $good", ["GOOD"]),
        ("connectionId: $connection", ["GOOD"]),
    ],
)
async def test_lists_dispatches_newest_first_by_filter(shared, two, condition, handlers) -> None:
    (connection,) = await listed(shared.client, "connections", "id")
    written = condition.replace("$good", f'["{two[0].id}"]').replace("$connection", f'["{connection["id"]}"]')

    found = await listed(shared.client, "dispatches", "integration { handler }", f"(filter: {{ {written} }})")

    assert [one["integration"]["handler"] for one in found] == handlers


async def test_each_list_of_dispatches_holds_its_own(shared, two) -> None:
    document = """query($by: IntegrationRef!) { integration(by: $by) {
      dispatches(filter: { outcome: [SUCCEEDED] }) { nodes { capabilityName } }
      capabilities { nodes { dispatches { nodes { outcome } } } } } }"""
    good, bad = [(await shared.client.query(document, by={"id": one.id}))["integration"] for one in two]

    assert good["dispatches"]["nodes"] == [{"capabilityName": "OK"}]
    assert bad["dispatches"]["nodes"] == []
    assert good["capabilities"]["nodes"] == [{"dispatches": {"nodes": [{"outcome": "SUCCEEDED"}]}}]
    assert bad["capabilities"]["nodes"] == [{"dispatches": {"nodes": [{"outcome": "UPSTREAM_FAILED"}]}}]


async def test_history_outlives_what_it_names(organization, upstream) -> None:
    good, _bad = await called(organization, upstream.url)
    before = await listed(organization.client, "dispatches", "id capabilityName")

    document = "mutation($id: ID!) { deleteIntegration(id: $id) { __typename } }"
    await organization.client.query(document, id=good.id)

    assert await listed(organization.client, "dispatches", "id capabilityName") == before
    rows = await listed(organization.client, "dispatches", "capability { id } integration { id }")
    assert rows[1] == {"capability": None, "integration": None}


async def test_a_response_is_kept_only_with_a_key_and_never_in_the_open(organization, upstream, database) -> None:
    shop = await app(organization.client, upstream.url, OK)
    upstream.answers["/ok"] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nplainly-visible"
    await shop.run("OK")
    await shop.run("OK", idempotencyKey="k")

    async with database.read() as session:
        own = select(Dispatch).where(Dispatch.organization_id == organization.id).order_by(Dispatch.id)
        without, kept = (await session.execute(own)).scalars().all()

    assert without.response is None
    assert len(kept.response) > len(b"plainly-visible")
    assert b"plainly-visible" not in kept.response
    assert [without.response_bytes, kept.response_bytes] == [15, 15]


async def test_one_failing_dispatch_leaves_the_others_of_a_document(organization, upstream) -> None:
    await app(organization.client, upstream.url, OK)
    call = 'dispatch(input: { capability: { named: { handler: "APP", name: "%s" } } }) { __typename }'

    answer = await organization.client.query(f"mutation {{ a: {call % 'OK'} b: {call % 'NONE'} c: {call % 'OK'} }}")

    assert [answer[name]["__typename"] for name in "abc"] == ["DispatchPayload", "NotFound", "DispatchPayload"]
    assert upstream.seen["/ok"] == 2


async def test_a_mutation_whose_client_leaves_is_done_once(organization, upstream) -> None:
    shop = await app(organization.client, upstream.url, HELD)
    given = {"capability": {"named": {"handler": "APP", "name": "HELD"}}}

    leaving = asyncio.create_task(act(shop.client, "dispatch", given, "dispatch { id }"))
    await upstream.received(1)
    leaving.cancel()
    await asyncio.wait([leaving])
    await asyncio.sleep(0.2)  # what the hub would do about it, it has done by now
    upstream.let_go.set()
    ended = await eventually(
        lambda: listed(organization.client, "dispatches", "outcome", "(filter: { outcome: [SUCCEEDED] })")
    )

    assert ended == [{"outcome": "SUCCEEDED"}]
    assert upstream.seen["/held"] == 1
