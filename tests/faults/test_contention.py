"""Others in the way: tried again, then said with a code, and never half done."""

import asyncio
import time

import pytest
from sqlalchemy import text

from models.errors import Contended, Unavailable
from models.migrations import upgrade
from models.secret import Keyring
from resolvers.caller import Caller
from resolvers.mutations.organization import CreateOrganization, create_organization
from settings import Settings
from wiring import build_hub

FAIL = """
CREATE SEQUENCE tries;
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'in the way' USING ERRCODE = '{state}'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER fail BEFORE INSERT ON principal FOR EACH ROW EXECUTE FUNCTION fail()
"""
BACKENDS = {"postgresql": pytest.mark.parametrize("backend", ["postgresql"], scope="session", indirect=True),
            "sqlite": pytest.mark.parametrize("backend", ["sqlite"], scope="session", indirect=True)}  # fmt: skip
NEW = CreateOrganization(name="Acme", slug="acme")


@pytest.fixture
async def operator(empty_database, tmp_path):
    """The operator of a hub over a database of the test's own."""
    await upgrade(empty_database)
    url = empty_database.url.render_as_string(hide_password=False)
    hub = build_hub(Settings(home=tmp_path, database_url=url, master_keys=Keyring.generate()))
    yield Caller.operator(hub)
    await hub.recorder.close()
    await hub.database.close()


async def organizations(database):
    async with database.read() as session:
        return (await session.execute(text("SELECT count(*) FROM organization"))).scalar_one()


async def plant(database, times, state):
    async with database.write() as session:
        for statement in FAIL.format(times=times, state=state).split(";\nCREATE"):
            prefix = "" if statement.lstrip().startswith("CREATE") else "CREATE"
            await session.execute(text(prefix + statement))


@BACKENDS["postgresql"]
@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_serialization_failure_or_a_deadlock_is_tried_again(empty_database, operator, state):
    await plant(empty_database, 2, state)

    made = await create_organization(operator, NEW)

    assert made.organization.slug == "acme"
    assert await organizations(empty_database) == 1


@BACKENDS["postgresql"]
async def test_one_that_does_not_end_is_said_and_leaves_nothing(empty_database, operator):
    await plant(empty_database, 1000, "40001")

    with pytest.raises(Contended, match="at the same moment; try again"):
        await create_organization(operator, NEW)

    assert await organizations(empty_database) == 0


@BACKENDS["sqlite"]
async def test_a_file_that_another_process_writes_to_is_waited_for(empty_database, operator):
    other = empty_database.connect_sqlite()
    other.execute("BEGIN IMMEDIATE")

    making = asyncio.create_task(create_organization(operator, NEW))
    await asyncio.sleep(1)
    while_held = making.done()
    other.execute("COMMIT")
    other.close()

    assert not while_held
    assert (await making).organization.slug == "acme"


@BACKENDS["sqlite"]
async def test_a_file_that_another_process_does_not_let_go_of_is_said_and_nothing_is_left(empty_database, operator):
    other = empty_database.connect_sqlite()
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()

    with pytest.raises(Unavailable, match="cannot be reached now"):
        await create_organization(operator, NEW)

    waited = time.monotonic() - began
    other.execute("COMMIT")
    other.close()
    assert waited < 15
    assert await organizations(empty_database) == 0
