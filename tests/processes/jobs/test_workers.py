"""Workers as processes: killed, doubled, with wrong clocks, told to stop."""

import asyncio
import os
import signal
import sys
import time

import pytest

from models.vocabulary import WorkState
from tests.harness.backends import both, on_postgresql
from tests.harness.server import child_environment
from tests.harness.waiting import eventually

pytestmark = both

LEASE_MS = 1_000
TEN_MINUTES_MS = 600_000


class Children:
    """Worker processes of one queue, and what they wrote."""

    def __init__(self, url, queue, log, fork):
        self._fork = fork
        self._arguments = [url, queue.name, str(log)]
        self._log = log
        self.started = []
        self.lease_ms = LEASE_MS

    async def start(self, *, clock_off_ms=0, jobs=20):
        arguments = map(str, [*self._arguments, self.lease_ms, clock_off_ms, jobs])
        command = ["-m", "tests.processes.jobs.program", *arguments]
        child = await asyncio.to_thread(self._fork, command, child_environment(), sys.__stderr__, sys.__stderr__)
        self.started.append(child)
        await self.wrote(f"ready {child.pid}", alive=child)
        return child

    def lines(self, what):
        text = self._log.read_text() if self._log.exists() else ""
        return [line.split() for line in text.splitlines() if f"{line} ".startswith(f"{what} ")]

    async def wrote(self, what, count=1, alive=None):
        async def look():
            ended = alive is not None and alive.poll() is not None
            found = self.lines(what)
            if len(found) >= count:
                return found
            assert not ended, "The worker ended before it wrote that."
            return None

        return await eventually(look, 40)


@pytest.fixture
def children(database_url, queue, tmp_path, fork):
    """Starts workers of the queue as processes; what is left is killed."""
    children = Children(database_url, queue, tmp_path / "log", fork)
    yield children
    for child in children.started:
        if child.poll() is None:
            child.kill()
        child.wait()


async def test_a_job_whose_worker_is_killed_runs_again_soon_and_ends_once(queue, children):
    await asyncio.gather(children.start(), children.start())
    job_id = await queue.add(payload={"sleep": 0.2, "die": True})
    await children.wrote("begin")
    killed = time.monotonic()

    begun = await children.wrote("begin", 2)
    waited = time.monotonic() - killed
    row = await queue.reached(job_id, WorkState.SUCCEEDED)

    assert waited < LEASE_MS / 1000 + 5
    assert [line[1:3] for line in begun] == [[job_id, "1"], [job_id, "2"]]
    assert [line[1:3] for line in children.lines("end")] == [[job_id, "2"]]
    assert (row.attempt, row.lease_owner) == (2, None)


async def test_a_job_that_kills_its_worker_each_time_dies_after_its_tries(queue, children):
    poison = await queue.add(payload={"die": True}, max_attempts=1)
    await children.start()
    await children.wrote("begin")
    await children.start()

    row = await queue.reached(poison, WorkState.FAILED, LEASE_MS / 1000 + 20)
    after = await queue.add()
    await queue.reached(after, WorkState.SUCCEEDED)

    assert (row.attempt, row.error) == (1, "The worker stopped before the job ended.")


async def test_a_worker_whose_clock_is_ten_minutes_off_takes_nothing_from_another(queue, children):
    """One is fast, one is slow, one is right, and each of them has two jobs in hand, for longer than a lease."""
    ids = []
    for off in (TEN_MINUTES_MS, -TEN_MINUTES_MS, 0):
        await children.start(clock_off_ms=off, jobs=2)
        ids += [await queue.add(payload={"sleep": 1.5 * LEASE_MS / 1000}) for _ in range(2)]
        await children.wrote("begin", len(ids))
    late = await queue.add(delay_ms=500)

    for job_id in [*ids, late]:
        await queue.reached(job_id, WorkState.SUCCEEDED)

    begun = sorted(line[1] for line in children.lines("begin"))
    assert begun == sorted([*ids, late])
    assert {line[2] for line in children.lines("begin")} == {"1"}


async def test_two_workers_share_the_work_and_do_each_piece_once(queue, children):
    await asyncio.gather(children.start(), children.start())

    # So many at once that one worker's hands are full long before the last is there.
    ids = await asyncio.gather(*(queue.add(payload={"sleep": 0.5}) for _ in range(50)))
    await queue.emptied(40)

    begun = children.lines("begin")
    assert sorted(line[1] for line in begun) == sorted(ids)
    assert len({line[3] for line in begun}) == 2


async def test_is_woken_by_another_process(queue, bus, children):
    """By the bus and not by its own looking, which is minutes away."""
    children.lease_ms = TEN_MINUTES_MS
    await children.start()

    for number in range(5):
        await queue.add()
        bus.wake("jobs")
        begun = await children.wrote("begin", number + 1)
        await asyncio.sleep(0.11)

    assert len(begun) == 5


@on_postgresql
async def test_drains_when_told_to_stop(queue, children):
    """Its grace is a second: what ends in it ends, the rest is given back at once."""
    short, long = await queue.add(payload={"sleep": 0.4}), await queue.add(payload={"sleep": 60})
    child = await children.start()
    await children.wrote("begin", 2)

    began = time.monotonic()
    os.kill(child.pid, signal.SIGTERM)
    code = await asyncio.to_thread(child.wait, 30)

    rows = [await queue.row(short), await queue.row(long)]
    assert code == 0
    assert time.monotonic() - began < 12  # a fifth of the long job's time
    assert [(row.state, row.attempt, row.lease_owner) for row in rows] == [
        (WorkState.SUCCEEDED, 1, None),
        (WorkState.QUEUED, 0, None),
    ]


async def test_killed_workers_lose_nothing_and_finish_nothing_twice(queue, children):
    """Three kills under load; a job's end is in the log of exactly one recorded attempt."""
    ids = [await queue.add(payload={"sleep": 0.1}, max_attempts=50) for _ in range(60)]
    for _ in range(3):
        child = await children.start()
        await children.wrote("end", len(children.lines("end")) + 3)
        child.kill()
        child.wait()
    await children.start()

    await queue.emptied(60)

    rows = await queue.rows()
    ends = {(line[1], int(line[2])) for line in children.lines("end")}
    assert [row.id for row in rows] == ids
    assert {row.state for row in rows} == {WorkState.SUCCEEDED}
    assert all((row.id, row.attempt) in ends for row in rows)
