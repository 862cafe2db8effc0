"""Migrations make the tables that the models describe, by the database's own account of them."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models.database import WRITES
from models.migrations import current, upgrade
from models.tables import metadata
from tests.harness.backends import both, on_sqlite
from tests.harness.databases import opened
from tests.harness.definitions import clauses, definitions, differences

pytestmark = both

ROOT = Path(__file__).parents[2]
NEWEST = max(file.stem[:4] for file in (ROOT / "models/migrations/versions").glob("*.py"))
ORPHAN = (
    "INSERT INTO place (id, organization_id, created_at, updated_at, kind, name, name_key, details)"
    " VALUES ('000000000000000000000001', '00000000000000000000000f', 0, 0, 'SPACE', 'Lost', 'lost', '{}')"
)

UPGRADE_UNTIL_KILLED = """
import asyncio, os, signal, sys
from sqlalchemy import Engine, event
from models.database import Database
from models.migrations import upgrade

@event.listens_for(Engine, "before_cursor_execute")
def die(connection, cursor, statement, *_):
    if "CREATE TABLE workspace" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

database = Database(sys.argv[1])
asyncio.run(upgrade(database))
"""

PLANTED = {
    "sqlite": {
        "a partial index without its condition": (
            ["DROP INDEX uq_integration_slug",
             "CREATE UNIQUE INDEX uq_integration_slug ON integration (organization_id, slug)"],
            ["other uq_integration_slug"],
        ),
        "another CHECK": (
            ["PRAGMA writable_schema=ON",
             "UPDATE sqlite_master SET sql = replace(sql, 'ELSE 1 END) = 1', 'ELSE 1 END) = 2')"
             " WHERE name = 'token'"],
            ["table token"],
        ),
        "another collation": (
            ["PRAGMA writable_schema=ON",
             "UPDATE sqlite_master SET sql = replace(sql, 'name_key TEXT', 'name_key TEXT COLLATE NOCASE')"
             " WHERE name = 'place'"],
            ["table place"],
        ),
        "an index dropped": (["DROP INDEX ix_share_principal_id_integration_id"],
                             ["other ix_share_principal_id_integration_id"]),
    },
    "postgresql": {
        "a partial index without its condition": (
            ["DROP INDEX uq_integration_slug",
             "CREATE UNIQUE INDEX uq_integration_slug ON integration (organization_id, slug)"],
            ["index integration.uq_integration_slug"],
        ),
        "another CHECK": (
            ["ALTER TABLE connection DROP CONSTRAINT ck_connection_per_user_has_principal",
             "ALTER TABLE connection ADD CONSTRAINT ck_connection_per_user_has_principal"
             " CHECK ((mode = 'SHARED') = (principal_id IS NOT NULL))"],
            ["constraint connection.ck_connection_per_user_has_principal"],
        ),
        "another collation": (
            ['ALTER TABLE place ALTER COLUMN name_key TYPE TEXT COLLATE "POSIX"'],
            ["column place.name_key"],
        ),
        "an index dropped": (["DROP INDEX ix_share_principal_id_integration_id"],
                             ["index share.ix_share_principal_id_integration_id"]),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
async def described(new_database):
    """The definitions that the models themselves make."""
    # A copy: a constraint that PostgreSQL has made later is left out of the tables from then on, on SQLite too.
    tables = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        table.to_metadata(tables)
    async with new_database() as url, opened(url) as database:
        async with database.engine.connect() as connection:
            await connection.execution_options(**{WRITES: True})
            async with connection.begin():
                await connection.run_sync(tables.create_all)
        return await definitions(database)


async def test_migrations_make_what_the_models_describe(described, empty_database):
    await upgrade(empty_database)

    migrated = await definitions(empty_database)

    assert migrated == described
    assert len(migrated) > 100


@pytest.mark.parametrize("change", PLANTED["sqlite"])
async def test_comparison_finds_a_planted_change(described, empty_database, backend, change):
    statements, expected = PLANTED[backend][change]
    await upgrade(empty_database)

    async with empty_database.write() as session:
        for statement in statements:
            await session.execute(text(statement))

    assert differences(await definitions(empty_database), described) == expected


async def test_upgrading_twice_changes_nothing(empty_database):
    await upgrade(empty_database)
    once = await definitions(empty_database)

    await upgrade(empty_database)

    assert await definitions(empty_database) == once
    assert await current(empty_database) == NEWEST


async def test_an_empty_database_is_at_no_revision(empty_database):
    assert await current(empty_database) is None


async def test_a_process_killed_while_it_migrates_leaves_nothing_behind(described, empty_database):
    url = empty_database.url.render_as_string(hide_password=False)
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", UPGRADE_UNTIL_KILLED, url, cwd=ROOT)
    code = await child.wait()
    after_the_kill = await definitions(empty_database)
    await upgrade(empty_database)

    assert code == -signal.SIGKILL
    assert after_the_kill == {}
    assert await definitions(empty_database) == described


async def test_a_migration_that_breaks_leaves_nothing_behind(empty_database):
    async with empty_database.write() as session:
        await session.execute(text("CREATE TABLE workspace (taken INTEGER)"))
    before = await definitions(empty_database)

    with pytest.raises(DBAPIError, match="workspace"):
        await upgrade(empty_database)

    assert await definitions(empty_database) == before
    assert await current(empty_database) is None


def test_clauses_split_at_outer_commas_only():
    statement = "CREATE TABLE t (\n\tb VARCHAR(2) DEFAULT ',(', \n\ta INTEGER, CHECK (a IN (1, 2))\n)"

    assert clauses(statement) == ["CHECK (a IN (1, 2))", "a INTEGER", "b VARCHAR(2) DEFAULT ',('"]


@on_sqlite
async def test_refuses_to_leave_a_reference_to_nothing(empty_database):
    await upgrade(empty_database)
    async with empty_database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        await raw.driver_connection.execute("PRAGMA foreign_keys=OFF")
        await connection.exec_driver_sql(ORPHAN)
        await connection.commit()
        await raw.driver_connection.execute("PRAGMA foreign_keys=ON")

    with pytest.raises(RuntimeError, match="place with a reference to nothing"):
        await upgrade(empty_database)


async def test_references_are_watched_again_after_a_migration(empty_database):
    await upgrade(empty_database)

    with pytest.raises(IntegrityError):
        async with empty_database.write() as session:
            await session.execute(text(ORPHAN))

    async with empty_database.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM place"))).scalar_one() == 0
