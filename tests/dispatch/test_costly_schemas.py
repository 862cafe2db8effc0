"""Schemas that tenants declare cannot stop the hub: over HTTP, and with schemas that earlier rules accepted."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.tables import Capability, EventType
from resolvers.caller import Caller
from resolvers.capabilities.soundness import list_unsound_schemas
from tests.harness.acting import act, refusal, row_id
from tests.harness.backends import both
from tests.harness.calling import app

BRANCHING = {
    "type": "object",
    "properties": {"x": {"$ref": "#/$defs/s"}},
    "$defs": {"s": {"items": {"anyOf": [{"$ref": "#/$defs/s"}, {"$ref": "#/$defs/s"}]}, "not": {"const": 1}}},
}
LOOK_AHEAD = {"type": "object", "properties": {"x": {"type": "string", "pattern": r"(?=(\w+\s?)+$)z"}}}
COSTLY = "It does not fit the schema; finding out why takes too much time or memory."
UNSOUND = (
    "The declared schema cannot be used; its author must correct it at properties.x.pattern."
    " Look-ahead, look-behind and back-references are not supported; write the regex without them."
)


@pytest.fixture
async def shop(organization, upstream):
    call = {"name": "CALL", "method": "POST", "endpoint": "/anything", "inputSchema": BRANCHING}
    made = await app(organization.client, upstream.url, call, name="Shop")
    types = [{"name": "SHOP.SOLD", "schema": BRANCHING}]
    await act(organization.client, "declareEventTypes", {"integrationId": made.id, "eventTypes": types})
    return made


def nested(depth):
    inner = 1
    for _ in range(depth):
        inner = [inner]
    return {"x": inner}


async def longest_answer(client, until):
    """The longest time, in seconds, that another caller waits for an answer meanwhile."""
    longest = 0.0
    while not until.done():
        began = time.perf_counter()
        await client.query("{ viewer { organization { id } } }")
        longest = max(longest, time.perf_counter() - began)
    return longest


@both
@pytest.mark.parametrize("face", ["dispatch", "planDispatch", "emitEvent"])
async def test_a_schema_that_branches_is_refused_while_others_are_served(shop, new_organization, upstream, face):
    other = (await new_organization()).client
    named = {"capability": {"named": {"handler": "SHOP", "name": "CALL"}}, "inputs": nested(24)}
    if face == "emitEvent":
        named = {"integration": {"handler": "SHOP"}, "type": "SOLD", "payload": nested(24)}
    call = asyncio.create_task(refusal(shop.client, face, named))

    waited = await longest_answer(other, call)

    problem = await call
    assert problem["code"] == "INVALID_INPUT"
    assert [fault["message"] for fault in problem["violations"]] == [COSTLY]
    assert waited < 10  # to judge it in the hub's own process takes minutes
    assert upstream.requests == []


async def test_the_same_schema_judges_ordinary_values(shop, upstream):
    await shop.run("CALL", {"x": [[2]]})
    refused = await shop.refused("CALL", {"x": 1})

    assert [request.body for request in upstream.requests] == [b'{"x":[[2]]}']
    assert [fault["path"] for fault in refused["violations"]] == [["input", "inputs", "x"]]


@both
async def test_a_stored_regex_of_earlier_rules_refuses_its_calls_only(shop, hub, database):
    integration_id = row_id(shop.id)
    async with database.write() as session:
        await session.execute(
            update(Capability)
            .where(col(Capability.integration_id) == integration_id)
            .values(input_schema=LOOK_AHEAD, digest="1")
        )
        await session.execute(
            update(EventType).where(col(EventType.integration_id) == integration_id).values(payload_schema=LOOK_AHEAD)
        )

    listed = await shop.client.query("{ capabilities { nodes { name inputSchema } } }")
    refused = await shop.refused("CALL", {"x": "ab cd " * 7_000})
    said = {"integration": {"handler": "SHOP"}, "type": "SOLD", "payload": {"x": "a"}}
    unsaid = await refusal(shop.client, "emitEvent", said)
    report = await hub.run(list_unsound_schemas(Caller.operator(hub.app.state.hub)))

    assert listed["capabilities"]["nodes"] == [{"name": "CALL", "inputSchema": LOOK_AHEAD}]
    assert refused["violations"] == [{"path": ["input", "inputs"], "message": UNSOUND}]
    assert unsaid["violations"] == [{"path": ["input", "payload"], "message": UNSOUND}]
    sentence = UNSOUND.partition("pattern. ")[2]
    assert [line.partition(": ")[2] for line in report if ": SHOP, " in line] == [
        f"SHOP, CALL: input_schema.properties.x.pattern: {sentence}",
        f"SHOP, SHOP.SOLD: payload_schema.properties.x.pattern: {sentence}",
    ]


async def test_a_large_manifest_is_refused_as_a_whole(organization, shop):
    words = {f"p{i}": {"pattern": f"^a{i}"} for i in range(90)}
    many = [
        {"name": f"C{i}", "method": "POST", "endpoint": "/", "inputSchema": {"type": "object", "properties": words}}
        for i in range(12)
    ]

    problem = await refusal(
        organization.client, "declareCapabilities", {"integrationId": shop.id, "capabilities": many}
    )

    assert problem["path"] == ["input", "capabilities"]
    assert problem["message"].endswith(
        "The schemas of a declaration have at most 30000 sub-schemas and 1000 regexes together;"
        " declare fewer or simpler ones."
    )
