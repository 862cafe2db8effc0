"""Gates and fair turns, held against both drivers: who starts, across processes, and waiting costs no write."""

import asyncio

from sqlalchemy import text, update

from jobs.driver import open_driver
from jobs.job import JOBS, Ended
from models.row import new_id
from models.tables import Gate, Organization
from models.vocabulary import WorkState
from tests.harness.backends import both
from tests.harness.databases import opened
from tests.jobs.conftest import claim, claim_rows, database_time, end

pytestmark = both


async def new_gate(queue, tenant, **facts):
    """The id of an open gate."""
    row = Gate(id=new_id(), organization_id=tenant, **{"capacity": 100} | facts)
    async with queue.database.write() as session:
        session.add(row)
    return row.id


async def change(queue, gate, **values):
    async with queue.database.write() as session:
        await session.execute(update(Gate).where(Gate.id == gate).values(**values))


async def other_organization(queue):
    async with queue.database.write() as session:
        session.add(row := Organization(name="Other", slug=f"other-{new_id()}"))
    return row.id


async def waiting(queue, count, **facts):
    return [await queue.add(**facts) for _ in range(count)]


async def versions(queue):
    """Which version of each row the queue's jobs are: it changes with every write."""
    column = "feed" if queue.database.is_sqlite else "xmin::text"
    async with queue.database.read() as session:
        rows = await session.execute(
            text(f"SELECT id, {column}, updated_at FROM job WHERE queue = :q ORDER BY id"), {"q": queue.name}
        )
        return [tuple(row) for row in rows]


async def test_one_job_of_another_organization_is_in_the_next_claim(driver, queue, tenant):
    other = await other_organization(queue)
    await waiting(queue, 40, organization_id=tenant, run_at=1)
    first = await claim_rows(driver, queue, limit=10)
    late = await queue.add(organization_id=other)
    await end(driver, first[0])

    assert await claim(driver, queue, limit=1) == [late]


async def test_alone_an_organization_gets_every_place(driver, queue, tenant):
    other = await other_organization(queue)
    await waiting(queue, 30, organization_id=tenant)
    late = await queue.add(organization_id=other)

    claimed = await claim(driver, queue, limit=25)

    assert (len(claimed), late in claimed) == (25, True)


async def test_places_are_shared_across_processes(driver, queue, tenant, database_url):
    other = await other_organization(queue)
    await waiting(queue, 20, organization_id=tenant)
    await claim(driver, queue, limit=10)
    await waiting(queue, 20, organization_id=other)
    async with opened(database_url) as second:
        process = open_driver(second)
        rows = await claim_rows(process, queue, "b", limit=14)
        await process.close()

    assert [row.organization_id for row in rows].count(other) == 12


async def test_a_gates_capacity_holds_for_all_workers_together(driver, queue, tenant, database_url):
    gate = await new_gate(queue, tenant, capacity=3)
    ids = await waiting(queue, 30, organization_id=tenant, gate=gate)
    free = await queue.add(organization_id=tenant)
    async with opened(database_url) as second, opened(database_url) as third:
        drivers = [driver, open_driver(second), open_driver(third)]
        seen, held, most = [], set(), 0

        async def work(number):
            nonlocal most
            while len(seen) < 31:
                for job in await claim_rows(drivers[number], queue, f"w{number}", limit=5):
                    held.add(job.id)
                    most = max(most, len(held - {free}))
                    await asyncio.sleep(0.002)
                    held.discard(job.id)
                    seen.append(job.id)
                    await end(drivers[number], job)

        await asyncio.wait_for(asyncio.gather(*(work(number) for number in range(3))), 60)
        for one in drivers[1:]:
            await one.close()

    assert sorted(seen) == [*ids, free]
    assert most <= 3


async def test_two_workers_never_hold_two_jobs_of_a_gate_for_one(driver, queue, tenant, database_url):
    gate = await new_gate(queue, tenant, capacity=1)
    await waiting(queue, 20, organization_id=tenant, gate=gate)
    async with opened(database_url) as second:
        drivers = {"a": driver, "b": open_driver(second)}
        held = []
        for _ in range(20):
            claims = await asyncio.gather(*(claim_rows(one, queue, owner, 5) for owner, one in drivers.items()))
            held.append([job for jobs in claims for job in jobs])
            for job in held[-1]:
                await end(drivers[job.owner], job)
        await drivers["b"].close()

    assert [len(jobs) for jobs in held] == [1] * 20


async def test_a_rate_holds_for_all_workers_together(driver, queue, tenant, database_url, database):
    gate = await new_gate(queue, tenant, interval_ms=3_600_000, burst=4)
    await waiting(queue, 10, organization_id=tenant, gate=gate)
    async with opened(database_url) as second:
        other = open_driver(second)
        claims = await asyncio.gather(
            *(claim(one, queue, owner, 3) for one, owner in [(driver, "a"), (other, "b")] * 3)
        )
        due = await driver.next_due(queue.name, ("work",), await database_time(database))
        await other.close()

    assert sum(len(one) for one in claims) == 4
    assert 3_500_000 < due.at - due.now <= 3_600_000


async def test_waiting_at_a_gate_costs_no_write_and_opening_it_starts_the_jobs(driver, queue, tenant, database):
    gate = await new_gate(queue, tenant, opens_at=None)
    ids = await waiting(queue, 5, organization_id=tenant, gate=gate)
    before = await versions(queue)

    shut = [await claim(driver, queue) for _ in range(3)]
    never = await driver.next_due(queue.name, ("work",), await database_time(database))
    after = await versions(queue)
    await change(queue, gate, opens_at=never.now + 60_000)
    later = await driver.next_due(queue.name, ("work",), never.now)
    await change(queue, gate, opens_at=0)

    assert (shut, never.at, after) == ([[]] * 3, None, before)
    assert later.at == never.now + 60_000
    assert await claim(driver, queue) == ids


async def test_a_full_gate_costs_no_write(driver, queue, tenant):
    gate = await new_gate(queue, tenant, capacity=1)
    await waiting(queue, 5, organization_id=tenant, gate=gate)
    (job,) = await claim_rows(driver, queue)
    before = await versions(queue)

    assert [await claim(driver, queue) for _ in range(3)] == [[]] * 3
    assert await versions(queue) == before
    await end(driver, job)
    assert len(await claim(driver, queue)) == 1


async def test_a_cancelled_job_counts_until_it_is_let_go(driver, queue, tenant):
    gate = await new_gate(queue, tenant, capacity=1)
    await waiting(queue, 2, organization_id=tenant, gate=gate)
    (job,) = await claim_rows(driver, queue)
    await queue.set(job.id, state=WorkState.CANCELLED)

    while_held = await claim(driver, queue)
    await driver.end("a", [Ended(lease=job.lease, state=WorkState.QUEUED, refund=True)])

    assert while_held == []
    assert len(await claim(driver, queue)) == 1


async def test_jobs_of_stopped_workers_leave_their_gate(driver, queue, tenant):
    gate = await new_gate(queue, tenant, capacity=1)
    ids = await waiting(queue, 2, organization_id=tenant, gate=gate)
    await claim(driver, queue, "dead")
    await queue.shift(ids[0], -3_600_000)
    await driver.reap()

    assert len(await claim(driver, queue)) == 1


async def test_a_worker_starts_the_next_as_soon_as_the_gate_lets_it_in(queue, bus, tenant, start_worker):
    """Nothing is due later, and the workers' own look comes after sixteen seconds."""
    gate = await new_gate(queue, tenant, capacity=2)
    now = most = 0

    async def work(context):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1

    await waiting(queue, 30, organization_id=tenant, gate=gate)
    for concurrency in (1, 3):
        await start_worker(work=work, knobs={"lease_ms": 50_000, "concurrency": concurrency})
    await queue.emptied(14)

    assert most == 2


async def test_a_worker_waits_for_the_time_at_which_a_gate_opens(queue, bus, tenant, start_worker, database):
    gate = await new_gate(queue, tenant, opens_at=await database_time(database) + 700)
    job_id = await queue.add(organization_id=tenant, gate=gate)

    async def work(context):
        """Nothing."""

    await start_worker(work=work, knobs={"lease_ms": 50_000})
    row = await queue.reached(job_id, WorkState.SUCCEEDED, 14)

    async with database.read() as session:
        opened_at = (await session.get(Gate, gate)).opens_at
    assert row.started_at >= opened_at


async def test_opening_a_gate_wakes_the_workers(queue, bus, tenant, start_worker):
    gate = await new_gate(queue, tenant, opens_at=None)
    job_id = await queue.add(organization_id=tenant, gate=gate)

    async def work(context):
        """Nothing."""

    await start_worker(work=work, knobs={"lease_ms": 50_000})
    await asyncio.sleep(0.1)
    await change(queue, gate, opens_at=0)
    bus.wake(JOBS)

    await queue.reached(job_id, WorkState.SUCCEEDED, 14)


async def test_a_rate_of_before_the_clock_was_set_back_does_not_stop_a_gate(driver, queue, tenant, database):
    ahead = await database_time(database) + 3_600_000
    gate = await new_gate(queue, tenant, interval_ms=200, next_start_at=ahead)
    await waiting(queue, 2, organization_id=tenant, gate=gate)

    assert len(await claim(driver, queue)) == 1


async def test_many_lots_that_were_seen_before_hide_no_new_one_while_places_are_free(driver, queue, tenant):
    gates = [new_id() for _ in range(60)]
    for gate in gates:
        await waiting(queue, 1, organization_id=tenant, gate=gate)
    first = await claim(driver, queue, limit=30)
    late = await queue.add(organization_id=await other_organization(queue))

    rest = await claim(driver, queue, limit=60)

    assert (len(first), len(rest), late in rest) == (30, 31, True)
