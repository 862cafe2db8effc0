"""SIGTERM with calls and jobs under way: what can end ends, and the process is gone within 30 seconds."""

import asyncio
import time

from sqlalchemy import select

from models.tables import Dispatch, Job
from models.vocabulary import DispatchOutcome, WorkState
from tests.faults.conftest import CREATE, Away, token_of
from tests.harness.databases import opened
from tests.jobs.conftest import eventually

DISPATCH = """mutation ($input: DispatchInput!) { dispatch(input: $input) {
 ... on DispatchPayload { dispatch { outcome } } ... on Problem { message } } }"""


async def dispatching(start_server, database_url, address):
    """A server, and a call to the upstream that is under way."""
    server = await asyncio.to_thread(lambda: start_server(database_url=database_url, egress_allow="127.0.0.0/8"))
    away = Away(server, None, await asyncio.to_thread(token_of, server), database_url)
    capability = {"name": "CALL", "method": "GET", "endpoint": address, "timeoutSeconds": 60}
    new = {"name": "Slow", "auth": {"type": "NONE"}, "capabilities": [capability]}
    made = await asyncio.to_thread(away.ask, CREATE, input=new)
    assert "integration" in made[0].json()["data"]["createIntegration"], made[0].text
    run = {"capability": {"named": {"handler": "SLOW", "name": "CALL"}}}
    calling = asyncio.create_task(asyncio.to_thread(away.ask, DISPATCH, 60, input=run))
    await eventually(lambda: outcomes(database_url))
    return server, calling


async def outcomes(url):
    async with opened(url) as database, database.read() as session:
        return (await session.execute(select(Dispatch.outcome))).scalars().all()


async def test_a_call_that_ends_in_time_is_answered(start_server, empty_database, httpbin):
    url = empty_database.url.render_as_string(hide_password=False)
    server, calling = await dispatching(start_server, url, f"{httpbin}/delay/4")

    began = time.monotonic()
    code = await asyncio.to_thread(server.terminate)
    seconds = time.monotonic() - began
    answer, _ = await calling

    assert answer.json()["data"]["dispatch"] == {"dispatch": {"outcome": "SUCCEEDED"}}
    assert code in {0, -15}  # uvicorn raises the signal again once it has drained
    assert seconds < 30


async def test_a_call_that_does_not_end_holds_nobody_up_and_is_settled_at_the_next_start(
    start_server, empty_database, upstream
):
    url = empty_database.url.render_as_string(hide_password=False)
    server, calling = await dispatching(start_server, url, f"{upstream.url}/silent")

    began = time.monotonic()
    await asyncio.to_thread(server.terminate)
    seconds = time.monotonic() - began
    await asyncio.gather(calling, return_exceptions=True)
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(server.terminate)

    (outcome,) = await outcomes(url)
    async with opened(url) as database, database.read() as session:
        jobs = (await session.execute(select(Job.state, Job.lease_owner))).all()
    assert seconds < 30
    assert outcome in {DispatchOutcome.OUTCOME_UNKNOWN, DispatchOutcome.TIMED_OUT, DispatchOutcome.UPSTREAM_FAILED}
    assert {tuple(row) for row in jobs} == {(WorkState.QUEUED, None)}
