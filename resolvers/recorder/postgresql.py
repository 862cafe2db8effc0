"""The recorder on PostgreSQL: asyncpg's own statements, one round trip for a batch of one without a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from models.database import Database
from resolvers.recorder import statements as parameters
from resolvers.recorder.records import Existing, Intent, KeyRelease, Outcome, Record, Recorded
from resolvers.recorder.statements import statements

_SQL: Final = statements(sqlite=False)


class PostgresqlRecorder:
    """Borrows a connection of the engine's pool for each batch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, batch: Sequence[Record]) -> Sequence[Recorded]:
        """See `Recorder.write`."""
        async with self._database.driver() as driver:
            if len(batch) == 1 and isinstance(batch[0], Intent) and batch[0].key is None:
                await driver.execute(_SQL.insert_intent, *parameters.of_intent(batch[0]))
                return [None]
            async with driver.transaction():
                return [await _write_one(driver, record) for record in batch]

    async def close(self) -> None:
        """The pool is the engine's to close."""


async def _write_one(driver: Any, record: Record) -> Recorded:
    if isinstance(record, Intent):
        return await _write_intent(driver, record)
    if isinstance(record, Outcome):
        await driver.execute(_SQL.update_outcome, *parameters.of_outcome(record))
        if record.used_connection_id is not None:
            await driver.execute(_SQL.touch_connection, *parameters.of_used_connection(record))
        return None
    if isinstance(record, KeyRelease):
        if record.intent.key is not None:
            await driver.execute(_SQL.release_key, *parameters.of_release(record.intent, record.intent.key))
        return None
    await driver.execute(_SQL.touch_token, *parameters.of_token_use(record))
    return None


async def _write_intent(driver: Any, intent: Intent) -> Recorded:
    if intent.key is not None:
        claimed = await driver.fetchrow(_SQL.claim_key, *parameters.of_claim(intent, intent.key))
        if claimed is None:
            held = await driver.fetchrow(_SQL.read_key, *parameters.of_key(intent, intent.key))
            return Existing(request_digest=held[0], result_id=held[1])
    await driver.execute(_SQL.insert_intent, *parameters.of_intent(intent))
    return None
