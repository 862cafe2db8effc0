"""The two kinds of transaction."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from models.row import new_id
from models.tables import Organization
from tests.harness.backends import both, on_sqlite

pytestmark = both


async def _names(database):
    async with database.read() as session:
        return (await session.execute(select(col(Organization.name)))).scalars().all()


async def test_a_session_that_reads_refuses_a_changed_row(database, tenant):
    async with database.write() as session:
        (await session.get_one(Organization, tenant)).name = "Before"

    with pytest.raises(RuntimeError, match="only reads"):
        async with database.read() as session:
            (await session.get_one(Organization, tenant)).name = "After"

    assert "After" not in await _names(database)


async def test_a_session_that_reads_refuses_a_changed_row_though_it_has_read_since(database, tenant):
    async def change():
        async with database.read() as session:
            (await session.get_one(Organization, tenant)).name = "After"
            await session.execute(select(col(Organization.name)))

    with pytest.raises(RuntimeError, match="only reads"):
        await change()

    assert "After" not in await _names(database)


async def test_a_session_that_reads_refuses_a_new_row(database):
    with pytest.raises(RuntimeError, match="only reads"):
        async with database.read() as session:
            session.add(Organization(name="Lost", slug=f"lost-{new_id()}"))

    assert "Lost" not in await _names(database)


@on_sqlite
async def test_deleting_much_writes_little(empty_database):
    async with empty_database.write() as session:
        await session.execute(text("CREATE TABLE filled (bytes)"))
        await session.execute(text("INSERT INTO filled VALUES (zeroblob(8000000))"))
    connection = empty_database.connect_sqlite()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()

    async with empty_database.write() as session:
        await session.execute(text("DELETE FROM filled"))

    assert _log_size(empty_database) < 1_000_000


def _log_size(database) -> int:
    return Path(f"{database.url.database}-wal").stat().st_size
