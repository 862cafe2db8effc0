"""The recorder on PostgreSQL: asyncpg's own statements, one round trip for intents or outcomes alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from models.database import Database
from resolvers.recorder import statements as parameters
from resolvers.recorder.group import GroupCommit
from resolvers.recorder.records import Existing, Intent, Key, KeyRelease, Outcome, Record, Recorded, TokenUse
from resolvers.recorder.statements import statements

_SQL: Final = statements(sqlite=False)
# SKIP LOCKED: the time of use is not worth waiting for another transaction, nor a deadlock with another group.
_NOTE_USE: Final = """
WITH used AS (SELECT id FROM connection WHERE id = $9 AND (last_used_at IS NULL OR last_used_at < $10)
 FOR NO KEY UPDATE SKIP LOCKED),
 touched AS (UPDATE connection SET last_used_at = $7 FROM used WHERE connection.id = used.id)"""
_OUTCOME_AND_USE: Final = _NOTE_USE + _SQL.update_outcome


class PostgresqlRecorder:
    """A recorder that borrows a connection of the engine's pool for each group."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._group = GroupCommit(self._write)

    async def write(self, batch: Sequence[Record]) -> Sequence[Recorded]:
        return await self._group.write(batch)

    async def close(self) -> None:
        """Wait for the last write. The engine closes the pool."""
        await self._group.drain()

    async def _write(self, batch: Sequence[Record]) -> Sequence[Recorded]:
        intents = [parameters.of_intent(one) for one in batch if isinstance(one, Intent) and one.key is None]
        outcomes = [parameters.of_outcome_and_use(one) for one in batch if isinstance(one, Outcome)]
        async with self._database.driver() as driver:
            if len(batch) in (len(intents), len(outcomes)):  # one executemany is one transaction
                await _write_many(driver, intents, outcomes)
                return [None] * len(batch)
            async with driver.transaction():
                await _write_many(driver, intents, outcomes)
                return [await _write_other(driver, record) for record in batch]


async def _write_many(driver: Any, intents: Sequence[Any], outcomes: Sequence[Any]) -> None:
    """Write all intents, then all outcomes: one round trip each, all rows of a kind or none."""
    if intents:
        await driver.executemany(_SQL.insert_intent, intents)
    if outcomes:
        await driver.executemany(_OUTCOME_AND_USE, outcomes)


async def _write_other(driver: Any, record: Record) -> Recorded:
    if isinstance(record, Intent) and record.key is not None:
        return await _write_keyed(driver, record, record.key)
    if isinstance(record, KeyRelease) and record.intent.key is not None:
        await driver.execute(_SQL.release_key, *parameters.of_release(record.intent, record.intent.key))
    if isinstance(record, TokenUse):
        await driver.execute(_SQL.touch_token, *parameters.of_token_use(record))
    return None


async def _write_keyed(driver: Any, intent: Intent, key: Key) -> Recorded:
    claimed = await driver.fetchrow(_SQL.claim_key, *parameters.of_claim(intent, key))
    if claimed is None:
        held = await driver.fetchrow(_SQL.read_key, *parameters.of_key(intent, key))
        return Existing(request_digest=held[0], result_id=held[1])
    await driver.execute(_SQL.insert_intent, *parameters.of_intent(intent))
    return None
