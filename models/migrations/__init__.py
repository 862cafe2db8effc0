"""Migrations: bring a database to the schema of this version of the hub. There is no downgrade."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from models.database import WRITES, Database

_log = logging.getLogger("patchbay.migrations")
_HERE = Path(__file__).parent
_LOCK = 0x70617463_68626179  # "patchbay": differs from the advisory locks of other programs in the database


async def upgrade(database: Database, revision: str = "head") -> None:
    """Run the missing migrations up to `revision`, all or none. Other processes that migrate wait."""
    if database.is_sqlite:
        async with database.turn(), database.engine.connect() as connection:
            await _upgrade_sqlite(connection, revision)
        return
    patient = create_async_engine(database.url, hide_parameters=True)  # a migration has no time limit
    async with patient.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await connection.run_sync(_upgrade, revision)
    await patient.dispose()


async def current(database: Database) -> str | None:
    """The revision of the database; None before the first one."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def configuration(connection: Connection) -> Config:
    """Alembic's configuration without a file: the folder of revisions and the connection."""
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def _upgrade_sqlite(connection: AsyncConnection, revision: str) -> None:
    # SQLite changes a table by making a new one and dropping the old one, which would cascade to its
    # children. The pragma has no effect inside a transaction (sqlite.org/lang_altertable.html, section 7).
    await _switch_foreign_keys(connection, "OFF")
    try:
        await connection.execution_options(**{WRITES: True})
        async with connection.begin():
            await connection.run_sync(_upgrade, revision)
            await _refuse_dangling_references(connection)
    finally:
        await _switch_foreign_keys(connection, "ON")


async def _switch_foreign_keys(connection: AsyncConnection, state: str) -> None:
    raw: Any = await connection.get_raw_connection()
    await raw.driver_connection.execute(f"PRAGMA foreign_keys={state}")


async def _refuse_dangling_references(connection: AsyncConnection) -> None:
    dangling = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first()
    if dangling is not None:
        raise RuntimeError(f"The migration would leave table {dangling[0]} with a reference to nothing.")


def _upgrade(connection: Connection, revision: str) -> None:
    before = MigrationContext.configure(connection).get_current_revision()
    command.upgrade(configuration(connection), revision)
    after = MigrationContext.configure(connection).get_current_revision()
    if before != after:
        _log.info("migrated the database from %s to %s", before, after)
