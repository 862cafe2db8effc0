"""Fixtures of tests of tables, which go past the operations."""

import pytest

from models.row import new_id
from models.tables import Organization


@pytest.fixture
async def tenant(database):
    """The id of an organization of the test's own."""
    async with database.write() as session:
        session.add(organization := Organization(name="Acme", slug=f"acme-{new_id()}"))
    return organization.id
