"""The measured job engines: making their tables, enqueueing, working."""

import time
from contextlib import asynccontextmanager

from jobs.bus import Bus
from jobs.job import JOBS, NewJob
from jobs.kind import JobKind
from jobs.transaction import enqueue, enqueue_all
from jobs.worker import Worker
from models.database import Database
from models.migrations import upgrade

CONCURRENCY = 200
_CHUNK = 1000


@asynccontextmanager
async def open_subject(name, url):
    """A subject over an empty database."""
    opened = _open_procrastinate if name == "procrastinate" else _open_hub
    async with opened(url) as subject:
        yield subject


async def work(name, url, note, told):
    """Run jobs until told to stop. Notes of each job its begin, and its wait if it has its enqueueing time."""
    if name == "procrastinate":
        await _work_procrastinate(url, note, told)
        return
    database = Database(url)
    bus = Bus(database)

    async def run(context):
        note(context.job.payload.get("asked"))

    kind = JobKind(name="work", run=run, keep_when_done=name == "hub")
    worker = Worker(database, [kind], bus, concurrency=CONCURRENCY, batch=CONCURRENCY)
    async with bus.running(), worker.running():
        await told.wait()
    await database.close()


class _Hub:
    def __init__(self, database, bus):
        self.database, self.bus = database, bus

    async def ask(self, asked=None):
        async with self.database.write() as session:
            await enqueue(session, _job(asked))
        self.bus.wake(JOBS)

    async def ask_many(self, count):
        for start in range(0, count, _CHUNK):
            async with self.database.write() as session:
                await enqueue_all(session, [_job(None) for _ in range(min(_CHUNK, count - start))])


def _job(asked):
    return NewJob(operation="work", caption="Work", payload={} if asked is None else {"asked": asked})


@asynccontextmanager
async def _open_hub(url):
    database = Database(url)
    await upgrade(database)
    bus = Bus(database)
    async with bus.running():
        yield _Hub(database, bus)
    await database.close()


class _Procrastinate:
    def __init__(self, task):
        self.task = task

    async def ask(self, asked=None):
        await self.task.defer_async(asked=asked)

    async def ask_many(self, count):
        for start in range(0, count, _CHUNK):
            await self.task.batch_defer_async(*({"asked": None} for _ in range(min(_CHUNK, count - start))))


def _app(url, note):
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=url.replace("postgresql+asyncpg", "postgresql"), max_size=10))

    @app.task(name="work")
    async def task(asked=None):
        note(asked)

    return app, task


@asynccontextmanager
async def _open_procrastinate(url):
    app, task = _app(url, lambda asked: None)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        yield _Procrastinate(task)


async def _work_procrastinate(url, note, told):
    import asyncio

    app, _ = _app(url, note)
    async with app.open_async():
        working = asyncio.create_task(app.run_worker_async(concurrency=CONCURRENCY, install_signal_handlers=False))
        await told.wait()
        working.cancel()
        await asyncio.wait([working], timeout=10)


def noting():
    """A function that notes a job, and its notes."""
    noted = {"count": 0, "first": 0.0, "last": 0.0, "waits": []}

    def note(asked):
        now = time.monotonic()
        noted["first"] = noted["first"] or now
        noted["last"] = now
        noted["count"] += 1
        if asked is not None:
            noted["waits"].append(now - asked)

    return note, noted
