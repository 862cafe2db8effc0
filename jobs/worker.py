"""Worker: claims jobs, runs them and records their ends, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from jobs.allotting import Share
from jobs.bus import Bus
from jobs.driver import open_driver
from jobs.ending import failed, failed_alone, given_back, succeeded
from jobs.heartbeat import Heartbeat
from jobs.job import JOBS, Claimed, Ended, JobCancelled, LeaseLost
from jobs.kind import JobContext, JobKind, task_name
from jobs.outage import Outage
from jobs.progress import Progress
from jobs.queues import DEFAULT_QUEUE
from jobs.recording import Outcome, Recorder
from models.database import Database
from models.row import now_ms
from models.vocabulary import WorkState

_log = logging.getLogger("patchbay.jobs")
_LEASE_MS: Final = 15_000
_LOOKS_A_LEASE: Final = 3
_CANCEL_SECONDS: Final = 2.0
_RECORD_SECONDS: Final = 4.0
_LULL_SECONDS: Final = 0.02
_SHORTEST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 2.0


class Worker:
    """Runs jobs of the given kinds from one queue, up to `concurrency` at a time.

    `reserves`: one organization may not hold all places, so that its jobs may hang for long without delaying others.
    `clock` is for times shown to people; leases and due times use the database's clock.
    """

    def __init__(
        self,
        database: Database,
        kinds: Sequence[JobKind],
        bus: Bus,
        *,
        queue: str = DEFAULT_QUEUE,
        concurrency: int = 20,
        batch: int = 100,
        reserves: bool = False,
        lease_ms: int = _LEASE_MS,
        grace_seconds: float = 15.0,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._names = tuple(self._kinds)
        self._bus = bus
        self._queue = queue
        self._concurrency = concurrency
        self._batch = batch
        self._reserves = reserves
        self._held: Counter[str] = Counter()
        self._lease_ms = lease_ms
        self._grace_seconds = grace_seconds
        self._clock = clock
        self._owner = secrets.token_hex(8)
        self._driver = open_driver(database)
        self._heartbeat = Heartbeat(self._owner, lease_ms, self._driver.heart)
        self._running: set[asyncio.Task[None]] = set()
        self._recorder = Recorder(self._driver, self._owner, self._recorded)
        self._changed = asyncio.Event()
        self._stopping = False
        self._draining: asyncio.Task[None] | None = None
        self._loops: list[asyncio.Task[None]] = []
        self._any_ended = asyncio.Event()
        self._pause = _SHORTEST_PAUSE_SECONDS
        self._next_look = 0.0
        self._last_lane = ""
        self._asked_at = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run jobs for as long as the block lasts, then drain."""
        self._heartbeat.start()
        with self._bus.listening(JOBS) as self._changed:
            self._loops = [asyncio.create_task(self._claiming()), asyncio.create_task(self._recording())]
            try:
                yield
            finally:
                await self.drain()
        await self._driver.close()

    async def drain(self) -> None:
        """Stop claiming, wait for running jobs, and return unfinished ones to the queue. May be called twice."""
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        await asyncio.shield(self._draining)

    # --- the loops

    async def _claiming(self) -> None:
        outage = Outage(_log, "Jobs wait", "Jobs are claimed again")
        while not self._stopping:
            async with self._patient(outage):
                await self._turn()

    async def _turn(self) -> None:
        self._changed.clear()  # before reading: later changes are read in the next turn
        await self._look()
        if await self._claim():
            return
        # Jobs come in bursts: ask for the next due time only when there is nothing to claim.
        if not await _within(_LULL_SECONDS, self._changed):
            await _within(await self._patience(), self._changed)

    async def _recording(self) -> None:
        outage = Outage(_log, "Ends of jobs cannot be recorded", "Ends of jobs are recorded again")
        while not (self._stopping and not self._running and self._recorder.empty):
            async with self._patient(outage):
                if not self._recorder.behind:
                    await self._any_ended.wait()
                self._any_ended.clear()
                await self._recorder.record()

    @asynccontextmanager
    async def _patient(self, outage: Outage) -> AsyncIterator[None]:
        """One round of a loop. The loop survives an error in it and waits longer after each error in a row."""
        try:
            yield
            outage.end()
            self._pause = _SHORTEST_PAUSE_SECONDS
        except Exception as error:  # noqa: BLE001  see above
            outage.meet(error)
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _look(self) -> None:
        """Release jobs of dead workers, and lanes in which a fault left no job to start; several times in a lease."""
        if time.monotonic() >= self._next_look and not self._stopping:
            self._next_look = time.monotonic() + self._look_seconds
            if freed := await self._driver.reap():
                _log.warning("%d jobs of stopped workers were released", freed)
            opened, self._last_lane = await self._driver.open_stranded(self._last_lane)
            if opened:
                _log.warning("%d lanes of jobs had no job that may start; their first jobs may start now", opened)
                self._bus.wake(JOBS)

    async def _claim(self) -> bool:
        """Claim as many jobs as there is room for. Answers whether more may be claimable at once."""
        wanted = min(self._concurrency - len(self._running), self._batch)
        if wanted <= 0 or self._stopping or self._recorder.behind:
            return False
        share = Share(self._concurrency - len(self._running), self._held) if self._reserves else None
        jobs = await self._driver.claim(self._owner, self._queue, self._names, wanted, self._lease_ms, share)
        for job in jobs:
            self._begin(job)
        return len(jobs) == wanted and len(self._running) < self._concurrency

    async def _patience(self) -> float:
        """Seconds until the next job is due; jobs that became due since the last look count too."""
        longest = max(self._next_look - time.monotonic(), 0.0)
        if self._stopping or len(self._running) >= self._concurrency:
            return longest
        next_due = await self._driver.next_due(self._queue, self._names, self._asked_at)
        self._asked_at = next_due.now
        return longest if next_due.at is None else min(longest, max(next_due.at - next_due.now, 0) / 1000)

    @property
    def _look_seconds(self) -> float:
        return self._lease_ms / 1000 / _LOOKS_A_LEASE

    # --- one job

    def _begin(self, job: Claimed) -> None:
        progress = Progress(job.lease, self._driver.report, self._clock, recorded=job.tasks or ())
        self._heartbeat.hold(job.lease, progress)
        kind = self._kinds[job.operation]
        context = JobContext(job=job, progress=progress, keep_when_done=kind.keep_when_done)
        task = asyncio.create_task(self._attempt(context, kind), name=task_name(kind.name))
        self._running.add(task)
        self._held[job.organization_id or ""] += 1
        task.add_done_callback(partial(self._after, job.organization_id or ""))

    def _after(self, organization_id: str, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._held[organization_id] -= 1
        self._held += Counter()  # without those that hold none
        self._any_ended.set()
        self._changed.set()

    async def _attempt(self, context: JobContext, kind: JobKind) -> None:
        try:
            await kind.run(context)
            ended = succeeded(context, kind)
        except (LeaseLost, JobCancelled):
            ended = given_back(context)
        except asyncio.CancelledError as error:
            ended = given_back(context) if self._stopping else failed(context, kind, error)
        except Exception as error:  # noqa: BLE001  whatever a job raises is how it ended
            ended = failed(context, kind, error)
        if context.progress.finished and ended.state is WorkState.SUCCEEDED:
            self._recorded(ended, held=True)
        else:
            self._recorder.add(Outcome(ended, partial(failed_alone, context, kind)))

    def _recorded(self, ended: Ended, held: bool) -> None:
        lease = ended.lease
        self._heartbeat.let_go(lease)
        if not held:
            _log.warning("Job %s was ended by another worker", lease.job_id)
        full = self._stopping or len(self._running) >= self._concurrency
        if lease.lane is not None or (lease.gate and full):
            self._bus.wake(JOBS)  # any worker with a free place may take the next job of the lane, or of the gate
        elif lease.gate or ended.state is WorkState.QUEUED:
            self._changed.set()  # to take the next job of the gate, or to read the due time

    # --- the end

    async def _drain(self) -> None:
        self._stopping = True
        self._changed.set()
        if self._running:
            await asyncio.wait(self._running, timeout=self._grace_seconds)
        left = set(self._running)
        for task in left:
            task.cancel()
        if left:
            _log.warning("%d unfinished jobs are returned to the queue", len(left))
            await asyncio.wait(left, timeout=_CANCEL_SECONDS)
        await self._stop_loops()
        await asyncio.to_thread(self._heartbeat.stop)

    async def _stop_loops(self) -> None:
        self._any_ended.set()
        await asyncio.wait(self._loops, timeout=_RECORD_SECONDS)
        for loop in self._loops:
            loop.cancel()
        await asyncio.wait(self._loops)


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Whether an event was set in time."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
