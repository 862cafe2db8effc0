"""A disk that is full or fails, as each database says it."""

import pytest
from sqlalchemy import text

from models.errors import Unavailable
from models.writer import SqliteWriter
from resolvers.people.organization import create_organization
from tests.faults.conftest import ACME, organizations, plant
from tests.harness.backends import on_postgresql, on_sqlite


@on_sqlite
async def test_a_file_that_may_not_grow_refuses_whoever_writes(empty_database):
    """As SQLite says it of a full disk, through the session and through the writer of records and jobs."""
    writer = SqliteWriter(empty_database, "writer")

    def fill(connection):
        connection.execute("CREATE TABLE filled (bytes)")
        connection.execute("PRAGMA max_page_count = 10")
        connection.execute("INSERT INTO filled VALUES (zeroblob(1000000))")

    with pytest.raises(Unavailable, match="disk is full") as by_writer:
        await writer.write(fill)
    with pytest.raises(Unavailable, match="disk is full") as by_session:
        async with empty_database.write() as session:
            await (await session.connection()).run_sync(lambda connection: fill(connection.connection.cursor()))
    async with empty_database.read() as session:
        tables = (await session.execute(text("SELECT count(*) FROM sqlite_schema"))).scalar_one()
    await writer.close()

    assert by_writer.value.__cause__.sqlite_errorname == "SQLITE_FULL"
    assert by_session.value.__cause__.sqlite_errorname == "SQLITE_FULL"
    assert tables == 0


@on_postgresql
@pytest.mark.parametrize("state", ["53100", "58030"])
async def test_a_full_or_failing_disk_of_postgresql_refuses(operator, beside, state):
    await plant(beside, 1, state)

    with pytest.raises(Unavailable, match="disk is full or fails, so nothing was changed"):
        await create_organization(operator, ACME)

    assert await organizations(beside) == 0
    assert (await create_organization(operator, ACME)).organization.slug == "acme"
