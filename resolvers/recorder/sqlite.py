"""The recorder on SQLite: one connection in one thread, one call to it for each group."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from models.database import Database
from models.writer import SqliteWriter
from resolvers.recorder import statements as parameters
from resolvers.recorder.group import GroupCommit
from resolvers.recorder.records import Existing, Intent, KeyRelease, Outcome, Record, Recorded
from resolvers.recorder.statements import statements

_SQL: Final = statements(sqlite=True)


class SqliteRecorder:
    """A recorder that takes turns with the other writers of the process."""

    def __init__(self, database: Database) -> None:
        self._writer = SqliteWriter(database, "recorder")
        self._group = GroupCommit(self._write)

    async def write(self, batch: Sequence[Record]) -> Sequence[Recorded]:
        return await self._group.write(batch)

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await self._group.drain()
        await self._writer.close()

    async def _write(self, batch: Sequence[Record]) -> Sequence[Recorded]:
        return await self._writer.write(lambda connection: [_write_one(connection, record) for record in batch])


def _write_one(connection: sqlite3.Connection, record: Record) -> Recorded:
    if isinstance(record, Intent):
        return _write_intent(connection, record)
    if isinstance(record, Outcome):
        connection.execute(_SQL.update_outcome, parameters.of_outcome(record))
        if record.used_connection_id is not None:
            connection.execute(_SQL.touch_connection, parameters.of_used_connection(record))
        return None
    if isinstance(record, KeyRelease):
        if record.intent.key is not None:
            connection.execute(_SQL.release_key, parameters.of_release(record.intent, record.intent.key))
        return None
    connection.execute(_SQL.touch_token, parameters.of_token_use(record))
    return None


def _write_intent(connection: sqlite3.Connection, intent: Intent) -> Recorded:
    if intent.key is not None:
        claimed = connection.execute(_SQL.claim_key, parameters.of_claim(intent, intent.key)).fetchone()
        if claimed is None:
            held = connection.execute(_SQL.read_key, parameters.of_key(intent, intent.key)).fetchone()
            return Existing(request_digest=held[0], result_id=held[1])
    connection.execute(_SQL.insert_intent, parameters.of_intent(intent))
    return None
