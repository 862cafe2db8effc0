"""The hub's own definitions follow the catalogue's files; a hub whose files are wrong does not start."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import select
from sqlmodel import col

from hub.wiring import CATALOGUE, build_hub, prepare
from models.migrations import upgrade
from models.row import name_key
from models.secret import Keyring
from models.tables import Definition, Integration, Organization
from resolvers.caller import Caller
from resolvers.definitions.catalogue import read_catalogue
from resolvers.definitions.mutations import sync_catalogue
from resolvers.definitions.reading import read_definition
from settings import Settings
from tests.definitions.samples import DESK, PLAIN, changed
from tests.harness.backends import both
from tests.harness.programs import ROOT
from tests.harness.server import child_environment, free_port


@pytest.fixture
async def sync(empty_database, tmp_path):
    """Synchronises a database that has nothing else, and answers its definitions by vendor."""
    address = empty_database.url.render_as_string(hide_password=False)
    hub = build_hub(Settings(home=tmp_path, database_url=address, master_keys=Keyring.generate()))
    await upgrade(hub.database)

    async def synchronise(*given):
        await sync_catalogue(Caller.operator(hub), [read_definition(one) for one in given])
        async with empty_database.read() as session:
            return {row.vendor: row for row in (await session.execute(select(Definition))).scalars()}

    yield synchronise
    await hub.recorder.close()
    await hub.database.close()


@both
async def test_adds_changes_and_removes(sync):
    first = await sync(PLAIN, DESK)
    same = await sync(PLAIN, DESK)

    then = await sync(changed(PLAIN, name="Plainer"))

    assert {vendor: row.organization_id for vendor, row in first.items()} == {"plain": None, "desk": None}
    assert {vendor: row.updated_at for vendor, row in same.items()} == {
        vendor: row.updated_at for vendor, row in first.items()
    }
    assert {vendor: (row.id, row.name, row.name_key) for vendor, row in then.items()} == {
        "plain": (first["plain"].id, "Plainer", "plainer")
    }


@both
async def test_a_removed_vendor_that_is_used_is_deprecated_until_it_is_back(sync, empty_database):
    before = await sync(PLAIN)
    await _use(empty_database, before["plain"])

    gone = await sync()
    still_gone = await sync()
    back = await sync(PLAIN)

    assert [rows["plain"].deprecated for rows in (before, gone, still_gone, back)] == [False, True, True, False]
    assert back["plain"].id == before["plain"].id


async def test_the_real_catalogue_becomes_rows(empty_database, tmp_path):
    address = empty_database.url.render_as_string(hide_password=False)
    hub = build_hub(Settings(home=tmp_path, database_url=address, master_keys=Keyring.generate()))

    await prepare(hub, read_catalogue(CATALOGUE))
    await prepare(hub, read_catalogue(CATALOGUE))

    async with empty_database.read() as session:
        vendors = set((await session.execute(select(col(Definition.vendor)))).scalars())
    await hub.recorder.close()
    await hub.database.close()
    assert vendors == {definition.vendor for definition in read_catalogue(CATALOGUE)}


@pytest.mark.parametrize("command", [["server.py"], ["worker.py"], ["cli.py", "migrate"]], ids=lambda one: one[-1])
def test_does_not_start_with_a_file_that_is_wrong(tmp_path, fork, command):
    folder = tmp_path / "vendors"
    shutil.copytree(ROOT / "tests" / "catalogue", folder)
    (folder / "lake.yaml").write_text((folder / "lake.yaml").read_text().replace("BEARER", "MAGIC"))
    environment = child_environment(home=tmp_path, catalogue=folder, master_keys=Keyring.generate(), port=free_port())

    with (tmp_path / "said").open("w+b") as output:
        code = fork(command, environment, output, output).wait(60)
        output.seek(0)
        said = output.read().decode()

    assert code == 1
    assert "vendors/lake.yaml is not a valid definition. auth.type: It must be 'NONE', 'API_KEY'" in said
    assert "Traceback" not in said
    assert not (tmp_path / "patchbay.sqlite3").exists()


async def _use(database, definition: Definition) -> None:
    organization = Organization(name="O", slug="o")
    integration = Integration(
        organization_id=organization.id,
        handler="I",
        slug="i",
        name="I",
        name_key=name_key("I"),
        search_text="i",
        vendor=definition.vendor,
        definition_id=definition.id,
    )
    async with database.write() as session:
        session.add(organization)
        await session.flush()
        session.add(integration)
