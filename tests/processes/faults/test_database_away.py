"""A database that is down, silent, crowded, or cuts a commit: what callers are told, and how the hub comes back."""

import asyncio
import time
from contextlib import asynccontextmanager

import aiohttp
import pytest
from sqlalchemy import make_url, text

from tests.harness.acting import act, attempt, refusal
from tests.harness.databases import opened
from tests.processes.faults.conftest import PATIENCE, UNKNOWN, VIEWER, finished, refusals

AWAY = ("The database cannot be reached now; try again.", "UNAVAILABLE")
BUSY = ("Too many calls wait for the database; try again.", "UNAVAILABLE")
NAMED = "query ($by: IntegrationRef!) { integration(by: $by) { id } }"


async def counted(away, table, **where):
    """Rows of a table with these values, past the proxy."""
    conditions = " AND ".join(f"{column} = :{column}" for column in where)
    async with opened(away.direct) as database, database.read() as session:
        return (await session.execute(text(f"SELECT count(*) FROM {table} WHERE {conditions}"), where)).scalar_one()


async def asked(away):
    """What a read, a write and the two pages for machines answer at the same time."""
    read, write, alive, ready = await asyncio.gather(
        away.client.raw(VIEWER), away.create("Lost"), away.status("/healthz"), away.status("/readyz")
    )
    return (read.status_code, *refusals(read), write.status_code, *refusals(write), alive, ready)


async def test_a_database_that_is_down_is_said_at_once_and_is_back_by_itself(away):
    """The promise is 5 seconds for an answer."""
    seen, slowest, until = set(), 0.0, time.monotonic() + 1

    away.proxy.refuse()
    while time.monotonic() < until:
        began = time.monotonic()
        seen.add(await asked(away))
        slowest = max(slowest, time.monotonic() - began)
        await asyncio.sleep(0.1)
    away.proxy.answer()
    await away.recovered()
    kept = (await away.create("Kept")).json()["data"]["createIntegration"]["integration"]

    assert seen == {(503, AWAY, 503, AWAY, 200, 503)}
    assert slowest < 5
    assert await counted(away, "integration", name="Lost") == 0
    assert await finished(away.client, kept["id"]) == "SUCCEEDED"


async def test_a_database_that_never_answers_holds_nobody_for_ever(away):
    """More callers than connections; and those connections are silent still when the database answers again."""
    away.proxy.silence()
    async with asyncio.timeout(PATIENCE):
        seen = set(await asyncio.gather(*(asked(away) for _ in range(12))))
        again = await asked(away)
    away.proxy.answer()
    await away.recovered()

    statuses = {(read, write, alive, ready) for read, _, write, _, alive, ready in {*seen, again}}
    said = {refusal for _, read, _, write, _, _ in {*seen, again} for refusal in (read, write)}
    assert statuses == {(503, 503, 200, 503)}
    assert AWAY in said <= {AWAY, BUSY}
    assert await counted(away, "integration", name="Lost") == 0


@asynccontextmanager
async def closed_to_all(away):
    """PostgreSQL ends every session of the hub's database, and lets nobody in, as if it were stopping."""
    url = make_url(away.direct)
    beside = url.set(database="postgres").render_as_string(hide_password=False)
    async with opened(beside) as database, database.write() as session:
        await session.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false'))
        await session.commit()
        ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        await session.execute(ended, {"name": url.database})
        yield
        await session.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true'))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/graphql", {"query": VIEWER}),
        ("GET", "/informer/api/integrations-list", None),
        ("POST", "/informer/api/integrations", {"name": "Lost", "type": "custom"}),
        ("GET", "/donutwork/2026-02-01/integrations/LOST.json", None),
        ("GET", f"/connect/{'a' * 43}", None),
        ("GET", f"/oauth2/callback?code=c&state={'a' * 43}", None),
        ("PUT", f"/uploads/{'0' * 24}", None),
        ("GET", "/readyz", None),
    ],
)
async def test_a_postgresql_that_stops_is_503_in_each_face(away, method, path, body):
    """Nobody has a connection at first, then each call finds the server closed."""
    headers = {"Authorization": f"Bearer {away.token}"}

    async with closed_to_all(away):
        answers = [await away.http.request(method, path, json=body, headers=headers) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503] * 3
    if path == "/graphql":
        assert [refusals(answer) for answer in answers] == [[AWAY]] * 3


async def test_a_reset_in_the_middle_of_a_commit_is_said_to_be_unknown(away):
    away.proxy.cut_at(b"COMMIT", after=b"Perhaps")

    answer = await away.create("Perhaps")

    assert refusals(answer) == [(UNKNOWN, "UNAVAILABLE")]
    assert await counted(away, "integration", name="Perhaps") == 1


async def test_a_retry_with_the_same_key_after_such_a_reset_does_it_once(away):
    made = (await away.create("Shop")).json()["data"]["createIntegration"]["integration"]
    types = {"integrationId": made["id"], "eventTypes": [{"name": "SHOP.PAID"}]}
    await act(away.client, "declareEventTypes", types)
    event = {"integration": {"id": made["id"]}, "type": "SHOP.PAID", "idempotencyKey": "only-once"}
    emit = """mutation ($input: EmitEventInput!) { emitEvent(input: $input) {
      ... on EventPayload { replayed event { id } } ... on Problem { message } } }"""

    away.proxy.cut_at(b"COMMIT", after=b"only-once")
    first = await away.client.raw(emit, input=event)
    second = await attempt(away.client, "emitEvent", event, "replayed")

    assert refusals(first) == [(UNKNOWN, "UNAVAILABLE")]
    assert second["replayed"] is True
    assert await counted(away, "event", type="SHOP.PAID") == 1


async def test_a_reset_after_the_last_answer_of_a_read_is_not_noticed(away):
    away.proxy.cut_at(b"ROLLBACK", after=b"NOBODYS")

    found = await away.client.query(NAMED, by={"handler": "NOBODYS"})

    assert found == {"integration": None}


async def test_a_reset_after_a_refusal_leaves_the_refusal(away):
    new = {"name": "Twice", "slug": "taken-twice"}
    await act(away.client, "createIntegration", new)

    away.proxy.cut_at(b"ROLLBACK", after=b"taken-twice")
    refused = await refusal(away.client, "createIntegration", new)

    assert refused["code"] == "CONFLICT"
    assert await counted(away, "integration", slug="taken-twice") == 1


async def test_five_connections_serve_500_callers(away):
    """The first are held up until one is refused. Each is served, or refused with a code; nobody is left."""
    answers, refused = [], asyncio.Event()

    async def caller(http):
        answers.append(await errors_of(http))
        if answers[-1]:
            refused.set()

    async with (
        plain(away) as http,
        opened(away.direct) as database,
        asyncio.timeout(PATIENCE),
        asyncio.TaskGroup() as callers,
    ):
        async with database.write() as session:
            await session.execute(text("LOCK TABLE token IN ACCESS EXCLUSIVE MODE"))
            for _ in range(20):
                callers.create_task(caller(http))
            await refused.wait()
        for _ in range(480):
            callers.create_task(caller(http))

    assert len(answers) == 500
    assert set(answers) == {(), (BUSY,)}


def plain(away):
    """A client for so many at once that httpx would take longer than the hub."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    return aiohttp.ClientSession(away.hub.url, connector=connector, headers={"Authorization": f"Bearer {away.token}"})


async def errors_of(http):
    """Message and code of each error of an answer."""
    async with http.post("/graphql", json={"query": VIEWER}) as answer:
        errors = (await answer.json()).get("errors", ())
    return tuple((error["message"], error["extensions"]["code"]) for error in errors)
