"""A database that is down, silent, or cuts a commit: what callers are told, and how the hub comes back."""

import asyncio
import threading
import time

from sqlalchemy import text

from tests.faults.conftest import CREATE, VIEWER
from tests.harness.databases import opened

COUNT = "SELECT count(*) FROM integration WHERE name = :name"


def code(answer):
    return [error["extensions"]["code"] for error in answer.json()["errors"]]


async def count(away, name):
    async with opened(away.direct) as database, database.read() as session:
        return (await session.execute(text(COUNT), {"name": name})).scalar_one()


async def test_a_database_that_is_down_is_said_within_5_seconds_and_is_back_by_itself_within_10(away):
    away.ask(VIEWER)

    away.proxy.refuse()
    seen = []
    until = time.monotonic() + 30
    while time.monotonic() < until:
        read, read_seconds = away.ask(VIEWER)
        write, write_seconds = away.ask(CREATE, input={"name": "Lost"})
        alive, ready = away.get("/healthz"), away.get("/readyz")
        seen.append((read.status_code, *code(read), write.status_code, *code(write), alive[0], ready[0]))
        assert max(read_seconds, write_seconds, alive[1], ready[1]) < 5
        await asyncio.sleep(3)
    away.proxy.answer()
    away.recovered(10)

    kept = away.ask(CREATE, input={"name": "Kept"})[0].json()["data"]["createIntegration"]
    assert set(seen) == {(503, "INTERNAL_SERVER_ERROR", 503, "INTERNAL_SERVER_ERROR", 200, 503)}
    assert "integration" in kept
    assert await count(away, "Lost") == 0
    assert away.server.running


async def test_a_database_that_never_answers_holds_nobody_beyond_the_deadline(away):
    """More callers than connections, twice over: what one of them holds is given back."""
    away.ask(VIEWER)

    away.proxy.silence()
    asked = [asyncio.to_thread(away.ask, VIEWER, 60) for _ in range(12)]
    asked += [asyncio.to_thread(away.ask, CREATE, 60, input={"name": "Lost"}) for _ in range(12)]
    answers = await asyncio.gather(*asked)
    again, _ = await asyncio.to_thread(away.ask, VIEWER, 60)
    away.proxy.answer()
    away.recovered(15)

    assert {answer.status_code for answer, _ in answers} == {503}
    assert {one for answer, _ in answers for one in code(answer)} == {"INTERNAL_SERVER_ERROR"}
    assert max(seconds for _, seconds in answers) < 20
    assert again.status_code == 503
    assert away.get("/healthz")[0] == 200


async def test_a_reset_in_the_middle_of_a_commit_is_said_to_be_unknown(quiet):
    quiet.ask(VIEWER)

    quiet.proxy.cut_before(b"COMMIT")
    answer, seconds = quiet.ask(CREATE, input={"name": "Perhaps"})

    (error,) = answer.json()["errors"]
    assert "nobody knows whether it did" in error["message"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert await count(quiet, "Perhaps") == 1
    assert quiet.recovered(5) < 5
    assert seconds < 10


async def test_a_retry_with_the_same_key_after_such_a_reset_does_it_once(quiet):
    made = quiet.ask(CREATE, input={"name": "Shop"})[0].json()["data"]["createIntegration"]["integration"]
    declare = """mutation ($input: DeclareEventTypesInput!) { declareEventTypes(input: $input) {
      ... on IntegrationPayload { integration { id } } ... on Problem { message } } }"""
    emit = """mutation ($input: EmitEventInput!) { emitEvent(input: $input) {
      ... on EventPayload { replayed event { id } } ... on Problem { message } } }"""
    quiet.ask(declare, input={"integrationId": made["id"], "eventTypes": [{"name": "SHOP.PAID"}]})
    event = {"integration": {"id": made["id"]}, "type": "SHOP.PAID", "idempotencyKey": "once"}

    quiet.proxy.cut_before(b"COMMIT")
    first = quiet.ask(emit, input=event)[0].json()
    quiet.recovered(5)
    second = quiet.ask(emit, input=event)[0].json()["data"]["emitEvent"]

    async with opened(quiet.direct) as database, database.read() as session:
        events = (await session.execute(text("SELECT count(*) FROM event"))).scalar_one()
    assert "nobody knows" in first["errors"][0]["message"]
    assert second["replayed"] is True
    assert events == 1


async def test_five_connections_serve_500_callers(away):
    """In turn, each answered or refused with a code; nobody waits for ever."""
    statuses, slowest = [], []

    def caller():
        answer, seconds = away.ask(VIEWER, 60)
        statuses.append(200 if "errors" not in answer.json() else answer.status_code)
        slowest.append(seconds)

    threads = [threading.Thread(target=caller) for _ in range(500)]
    for thread in threads:
        thread.start()
    await asyncio.to_thread(lambda: [thread.join(90) for thread in threads])

    assert len(statuses) == 500
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) > 100
    assert max(slowest) < 60
    assert away.recovered(5) < 5
