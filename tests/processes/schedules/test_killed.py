"""A scheduler that is killed while it starts flows loses no run and makes none twice; the server starts flows."""

from __future__ import annotations

import asyncio
import signal
import sys

from models.database import Database
from models.vocabulary import WorkState
from settings import Settings
from tests.harness.backends import both
from tests.harness.databases import opened
from tests.harness.server import child_environment
from tests.harness.waiting import eventually
from tests.schedules.planted import DUE, MINUTE, Planted, Scheduler, planting

pytestmark = both

#: The statements between a time that has come and its run, in their order.
STATEMENTS = ("INSERT INTO run", "INSERT INTO job", "UPDATE flow SET next_run_at")


async def test_a_scheduler_killed_between_due_and_queued_loses_and_doubles_nothing(
    new_migrated_database, fork, master_keys, tmp_path
):
    async with new_migrated_database() as url, opened(url) as database, planting(database) as planted:
        flows = await planted.flows(3, "* * * * *")
        killed = []
        for statement in STATEMENTS:
            arguments = [url, master_keys, str(tmp_path), str(DUE), statement]
            command = ["-m", "tests.processes.schedules.program", *arguments]
            child = await asyncio.to_thread(fork, command, child_environment(), sys.__stderr__, sys.__stderr__)
            killed.append(await asyncio.to_thread(child.wait, 60))
            assert [await planted.runs(flow) for flow in flows] == [[], [], []]

        scheduler = Scheduler(Settings(home=tmp_path, database_url=url, master_keys=master_keys))
        await scheduler.fire(DUE)
        await scheduler.fire(DUE)
        await scheduler.close()

        assert killed == 3 * [-signal.SIGKILL]
        assert [len(await planted.runs(flow)) for flow in flows] == [1, 1, 1]
        assert [len(await planted.jobs(flow)) for flow in flows] == [1, 1, 1]


async def test_three_servers_start_a_due_flow_once_and_look_again_at_the_next_minute(installed):
    database = Database(str(installed.settings["database_url"]))
    async with planting(database) as planted:
        flow = await planted.flow("0 0 1 1 *", next_run_at=MINUTE)
        for _ in range(3):
            await asyncio.to_thread(installed.start)

        (run,) = await eventually(lambda: planted.runs(flow), 60)
        job = await eventually(lambda: _waiting(planted), 60)

        assert run.missed_count > 50
        assert (await planted.read(flow)).next_run_at > run.created_at
        assert job.run_at % MINUTE < 5_000 or job.run_at % MINUTE > MINUTE - 1_000
        assert len(await planted.runs(flow)) == 1
    await database.close()


async def _waiting(planted: Planted):
    job = await planted.recurring()
    return job if job is not None and job.state is WorkState.QUEUED and job.cause_kind == "JOB" else None
