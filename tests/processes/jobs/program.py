"""A worker as a process of its own, of so many jobs at a time.

`python -m tests.processes.jobs.program URL QUEUE LOG LEASE_MS CLOCK_OFF_MS JOBS`. Each run of a job writes a line to
LOG when it begins and when it ends. What a job does stands in its payload.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path


def main():
    url, queue, log, lease_ms, off, jobs = sys.argv[1:]
    _set_clock_off(int(off))
    asyncio.run(_work(url, queue, Path(log), int(lease_ms), int(jobs)))


def _set_clock_off(milliseconds):
    nanoseconds, seconds = time.time_ns, time.time
    time.time_ns = lambda: nanoseconds() + milliseconds * 1_000_000
    time.time = lambda: seconds() + milliseconds / 1000


async def _work(url, queue, log, lease_ms, jobs):
    from jobs.bus import Bus
    from jobs.kind import JobKind
    from jobs.worker import Worker
    from models.database import Database

    async def work(context):
        _write(log, "begin", context)
        if context.job.payload.get("die") and context.job.attempt == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        await asyncio.sleep(context.job.payload.get("sleep", 0))
        _write(log, "end", context)

    database, told = Database(url, pool_size=3), asyncio.Event()
    bus = Bus(database)
    kind = JobKind(name="work", run=work, first_retry_ms=10)
    knobs = {"concurrency": jobs, "lease_ms": lease_ms, "grace_seconds": 1}
    worker = Worker(database, [kind], bus, queue=queue, **knobs)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    async with bus.running(), worker.running():
        _line(log, f"ready {os.getpid()}")
        await told.wait()
    await database.close()
    _line(log, "drained")


def _write(log, what, context):
    _line(log, f"{what} {context.job.id} {context.job.attempt} {os.getpid()}")


def _line(log, text):
    with log.open("a") as file:
        file.write(text + "\n")


if __name__ == "__main__":
    main()
