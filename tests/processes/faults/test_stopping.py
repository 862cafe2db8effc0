"""A stop that something is in the way of: the process is gone within 30 seconds all the same, and nothing is lost."""

import asyncio
import time

from sqlalchemy import select

from models.pace import Pace
from models.tables import Dispatch, Job
from models.vocabulary import DispatchOutcome, WorkState
from tests.definitions.conftest import Vendor, described, save
from tests.harness.acting import act
from tests.harness.calling import app, capability
from tests.harness.databases import opened
from tests.harness.waiting import eventually
from tests.processes.faults.conftest import serving_away


async def test_a_call_that_does_not_end_holds_nobody_up_and_is_settled(start_on_disk, upstream):
    """What is settled at the next start where the process had no time left for it."""
    hub = await start_on_disk(drain_seconds=1)
    shop = await app(hub.client, upstream.url, capability("SLOW", "GET", "/silent", timeoutSeconds=120))
    calling = asyncio.create_task(shop.run("SLOW"))
    await upstream.received(1)

    await asyncio.to_thread(hub.process.terminate)
    await asyncio.gather(calling, return_exceptions=True)
    with hub.serving_again():
        pass

    async with opened(hub.settings.database_address) as database, database.read() as session:
        (outcome,) = (await session.execute(select(Dispatch.outcome))).scalars()
        jobs = {tuple(row) for row in await session.execute(select(Job.state, Job.lease_owner))}
    assert outcome in {DispatchOutcome.OUTCOME_UNKNOWN, DispatchOutcome.UPSTREAM_FAILED}
    assert jobs == {(WorkState.QUEUED, None)}


async def test_a_silent_database_holds_no_stop_up(postgresql, tmp_path, caplog):
    """To be polite to each of its connections would take as long as a statement may, five times."""
    async with serving_away(postgresql, tmp_path, pace=Pace()) as away:
        await away.recovered()
        away.proxy.silence()
        began = time.monotonic()

    assert time.monotonic() - began < 30
    assert "shutdown failed" not in caplog.text


async def test_calls_and_jobs_have_the_time_that_is_set(start_on_disk, upstream):
    """A second, rather than 25: far from it even on a busy machine."""
    hub = await start_on_disk(drain_seconds=1)
    shop = await app(hub.client, upstream.url, capability("SLOW", "GET", "/silent", timeoutSeconds=120))
    calling = asyncio.create_task(shop.run("SLOW"))
    await verifying(hub.client, upstream)
    await upstream.received(2)
    began = time.monotonic()

    await asyncio.to_thread(hub.process.terminate)
    took = time.monotonic() - began
    await asyncio.gather(calling, return_exceptions=True)

    assert took < 15
    assert "Stopping: calls and jobs under way have 1 seconds" in hub.process.output
    assert "1 unfinished jobs are returned to the queue" in hub.process.output


async def test_what_ends_in_its_time_is_answered_after_the_stop_was_asked_for(start_on_disk, upstream):
    hub = await start_on_disk(drain_seconds=60)
    shop = await app(hub.client, upstream.url, capability("HELD", "GET", "/held", timeoutSeconds=60))
    calling = asyncio.create_task(shop.run("HELD"))
    job = await verifying(hub.client, upstream, "/held")
    await upstream.received(2)

    stopping = asyncio.create_task(asyncio.to_thread(hub.process.terminate))
    await eventually(lambda: said(hub, "Stopping"))
    upstream.let_go.set()
    answered = await calling
    await stopping

    async with opened(hub.settings.database_address) as database, database.read() as session:
        ended = await session.get(Job, job)
    assert answered["dispatch"]["outcome"] == "SUCCEEDED"
    assert (ended.state, ended.attempt) == (WorkState.FAILED, 1), "the vendor's answer was none that was expected"
    assert "returned to the queue" not in hub.process.output


async def verifying(client, upstream, path="/silent"):
    """The id of a job that waits for an answer from this path."""
    request = {"request": {"path": path}, "expect": {"when": "never"}, "error": "error"}
    vendor = described(Vendor(upstream, ""), verification=request)
    assert "id" in await save(client, "vendor", vendor)
    shop = await act(client, "createIntegration", {"name": "V", "vendor": "vendor", "secret": {"bearerToken": "t"}})
    document = """mutation ($id: ID!) { verifyIntegration(id: $id) {
      ... on JobPayload { job { databaseId } } ... on Problem { message } } }"""
    return (await client.query(document, id=shop["id"]))["verifyIntegration"]["job"]["databaseId"]


async def said(hub, words):
    """Whether a process has logged this."""
    return words in hub.process.output
