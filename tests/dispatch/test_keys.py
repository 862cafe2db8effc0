"""Idempotency keys: the same input answers what was stored, another is refused, and nothing is sent twice."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from models.tables import Dispatch, Idempotency
from models.vocabulary import Permission
from tests.harness.acting import act, attempt, listed
from tests.harness.backends import both, on_postgresql
from tests.harness.calling import CALLED, App, app, capability, given
from tests.upstreams.canned import reply

pytestmark = both
OK = capability("OK", "POST", "/ok", given("a"))
HELD = capability("HELD", "POST", "/held", timeoutSeconds=60)
SHORT = capability("SHORT", "POST", "/silent", timeoutSeconds=1)


@pytest.fixture
async def shop(organization, upstream) -> App:
    upstream.answers["/ok"] = reply('{"n":"ü"}'.encode(), "application/json", "201 Made")
    return await app(organization.client, upstream.url, OK, HELD, SHORT)


async def test_the_same_key_and_input_answers_what_was_stored(shop, upstream) -> None:
    first = await shop.run("OK", {"a": "x"}, idempotencyKey="k")
    second = await shop.run("OK", {"a": "x"}, idempotencyKey="k")

    assert first["replayed"] is False
    assert second == first | {"replayed": True}
    assert second["response"]["json"] == {"n": "ü"}
    assert upstream.seen["/ok"] == 1
    assert upstream.requests[0].header("idempotency-key") == ["k"]
    assert len(await listed(shop.client, "dispatches", "id")) == 1


async def test_a_failure_is_replayed_as_well(shop, upstream) -> None:
    upstream.answers["/ok"] = reply(b"no", "text/plain", "400 No")

    first = await shop.run("OK", idempotencyKey="k")
    second = await shop.run("OK", idempotencyKey="k")

    assert (first["dispatch"]["outcome"], first["response"]["text"]) == ("UPSTREAM_FAILED", "no")
    assert second == first | {"replayed": True}
    assert upstream.seen["/ok"] == 1


@on_postgresql
async def test_so_is_no_answer(shop, upstream) -> None:
    first = await shop.run("SHORT", idempotencyKey="k")
    second = await shop.run("SHORT", idempotencyKey="k")

    assert (first["dispatch"]["outcome"], first["response"]) == ("TIMED_OUT", None)
    assert second == first | {"replayed": True}
    assert upstream.seen["/silent"] == 1


async def test_refuses_the_key_for_another_input(shop, upstream) -> None:
    await shop.run("OK", {"a": "x"}, idempotencyKey="k")

    for inputs in ({"a": "y"}, {}, None):
        refused = await shop.refused("OK", inputs, idempotencyKey="k")
        assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", "idempotencyKey"])
    other = await shop.refused("HELD", idempotencyKey="k")

    assert other["code"] == "CONFLICT"
    assert len(upstream.requests) == 1


async def test_a_key_whose_dispatch_was_removed_sends_nothing_again(shop, upstream, database, organization) -> None:
    await shop.run("OK", {"a": "x"}, idempotencyKey="k")
    async with database.write() as session:
        await session.execute(delete(Dispatch).where(col(Dispatch.organization_id) == organization.id))

    plan = await shop.plan("OK", {"a": "x"}, idempotencyKey="k")
    refused = await shop.refused("OK", {"a": "x"}, idempotencyKey="k")

    assert (plan["allowed"], plan["idempotency"]) == (False, "CONFLICT")
    assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", "idempotencyKey"])
    assert refused["message"].startswith("The dispatch of this key has been removed")
    assert upstream.seen["/ok"] == 1


async def test_a_key_is_its_owners_alone(shop, upstream, organization, new_organization) -> None:
    await organization.add_user("other")
    other = shop.by(await organization.signed_in(*Permission, username="other"))
    stranger = await app((await new_organization()).client, upstream.url, OK)

    answers = [await one.run("OK", {"a": "x"}, idempotencyKey="k") for one in (shop, other, stranger)]

    assert [answer["replayed"] for answer in answers] == [False] * 3
    assert upstream.seen["/ok"] == 3


async def test_twenty_at_once_are_one_call(shop, upstream, organization) -> None:
    asked = {"capability": {"named": {"handler": "APP", "name": "OK"}}, "inputs": {"a": "x"}, "idempotencyKey": "k"}

    answers = await asyncio.gather(*(attempt(organization.client, "dispatch", asked, CALLED) for _ in range(20)))

    done = [answer for answer in answers if "code" not in answer]
    assert {answer["code"] for answer in answers if "code" in answer} <= {"TOO_MANY"}
    assert [answer["replayed"] for answer in done].count(False) == 1
    assert len({answer["dispatch"]["id"] for answer in done}) == 1
    assert upstream.seen["/ok"] == 1


async def test_a_key_under_way_has_to_be_waited_for(shop, upstream) -> None:
    running = asyncio.create_task(shop.run("HELD", idempotencyKey="k"))
    await upstream.received(1)

    refused = await shop.refused("HELD", idempotencyKey="k")
    upstream.let_go.set()
    first = await running
    second = await shop.run("HELD", idempotencyKey="k")

    assert (refused["code"], refused["retryAfterSeconds"]) == ("TOO_MANY", 1)
    assert first["dispatch"]["outcome"] == "SUCCEEDED"
    assert second == first | {"replayed": True}
    assert upstream.seen["/held"] == 1


async def test_a_plan_says_what_a_key_would_do(shop, upstream) -> None:
    async def fate(inputs: dict, **more: str) -> tuple[str, bool]:
        plan = await shop.plan("OK", inputs, **more)
        return plan["idempotency"], plan["allowed"]

    none, new = await fate({"a": "x"}), await fate({"a": "x"}, idempotencyKey="k")
    await shop.run("OK", {"a": "x"}, idempotencyKey="k")

    assert (none, new) == (("NONE", True), ("NEW", True))
    assert await fate({"a": "x"}, idempotencyKey="k") == ("REPLAY", True)
    assert await fate({"a": "y"}, idempotencyKey="k") == ("CONFLICT", False)
    assert upstream.seen["/ok"] == 1


async def test_a_key_is_free_again_after_its_time(shop, upstream, organization, database) -> None:
    first = await shop.run("OK", {"a": "x"}, idempotencyKey="k")
    async with database.write() as session:
        own = update(Idempotency).where(Idempotency.organization_id == organization.id)
        await session.execute(own.values(expires_at=1))

    planned = await shop.plan("OK", {"a": "y"}, idempotencyKey="k")
    second = await shop.run("OK", {"a": "y"}, idempotencyKey="k")

    assert planned["idempotency"] == "NEW"
    assert second["replayed"] is False
    assert second["dispatch"]["id"] != first["dispatch"]["id"]
    assert upstream.seen["/ok"] == 2


async def test_a_refusal_holds_no_key(shop, upstream, organization) -> None:
    await shop.refused("OK", {"a": 1}, idempotencyKey="k")
    await act(organization.client, "createConnection", {"integrationId": shop.id, "secret": {"apiKey": "k"}})

    done = await shop.run("OK", {"a": "x"}, idempotencyKey="k")

    assert done["replayed"] is False
    assert upstream.seen["/ok"] == 1
