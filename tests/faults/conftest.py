"""Fixtures: the operator of a hub over a database that others are in the way of."""

import pytest
from sqlalchemy import text

from hub.wiring import build_hub
from models.pace import Pace
from models.secret import Keyring
from resolvers.caller import Caller
from resolvers.people.organization import CreateOrganization
from settings import Settings
from tests.conftest import CATALOGUE
from tests.harness.databases import opened

#: For whatever has to come about: a busy machine takes long, and a test never waits for ever.
PATIENCE = 60.0
ACME = CreateOrganization(name="Acme", slug="acme")
FAIL = (
    "CREATE SEQUENCE tries",
    """CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'in the way' USING ERRCODE = '{state}'; END IF;
      RETURN NEW;
    END $$""",
    "CREATE TRIGGER fail BEFORE INSERT ON principal FOR EACH ROW EXECUTE FUNCTION fail()",
)


@pytest.fixture
def pace():
    """For tests to replace."""
    return Pace()


@pytest.fixture
async def operator(new_migrated_database, tmp_path, pace):
    """The operator of a hub that does not run, over a database of the test's own."""
    async with new_migrated_database() as url:
        keys = Keyring.generate()
        hub = build_hub(Settings(home=tmp_path, database_url=url, master_keys=keys, catalogue=CATALOGUE, pace=pace))
        yield Caller.operator(hub)
        await hub.recorder.close()
        await hub.database.close()


@pytest.fixture
async def beside(operator):
    """The operator's database, by connections of somebody else's."""
    async with opened(operator.hub.database.url.render_as_string(hide_password=False)) as database:
        yield database


async def organizations(database):
    """How many there are."""
    async with database.read() as session:
        return (await session.execute(text("SELECT count(*) FROM organization"))).scalar_one()


async def plant(database, times, state):
    """So many times from now on, PostgreSQL refuses to take a principal, for this reason."""
    async with database.write() as session:
        for statement in FAIL:
            await session.execute(text(statement.format(times=times, state=state)))
