"""The engine's statements are planned for the table as it is, however small it was when the worker started."""

from jobs.driver import open_driver
from models.database import Database
from tests.harness.backends import on_postgresql
from tests.jobs.conftest import claim_rows, end
from tests.jobs.test_gates import new_gate

pytestmark = on_postgresql


async def test_no_plan_of_a_statement_about_jobs_is_kept(queue, tenant, database_url):
    """PostgreSQL makes the plan that it keeps at the sixth execution. One of a small table reads the whole of it."""
    gate = await new_gate(queue, tenant)
    database = Database(database_url, pool_size=1)
    driver = open_driver(database)
    for number in range(7):
        await queue.add(organization_id=tenant, gate=gate, lane=queue.name)
        (job,) = await claim_rows(driver, queue)
        await end(driver, job, drop=bool(number % 2))
        await driver.reap()
        await driver.open_stranded("")
        await driver.next_due(queue.name, ("work",), 0)
    async with database.driver() as connection:
        kept = await connection.fetch("SELECT statement FROM pg_prepared_statements")
    await database.close()

    assert [row[0] for row in kept if " job" in row[0]] == []
    assert [row[0] for row in kept if " gate" in row[0]] != []
