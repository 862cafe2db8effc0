"""While the database is away a worker says so once, and once that it is back."""

import asyncio
import logging

import pytest
from sqlalchemy import make_url

from jobs.bus import Bus
from jobs.kind import JobKind
from jobs.outage import Outage
from jobs.worker import Worker
from models.migrations import upgrade
from models.vocabulary import WorkState
from tests.harness.databases import opened, postgresql_database
from tests.harness.proxy import DatabaseProxy
from tests.jobs.conftest import Queue, eventually

BEGUN = ("Leases cannot be extended", "Jobs wait", "Other processes cannot be heard")
OVER = {"Leases are extended again", "Jobs are claimed again", "Other processes are heard again"}


@pytest.fixture
async def behind(postgresql):
    """A queue of a database of its own, the same database behind a proxy, and the proxy."""
    async with postgresql_database(postgresql) as url, opened(url) as direct:
        await upgrade(direct)
        with DatabaseProxy(make_url(url)) as proxy:
            async with opened(proxy.url) as database:
                yield Queue(direct), database, proxy


async def test_a_worker_says_once_that_the_database_is_away_and_once_that_it_is_back(behind, caplog):
    queue, database, proxy = behind
    caplog.set_level(logging.DEBUG, "patchbay.jobs")
    release = asyncio.Event()

    async def held(_context):
        await release.wait()

    worker = Worker(
        database, [JobKind(name="work", run=held)], bus := Bus(database), queue=queue.name, lease_ms=3_000
    )
    job_id = await queue.add()
    async with bus.running(), worker.running():
        await queue.reached(job_id, WorkState.RUNNING)
        proxy.refuse()
        await eventually(lambda: met(caplog, 2), 8)  # a listener that only looked would need ten seconds
        proxy.answer()
        await eventually(lambda: said(caplog, OVER))
        release.set()
        await queue.reached(job_id, WorkState.SUCCEEDED)

    shown = [record for record in caplog.records if record.levelno >= logging.INFO]
    begun = [record.getMessage().split(":")[0] for record in shown if record.levelno == logging.WARNING]
    assert sorted(line for line in begun if line in BEGUN) == sorted(BEGUN)
    assert sorted(record.getMessage() for record in shown if record.levelno == logging.INFO) == sorted(OVER)
    assert [record for record in shown if record.exc_info] == []


def test_an_outage_is_said_at_its_beginning_and_at_its_end(caplog):
    caplog.set_level(logging.INFO, "patchbay.jobs")
    outage = Outage(logging.getLogger("patchbay.jobs"), "Gone", "Back")

    for _ in range(2):
        outage.end()
        outage.meet(OSError("first"))
        outage.meet(OSError("second"))
        outage.end()
        outage.end()

    assert caplog.messages == ["Gone: OSError('first')", "Back"] * 2


async def met(caplog, times):
    """Whether each loop has failed so often."""
    debug = [record.getMessage() for record in caplog.records if record.levelno == logging.DEBUG]
    return all(debug.count(begun) >= times for begun in BEGUN)


async def said(caplog, lines):
    """Whether each of the lines was logged."""
    return lines <= set(caplog.messages)
