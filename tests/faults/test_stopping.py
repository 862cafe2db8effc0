"""A stop that something is in the way of: the process is gone within 30 seconds all the same, and nothing is lost."""

import asyncio
import time

from sqlalchemy import select

from models.tables import Dispatch, Job
from models.vocabulary import DispatchOutcome, WorkState
from tests.faults.conftest import serving_away
from tests.harness.calling import app, capability
from tests.harness.databases import opened


async def test_a_call_that_does_not_end_holds_nobody_up_and_is_settled(start_on_disk, upstream):
    """What is settled at the next start where the process had no time left for it."""
    hub = await start_on_disk()
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
    async with serving_away(postgresql, tmp_path) as away:
        await away.recovered()
        away.proxy.silence()
        began = time.monotonic()

    assert time.monotonic() - began < 30
    assert "shutdown failed" not in caplog.text
