"""The durable record of calls, written in batches straight on the driver.

Every write goes through `Recorder.write(batch)`: one transaction, durable when it returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from models.database import Database
from resolvers.recorder.postgresql import PostgresqlRecorder
from resolvers.recorder.records import Existing, Intent, Key, KeyRelease, Outcome, Record, Recorded, TokenUse
from resolvers.recorder.sqlite import SqliteRecorder

__all__ = [
    "Existing",
    "Intent",
    "Key",
    "KeyRelease",
    "Outcome",
    "Record",
    "Recorded",
    "Recorder",
    "TokenUse",
    "open_recorder",
]


class Recorder(Protocol):
    """A writer of batches of records."""

    async def write(self, batch: Sequence[Record]) -> Sequence[Recorded]:
        """Write a batch in one transaction. Answers for each record, in order: None, or the earlier use of its key.

        An Intent with a used key is not written; the rest of the batch is.
        """

    async def close(self) -> None:
        """Close its connection."""


def open_recorder(database: Database) -> Recorder:
    """The recorder of a database's own driver."""
    return SqliteRecorder(database) if database.is_sqlite else PostgresqlRecorder(database)
