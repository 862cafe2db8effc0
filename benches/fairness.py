"""Claims with many lanes, many lots, and one organization far ahead. By hand; takes three minutes.

    python benches/fairness.py sqlite|postgresql [ROOT]

`ROOT`: another checkout whose engine is measured, for comparison. Each claim takes 10 jobs, whose ends are recorded
in between and not measured.
"""

import asyncio
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path

HERE = Path(__file__).parents[1]
ROOT = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE
sys.path.insert(0, str(ROOT))

from jobs.driver import open_driver  # noqa: E402
from jobs.job import Ended, NewJob  # noqa: E402
from jobs.transaction import enqueue, enqueue_all  # noqa: E402
from models.database import Database  # noqa: E402
from models.migrations import upgrade  # noqa: E402
from models.row import new_id  # noqa: E402
from models.tables import Organization  # noqa: E402
from models.vocabulary import WorkState  # noqa: E402

CLAIMS, PLACES, CHUNK, HOUR_MS = 100, 10, 2_000, 3_600_000


async def main(kind):
    """Every scenario on one database, each in a queue of its own."""
    async with opened(kind) as database:
        driver = open_driver(database)
        for scenario in (free, lanes, lots_1000, lots_5000, ahead):
            queue, figures = scenario.__name__, {}
            await scenario(database, queue, figures)
            times = sorted([await one_claim(driver, queue) for _ in range(CLAIMS)])
            figures |= {"p50 ms": times[len(times) // 2], "p99 ms": times[len(times) * 99 // 100]}
            print(kind, queue, {name: round(value, 2) for name, value in figures.items()}, flush=True)
        await driver.close()


async def free(database, queue, figures):
    """2,000 jobs that are alike."""
    await add(database, [job(queue) for _ in range(2_000)])


async def lanes(database, queue, figures):
    """100,000 jobs of one lane behind the first, which waits, and 1,000 jobs without a lane."""
    await add(database, [job(queue, lane="one", delay_ms=HOUR_MS)])
    await add(database, [job(queue, lane="one") for _ in range(100_000)])
    await add(database, [job(queue) for _ in range(1_000)])


async def lots_1000(database, queue, figures):
    """1,000 organizations with 2 jobs each."""
    await add(database, [job(queue, organization_id=one) for one in await organizations(database, 1_000)] * 1)


async def lots_5000(database, queue, figures):
    """5,000 organizations with a job each."""
    await add(database, [job(queue, organization_id=one) for one in await organizations(database, 5_000)])


async def ahead(database, queue, figures):
    """One organization has 100,000 jobs waiting; then another one enqueues a job. `first ms`: until it is claimed."""
    busy, other = await organizations(database, 2)
    await add(database, [job(queue, organization_id=busy) for _ in range(100_000)])
    driver = open_driver(database)
    held = await driver.claim("a", queue, ("work",), PLACES, HOUR_MS // 60)
    await add(database, [job(queue, organization_id=other)])
    began, claims = time.perf_counter(), 0
    while claims < 200:
        claims += 1
        await finish(driver, held)
        held = await driver.claim("a", queue, ("work",), PLACES, HOUR_MS // 60)
        if any(one.organization_id == other for one in held):
            figures |= {"first ms": 1000 * (time.perf_counter() - began)}
            break
    figures |= {"claims": claims}
    await finish(driver, held)
    await driver.close()


async def one_claim(driver, queue):
    """Milliseconds of a claim."""
    began = time.perf_counter()
    held = await driver.claim("a", queue, ("work",), PLACES, HOUR_MS // 60)
    taken = 1000 * (time.perf_counter() - began)
    assert len(held) == PLACES, (queue, len(held))
    await finish(driver, held)
    return taken


async def finish(driver, held):
    """Record the ends of jobs."""
    await driver.end("a", [Ended(lease=one.lease, state=WorkState.SUCCEEDED, drop=True) for one in held])


def job(queue, **facts):
    """A job of a queue."""
    return NewJob(operation="work", caption="Work", queue=queue, **facts)


async def add(database, jobs):
    """Enqueue jobs, and let the database gather its statistics as it does in operation."""
    for start in range(0, len(jobs), CHUNK):
        async with database.write() as session:
            batch = jobs[start : start + CHUNK]
            await (enqueue_all(session, batch) if len(batch) > 1 else enqueue(session, batch[0]))


async def organizations(database, count):
    """The ids of new organizations."""
    rows = [Organization(name="Acme", slug=f"acme-{new_id()}") for _ in range(count)]
    async with database.write() as session:
        session.add_all(rows)
    return [row.id for row in rows]


@asynccontextmanager
async def opened(kind):
    """An empty database."""
    with tempfile.TemporaryDirectory() as directory:
        sys.path.append(str(HERE))
        from benches.databases import databases

        context = databases(kind, Path(directory))
        server = await asyncio.to_thread(context.__enter__)
        url = await asyncio.to_thread(server.make, "fairness")
        database = Database(url)
        await upgrade(database)
        yield database
        await database.close()
        await asyncio.to_thread(context.__exit__, None, None, None)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
