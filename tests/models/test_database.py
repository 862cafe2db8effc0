"""The two kinds of transaction."""

import pytest
from sqlmodel import col, select

from models.row import new_id
from models.tables import Organization
from tests.harness.backends import both

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
