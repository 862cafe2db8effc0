"""The jobs of an older hub get their lots and their places in lanes, and its workers' jobs stay theirs."""

from sqlalchemy import select, text

from jobs.allotting import lot_name
from jobs.driver import open_driver
from jobs.job import Ended, Lease
from models.migrations import upgrade
from models.tables import Job
from models.vocabulary import WorkState
from tests.harness.backends import both

pytestmark = both
ACME = "a" * 24
ORGANIZATION = """INSERT INTO organization (id, created_at, updated_at, name, slug, custom_fields, return_urls,
 limits, audit_sequence, audit_hash) VALUES (:id, 1, 1, 'Acme', 'acme', '{}', '[]', '{}', 0, '')"""
OLD_JOB = """INSERT INTO job (id, created_at, updated_at, organization_id, queue, operation, caption, payload, state,
 priority, run_at, attempt, max_attempts, lane, lease_owner, lease_until, correlation_id) VALUES (:id, 1, 1,
 :organization, 'q', 'work', 'Work', '{}', :state, :priority, 1, :attempt, 5, :lane, :owner, :until, :id)"""


def old_job(number, *, organization=ACME, state="QUEUED", priority=0, lane=None, owner=None):
    held = owner is not None
    lease = {"owner": owner, "until": 4_000_000_000_000 if held else None, "attempt": int(held)}
    return {
        "id": f"{number:024x}", "organization": organization, "state": state, "priority": priority, "lane": lane,
        **lease,
    }  # fmt: skip


OLD = [
    old_job(1, lane="x"),
    old_job(2, lane="x", state="RUNNING", owner="w"),
    old_job(3, lane="x"),
    old_job(4, lane="x", state="SUCCEEDED"),
    old_job(5, lane="y", priority=-7),
    old_job(6, lane="y", priority=2**31 - 1),
    old_job(7, lane="z", state="CANCELLED", owner="w"),  # its worker does not know yet
    old_job(8, lane="z"),
    old_job(9, organization=None, priority=-(2**31)),
    old_job(10, state="FAILED"),
]


async def migrated(database):
    """The rows of jobs of revision 0021 as they are at the newest."""
    await upgrade(database, "0021")
    async with database.write() as session:
        await session.execute(text(ORGANIZATION), {"id": ACME})
        await session.execute(text(OLD_JOB), OLD)
    await upgrade(database)
    async with database.read() as session:
        return (await session.execute(select(Job).order_by(Job.id))).scalars().all()


async def test_have_the_lots_that_new_ones_have(empty_database):
    rows = await migrated(empty_database)

    assert [row.lot for row in rows] == [lot_name(row.organization_id, "", row.priority) for row in rows]
    assert {row.gate for row in rows} == {""}


async def test_keep_the_order_of_their_ids_behind_the_one_that_is_held(empty_database):
    rows = {int(row.id, 16): row for row in await migrated(empty_database)}

    assert {number: (row.position, row.blocked) for number, row in rows.items()} == {
        1: (2, True), 2: (1, False), 3: (3, True), 4: (0, False),
        5: (1, False), 6: (2, True), 7: (1, False), 8: (2, True), 9: (0, False), 10: (0, False),
    }  # fmt: skip


async def test_run_in_that_order(empty_database):
    rows = await migrated(empty_database)
    driver = open_driver(empty_database)

    for row in (row for row in rows if row.lease_owner):
        await driver.end("w", [Ended(lease=Lease(row.id, "w", 1, row.lane), state=WorkState.SUCCEEDED)])
    order = []
    while jobs := await driver.claim("new", "q", ("work",), 10, 15_000):
        order.append({int(job.id, 16) for job in jobs})
        await driver.end("new", [Ended(lease=job.lease, state=WorkState.SUCCEEDED) for job in jobs])
    await driver.close()

    assert order == [{1, 5, 8, 9}, {3, 6}]
