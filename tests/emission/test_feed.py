"""Readers of a feed miss no row: whatever commits late, whatever has the same stamp, wherever a page ends."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from models.errors import InvalidInput
from models.row import new_id
from models.secret import Keyring
from models.tables import Job
from models.vocabulary import WorkState
from resolvers.cursor import CursorCodec
from resolvers.emission.accept import accept
from resolvers.emission.feed import (
    BEGINNING,
    Position,
    event_cursor,
    feed_cursor,
    position_of,
    read_event_cursor,
    read_events,
    read_feed,
    read_feed_cursor,
)
from tests.emission.conftest import TRIES, Place
from tests.harness.backends import both, on_postgresql, on_sqlite
from tests.harness.waiting import eventually


def job(place: Place, row_id: str | None = None) -> Job:
    facts = {"queue": "none", "operation": "none", "caption": "None", "run_at": 0, "max_attempts": 1}
    return Job(id=row_id or new_id(), organization_id=place.id, state=WorkState.CANCELLED, **facts)


async def read(place: Place, after: Position = BEGINNING, limit: int = 100) -> list[Job]:
    async with place.database.read() as session:
        own = [col(Job.organization_id) == place.id]
        return await read_feed(session, Job, after=after, limit=limit, conditions=own)


@both
async def test_a_thousand_rows_with_one_stamp_are_read_in_batches_of_ten(place: Place) -> None:
    rows = [job(place) for _ in range(1_000)]
    await place.add(*rows)
    async with place.database.write() as session:
        await session.execute(update(Job).where(col(Job.organization_id) == place.id).values(feed=7))

    found: list[str] = []
    position = BEGINNING
    while page := await read(place, position, limit=10):
        found += [row.id for row in page]
        position = position_of(page[-1])

    assert found == sorted(row.id for row in rows)


@on_postgresql
async def test_a_row_that_commits_late_is_read_after_all(place: Place) -> None:
    async with place.database.write() as slow:
        early = job(place)
        slow.add(early)
        await slow.flush()
        late = job(place)
        await place.add(late)

        meanwhile = await read(place)

    found = await eventually(lambda: read(place))
    assert meanwhile == []
    assert [row.id for row in found] == [early.id, late.id]


@on_sqlite
async def test_a_row_with_the_stamp_of_the_moment_waits_for_lesser_ids_of_others(place: Place) -> None:
    """On SQLite two processes may write in one millisecond, the second with a lesser id."""
    async with place.database.write() as session:
        session.add(job(place, "f" * 24))
        await session.flush()
        await session.execute(text("UPDATE job SET feed = feed + 3600000000 WHERE id = :id"), {"id": "f" * 24})

    assert await read(place) == []
    async with place.database.write() as session:
        await session.execute(text("DELETE FROM job WHERE id = :id"), {"id": "f" * 24})


@both
async def test_events_are_read_by_their_sequence_whatever_their_ids_say(place: Place) -> None:
    drafts = [place.draft(id=new_id(moment)) for moment in (3_000, 1_000, 2_000)]
    for draft in drafts:
        await place.accept(draft)

    async with place.database.read() as session:
        first = await read_events(session, place.id, after=0, limit=2)
        second = await read_events(session, place.id, after=first[-1].sequence, limit=2)

    assert [event.id for event in (*first, *second)] == [draft.id for draft in drafts]


@on_postgresql
async def test_an_event_is_not_passed_by_while_an_earlier_one_is_not_committed(place: Place) -> None:
    async with place.database.write() as slow:
        first = place.draft()
        await accept(slow, [first], tries=TRIES)
        waiting = asyncio.create_task(place.accept(place.draft()))
        await asyncio.wait({waiting}, timeout=0.5)
        async with place.database.read() as session:
            meanwhile = await read_events(session, place.id, after=0, limit=10)

    await waiting
    async with place.database.read() as session:
        found = await read_events(session, place.id, after=0, limit=10)
    assert meanwhile == []
    assert [event.sequence for event in found] == [1, 2]
    assert found[0].id == first.id


def test_a_cursor_is_valid_for_its_own_feed_and_organization_alone() -> None:
    cursors = CursorCodec(Keyring.parse(Keyring.generate(1)))
    events, feed = event_cursor(cursors, "a" * 24, 7), feed_cursor(cursors, "jobs", Position(feed=3, id="b" * 24))

    assert read_event_cursor(cursors, "a" * 24, events, path=("after",)) == 7
    assert read_feed_cursor(cursors, "jobs", feed, path=("after",)) == Position(feed=3, id="b" * 24)
    for wrong in (events, feed, "", "AAAA"):
        with pytest.raises(InvalidInput):
            read_event_cursor(cursors, "c" * 24, wrong, path=("after",))
        with pytest.raises(InvalidInput):
            read_feed_cursor(cursors, "dispatches", wrong, path=("after",))
