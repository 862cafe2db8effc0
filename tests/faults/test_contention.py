"""Others in the way: tried again, then said with a code, and never half done."""

import asyncio

import pytest

from models.errors import Contended, Unavailable
from models.pace import Pace
from resolvers.people.organization import create_organization
from tests.faults.conftest import ACME, PATIENCE, organizations, plant
from tests.harness.backends import on_postgresql, on_sqlite


@on_postgresql
@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_serialization_failure_or_a_deadlock_is_tried_again(operator, beside, state):
    await plant(beside, 2, state)

    made = await create_organization(operator, ACME)

    assert made.organization.slug == "acme"
    assert await organizations(beside) == 1


@on_postgresql
async def test_one_that_does_not_end_is_said_and_leaves_nothing(operator, beside):
    await plant(beside, 1000, "40001")

    with pytest.raises(Contended, match="at the same moment; try again"):
        await create_organization(operator, ACME)

    assert await organizations(beside) == 0


@on_sqlite
async def test_a_file_that_another_process_writes_to_is_waited_for(operator, beside):
    other = beside.connect_sqlite()
    other.execute("BEGIN IMMEDIATE")

    making = asyncio.create_task(create_organization(operator, ACME))
    await asyncio.wait([making], timeout=0.2)
    while_held = making.done()
    other.execute("COMMIT")
    other.close()
    async with asyncio.timeout(PATIENCE):
        made = await making

    assert not while_held
    assert made.organization.slug == "acme"


@on_sqlite
@pytest.mark.parametrize("pace", [Pace(database_statement=0.2)], ids=["soon"])
async def test_a_file_that_another_process_does_not_let_go_of_is_said_and_nothing_is_left(operator, beside):
    other = beside.connect_sqlite()
    other.execute("BEGIN IMMEDIATE")

    async with asyncio.timeout(PATIENCE):
        with pytest.raises(Unavailable, match="cannot be reached now"):
            await create_organization(operator, ACME)
    other.execute("COMMIT")
    other.close()

    assert await organizations(beside) == 0
