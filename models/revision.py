"""The revision of a database, read without Alembic, which takes a quarter of a second to import."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from models.database import Database
from models.errors import Conflict
from models.opening import opening
from models.tables import metadata

VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"
_TABLE: Final = "alembic_version"
_NUMBER: Final = 4  # digits at the beginning of a file's name are its revision


def revisions() -> tuple[str, ...]:
    """The revisions of this version of the hub, oldest first."""
    return tuple(sorted(file.name[:_NUMBER] for file in VERSIONS.glob("[0-9]*.py")))


async def is_behind(database: Database) -> bool:
    """Whether migrations are missing. Changes nothing.

    Raises, with a sentence for the operator: Unavailable if the database cannot be opened; Conflict if it belongs to
    a newer hub or to another program.
    """
    with opening(database):
        async with database.engine.connect() as connection:
            revision = await connection.run_sync(_revision)
    known = revisions()
    if revision is not None and revision not in known:
        raise Conflict(
            f"The database is at revision {revision}, this version of the hub ends at {known[-1]}: a newer one has"
            " migrated it. Start the newer one, or restore a backup from before the migration."
        )
    return revision != known[-1]


async def require_migrated(database: Database) -> None:
    """Raises as `is_behind` does, and Conflict if migrations are missing."""
    if await is_behind(database):
        raise Conflict("The database is not migrated to this version of the hub: run `python cli.py migrate` first.")


def _revision(connection: Connection) -> str | None:
    there = set(inspect(connection).get_table_names())
    if _TABLE in there:
        return connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar()  # noqa: S608  a constant
    if taken := sorted(there & set(metadata.tables)):
        raise Conflict(
            f"The database has tables of another program, such as {taken[0]}: give the hub an empty database."
        )
    return None
