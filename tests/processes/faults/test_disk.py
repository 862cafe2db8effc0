"""A disk that is full or fails: nothing is acknowledged that is not kept, and nothing kept is lost."""

import asyncio
import os
import signal
from pathlib import Path

from sqlalchemy import select, text, update

from models.tables import Dispatch, Integration, Job
from models.vocabulary import DispatchOutcome
from tests.harness.acting import act
from tests.harness.calling import app, capability
from tests.harness.databases import opened
from tests.harness.waiting import eventually
from tests.processes.faults import failing_disk
from tests.processes.faults.conftest import CREATE, PATIENCE, UNKNOWN, VIEWER, refusals

CODE = "UNAVAILABLE"
FULL = ("The database's disk is full or fails, so nothing was changed; try again once that is repaired.", CODE)
UNRECORDED = (
    "The call was sent, but its outcome could not be recorded."
    " Look at the remote service before you repeat it; with an idempotency key it is not sent again."
)
DISPATCH = """mutation ($input: DispatchInput!) { dispatch(input: $input) {
 ... on DispatchPayload { dispatch { outcome } } ... on Problem { message } } }"""
CALLS = capability("CALL", "POST", "/ok"), capability("HELD", "POST", "/held", timeoutSeconds=60)


async def dispatched(hub, name):
    """The answer to a dispatch of one of those."""
    named = {"capability": {"named": {"handler": "SHOP", "name": name}}}
    return await hub.client.raw(DISPATCH, input=named)


async def created(hub, name):
    """The answer to the creation of an integration."""
    return await hub.client.raw(CREATE, input={"name": name})


async def said(hub, words):
    """Whether the process has logged this."""
    return words in hub.process.output


async def kept(hub):
    """Names of the integrations and outcomes of the dispatches, by another connection to the same file."""
    async with opened(hub.settings.database_address) as database, database.read() as session:
        names = (await session.execute(select(Integration.name).order_by(Integration.name))).scalars().all()
        outcomes = (await session.execute(select(Dispatch.outcome).order_by(Dispatch.id))).scalars().all()
        sound = (await session.execute(text("PRAGMA integrity_check"))).scalar_one()
    assert sound == "ok"
    return names, outcomes


async def made_due(hub):
    """The recurring job that is asked for at once, from outside the process."""
    async with opened(hub.settings.database_address) as database, database.write() as session:
        return (await session.execute(update(Job).values(run_at=0).returning(Job.id))).scalars().first()


async def done(hub, job_id):
    """Whether a recurring job has given way to the next."""
    async with opened(hub.settings.database_address) as database, database.read() as session:
        return await session.get(Job, job_id) is None


async def test_a_full_disk_refuses_what_is_to_be_kept_and_loses_nothing(start_on_disk, upstream):
    """Reads go on, calls that cannot be recorded are not sent, jobs wait, and all goes on once there is room."""
    hub = await start_on_disk()
    await app(hub.client, upstream.url, *CALLS, name="Shop")
    held = asyncio.create_task(dispatched(hub, "HELD"))
    await upstream.received(1)

    hub.fill_disk()
    refused = await asyncio.gather(*(dispatched(hub, "CALL") for _ in range(20)), created(hub, "Lost"))
    read = await hub.fresh.query(VIEWER)
    job_id = await made_due(hub)
    await eventually(lambda: said(hub, "Jobs wait"), PATIENCE)
    upstream.let_go.set()
    unrecorded = await held
    sent = len(upstream.requests)
    hub.make_room()
    await act(hub.client, "createIntegration", {"name": "Later"})
    await eventually(lambda: done(hub, job_id), PATIENCE)
    hub.process.kill()
    left = await kept(hub)
    with hub.serving_again():
        settled = await kept(hub)

    assert {refusal for answer in refused for refusal in refusals(answer)} == {FULL}
    assert refusals(unrecorded) == [(UNRECORDED, CODE)]
    assert read == {"viewer": {"organization": {"name": "Acme"}}}
    assert sent == 1
    assert left == (["Later", "Shop"], [None])
    assert settled == (["Later", "Shop"], [DispatchOutcome.OUTCOME_UNKNOWN])


async def test_a_disk_that_does_not_sync_acknowledges_nothing(start_on_disk, upstream):
    """What was said to be unknown may be there at the next start: it stands in the log, as SQLite leaves it."""
    hub = await start_on_disk(program=Path(failing_disk.__file__))
    await app(hub.client, upstream.url, *CALLS, name="Shop")

    os.kill(hub.process.pid, signal.SIGUSR1)
    await eventually(lambda: said(hub, failing_disk.FAILS), PATIENCE)
    unknown = await created(hub, "Perhaps")
    unsent = await asyncio.gather(*(dispatched(hub, "CALL") for _ in range(20)))
    hub.process.kill()
    names, _ = await kept(hub)
    with hub.serving_again():
        again, outcomes = await kept(hub)

    assert {refusal for answer in [unknown, *unsent] for refusal in refusals(answer)} == {(UNKNOWN, CODE)}
    assert upstream.requests == []
    assert set(names) - {"Perhaps"} == {"Shop"}
    assert again == names
    assert set(outcomes) <= {DispatchOutcome.OUTCOME_UNKNOWN}
