"""Sequences: numbers of events in the order of commit, without gaps, for each organization and each entity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound
from resolvers.emission.draft import Draft

# The row of the organization first: later rows refer to it, and an operation that has locked it may be waiting for
# the counter.
_TAKE_POSTGRESQL: Final = """WITH held AS MATERIALIZED (
 SELECT id FROM organization WHERE id = ANY($1::char(24)[]) ORDER BY id FOR KEY SHARE)
INSERT INTO event_sequence AS s (organization_id, sequence)
SELECT d.id, d.events FROM unnest($1::char(24)[], $2::bigint[]) AS d (id, events) JOIN held ON held.id = d.id
ORDER BY d.id
ON CONFLICT (organization_id) DO UPDATE SET sequence = s.sequence + excluded.sequence
RETURNING organization_id, sequence"""
_TAKE_SQLITE: Final = """INSERT INTO event_sequence AS s (organization_id, sequence)
SELECT value ->> 0, value ->> 1 FROM json_each(?) JOIN organization o ON o.id = value ->> 0 WHERE true
ON CONFLICT (organization_id) DO UPDATE SET sequence = s.sequence + excluded.sequence
RETURNING organization_id, sequence"""
_ENTITIES: Final = """INSERT INTO entity_sequence AS s (organization_id, entity_id, sequence, used_at)
SELECT {columns} FROM {source}
ON CONFLICT (organization_id, entity_id) DO UPDATE SET sequence = s.sequence + excluded.sequence,
 used_at = excluded.used_at
RETURNING organization_id, entity_id, sequence"""
_ENTITIES_POSTGRESQL: Final = _ENTITIES.format(
    columns="d.*",
    source="unnest($1::char(24)[], $2::varchar[], $3::bigint[], $4::bigint[]) AS d",
)
_ENTITIES_SQLITE: Final = _ENTITIES.format(
    columns="value ->> 0, value ->> 1, value ->> 2, value ->> 3", source="json_each(?) WHERE true"
)


async def hold_sequence(session: AsyncSession, organization_id: str) -> int:
    """Lock an organization's counter until the end of the transaction: no event is accepted until then.

    Answers the number of its newest event, 0 if there is none. Raises NotFound if the organization does not exist.
    """
    return (await _take(session, {organization_id: 0}))[organization_id]


async def take_sequences(session: AsyncSession, drafts: Sequence[Draft]) -> list[tuple[int, int]]:
    """The `sequence` and `entitySequence` of each draft, in their order.

    It locks the counters of their organizations, in one order in every process, until the end of the transaction.
    Raises NotFound if an organization does not exist any more.
    """
    newest = await _take(session, Counter(draft.organization_id for draft in drafts))
    entities = await _take_of_entities(session, drafts)
    numbers = []
    for draft in reversed(drafts):
        entity = (draft.organization_id, draft.entity_id)
        numbers.append((newest[draft.organization_id], entities[entity]))
        newest[draft.organization_id] -= 1
        entities[entity] -= 1
    return numbers[::-1]


async def _take(session: AsyncSession, counts: dict[str, int]) -> dict[str, int]:
    """Raise the counters. Answers their values."""
    columns = list(zip(*sorted(counts.items()), strict=True))
    rows = await _execute(session, _TAKE_POSTGRESQL, _TAKE_SQLITE, columns)
    found = dict(rows)
    if len(found) < len(counts):
        raise NotFound("organization")
    return found


async def _take_of_entities(session: AsyncSession, drafts: Sequence[Draft]) -> dict[tuple[str, str], int]:
    counts = Counter((draft.organization_id, draft.entity_id) for draft in drafts)
    times = {(draft.organization_id, draft.entity_id): draft.created_at for draft in drafts}
    columns = list(zip(*((*entity, count, times[entity]) for entity, count in sorted(counts.items())), strict=True))
    rows = await _execute(session, _ENTITIES_POSTGRESQL, _ENTITIES_SQLITE, columns)
    return {(organization_id, entity_id): sequence for organization_id, entity_id, sequence in rows}


async def _execute(session: AsyncSession, postgresql: str, sqlite: str, columns: Sequence[Sequence[Any]]) -> Any:
    """The rows of a statement that takes its input as columns: arrays on PostgreSQL, rows of JSON on SQLite."""
    connection = await session.connection()
    if connection.dialect.name == "sqlite":
        rows = orjson.dumps(list(zip(*columns, strict=True))).decode()
        return (await connection.exec_driver_sql(sqlite, (rows,))).all()
    return (await connection.exec_driver_sql(postgresql, tuple(list(column) for column in columns))).all()
