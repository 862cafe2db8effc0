"""`python -m models.migrations "What changes"` drafts the next revision; correct it by hand."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from models.database import Database
from models.migrations import configuration, upgrade

_VERSIONS = Path(__file__).parent / "versions"


async def draft(message: str) -> None:
    """Compare the models with a new database at the newest revision and write the difference as a migration."""
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite:///{directory}/draft.sqlite3")
        await upgrade(database)
        async with database.engine.connect() as connection:
            await connection.run_sync(_write, message)
        await database.close()


def _write(connection: Connection, message: str) -> None:
    greatest = max(int(file.name.partition("_")[0]) for file in _VERSIONS.glob("*.py"))  # numbers may be missing
    command.revision(configuration(connection), message, autogenerate=True, rev_id=f"{greatest + 1:04d}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('Say what the migration changes: python -m models.migrations "Add a colour to integrations"')
    asyncio.run(draft(sys.argv[1]))
