"""Events of many emitters: one commit for those that wait, one fate for each, one order for all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from jobs.bus import Bus
from models.database import Database
from models.errors import NotFound
from models.row import new_id
from models.tables import Webhook
from proxy.expressions import Budget, Expressions
from resolvers.emission.accept import Accepted, accept
from resolvers.emission.emitter import Emission, Emitter, KeyUse
from resolvers.emission.filters import Filters
from resolvers.recorder import Existing, Key
from tests.emission.conftest import TRIES, Place
from tests.harness.backends import both
from tests.harness.databases import opened

pytestmark = both
LATE = 5_000


@pytest.fixture
async def new_emitter(database_url: str) -> AsyncIterator[Any]:
    """Makes emitters that share the database alone, as those of two processes do."""
    async with AsyncExitStack() as stack:

        async def new() -> Emitter:
            database: Database = await stack.enter_async_context(opened(database_url))
            expressions = Expressions(Budget())
            stack.callback(expressions.close)
            emitter = Emitter(database, Bus(database), expressions)
            stack.push_async_callback(emitter.close)
            return emitter

        yield new


@pytest.fixture
async def emitter(new_emitter) -> Emitter:
    return await new_emitter()


def use(place: Place, key: str, digest: str = "0" * 64) -> KeyUse:
    owned = Key(owner_id=place.id, operation="emit_event", key=key, expires_at=2**42)
    return KeyUse(organization_id=place.id, key=owned, digest=digest)


def emission(place: Place, key: str | None = None, **facts: Any) -> Emission:
    return Emission(draft=place.draft(**facts), tries=TRIES, use=None if key is None else use(place, key))


async def test_the_same_key_makes_one_event_and_one_fan_out_in_two_processes(place: Place, new_emitter) -> None:
    await place.webhook()
    emitters = [await new_emitter(), await new_emitter()]

    results = await asyncio.gather(*(emitters[n % 2].emit(emission(place, f"k{n // 2 % 3}")) for n in range(60)))

    events = await place.events()
    accepted = [one for one in results if isinstance(one, Accepted)]
    assert len(events) == len(accepted) == len(await place.deliveries()) == len(await place.jobs()) == 3
    assert {one.result_id for one in results if isinstance(one, Existing)} == {event.id for event in events}
    assert [event.sequence for event in events] == [1, 2, 3]


async def test_a_used_key_stays_used_after_its_deliveries_are_gone(place: Place, emitter: Emitter) -> None:
    await place.webhook()
    first = await emitter.emit(emission(place, "k"))
    async with place.database.write() as session:
        await session.execute(text("DELETE FROM delivery WHERE organization_id = :id"), {"id": place.id})

    again = await emitter.emit(emission(place, "k"))

    assert isinstance(first, Accepted)
    assert isinstance(again, Existing)
    assert again.result_id == first.event.id
    assert await place.deliveries() == []


async def test_one_bad_event_does_not_fail_those_that_are_accepted_with_it(place: Place, emitter: Emitter) -> None:
    good = [emission(place, entity_id=str(number)) for number in range(10)]
    bad = Emission(draft=place.draft(organization_id=new_id()), tries=TRIES)

    results = await asyncio.gather(*map(emitter.emit, [*good[:5], bad, *good[5:]]), return_exceptions=True)

    assert [type(one) for one in results] == [Accepted] * 5 + [NotFound] + [Accepted] * 5
    assert [event.sequence for event in await place.events()] == list(range(1, 11))


async def test_those_that_wait_for_a_commit_go_into_the_next_one(place: Place, emitter: Emitter) -> None:
    await asyncio.gather(*(emitter.emit(emission(place)) for _ in range(50)))

    events = await place.events()
    assert [event.sequence for event in events] == list(range(1, 51))
    if not place.database.is_sqlite:  # there a stamp is a transaction
        assert len({event.feed for event in events}) <= 3


async def test_sequences_are_the_order_of_acceptance_whatever_the_clocks_say(place: Place, new_emitter) -> None:
    """Two processes, one 5 s behind and one 5 s ahead, whose events are awaited in turn."""
    emitters = [await new_emitter(), await new_emitter()]
    now = place.draft().created_at
    accepted = []

    for number in range(40):
        at = now + number + (LATE if number % 2 else -LATE)
        accepted.append(await emitters[number % 2].emit(emission(place, id=new_id(at), created_at=at)))

    events = await place.events()
    assert [event.id for event in events] == [one.event.id for one in accepted]
    assert [event.entity_sequence for event in events] == list(range(1, 41))
    assert [f'"sequence":{event.sequence},"entitySequence":{event.sequence},' in event.body for event in events] == (
        [True] * 40
    )
    assert sorted(event.id for event in events) != [event.id for event in events]


async def test_no_reader_meets_event_delivery_or_job_without_the_others(place: Place, database: Database) -> None:
    await place.webhook()
    over = False
    met: list[int] = []
    counted = text(
        "SELECT (SELECT count(*) FROM job WHERE organization_id = :id),"
        " (SELECT count(*) FROM delivery WHERE organization_id = :id),"
        " (SELECT count(*) FROM event WHERE organization_id = :id)"
    )

    async def spin() -> None:
        while not over:
            async with database.read() as session:
                jobs, deliveries, events = (await session.execute(counted, {"id": place.id})).one()
            assert jobs == deliveries == events
            met.append(jobs)

    async def emit() -> None:
        async with database.write() as session:
            await accept(session, [place.draft() for _ in range(10)], tries=TRIES)
            await asyncio.sleep(0.01)

    readers = [asyncio.create_task(spin()) for _ in range(4)]
    await asyncio.gather(*(emit() for _ in range(20)))
    over = True
    await asyncio.gather(*readers)

    assert len(await place.jobs()) == 200
    assert len(set(met)) > 1


async def test_a_filter_is_judged_beforehand_once_it_is_known(place: Place, emitter: Emitter) -> None:
    large, all_of_them = await place.webhook(filter="payload.total > `100`"), await place.webhook()
    first, small, big = (emission(place, data={"total": total}) for total in (1, 7, 700))

    results = [await emitter.emit(one) for one in (first, small, big)]

    found = {(one.webhook_id, one.sequence, one.unjudged) for one in await place.deliveries()}
    plain = {(all_of_them.id, sequence, False) for sequence in (1, 2, 3)}
    assert found == plain | {(large.id, 1, True), (large.id, 3, False)}
    assert [one.queued_deliveries for one in results if isinstance(one, Accepted)] == [2, 1, 2]


async def test_a_filter_that_has_changed_meanwhile_is_judged_by_the_job(place: Place, emitter: Emitter) -> None:
    webhook = await place.webhook(filter="payload.total > `100`")
    await emitter.emit(emission(place))
    async with place.database.write() as session:
        await session.execute(update(Webhook).where(col(Webhook.id) == webhook.id).values(filter="payload.total"))

    await emitter.emit(emission(place))

    assert [(one.sequence, one.unjudged) for one in await place.deliveries()] == [(1, True), (2, True)]


async def test_a_filter_that_fails_takes_no_event_and_is_counted_and_others_are_not_affected(
    place: Place, emitter: Emitter
) -> None:
    faulty, other = await place.webhook(filter="payload.total > `100`"), await place.webhook()
    await emitter.emit(emission(place))
    now = place.draft().created_at

    for second in (0, 1, 2, 61):
        at = now + second * 1_000
        await emitter.emit(emission(place, data={"total": "7"}, created_at=at, id=new_id(at)))
        row = next(one for one in await place.rows(Webhook) if one.id == faulty.id)
        assert row.filter_faults == (4 if second == 61 else 1)

    assert row.filter_fault is not None
    assert "`payload.total > `100`` does not fit this value" in row.filter_fault
    counted = [one.webhook_id for one in await place.deliveries()]
    assert (counted.count(faulty.id), counted.count(other.id)) == (1, 5)


async def test_filters_beyond_their_time_are_left_to_the_jobs(place: Place, database: Database) -> None:
    expressions = Expressions(Budget())
    filters = Filters(database, expressions)
    await place.webhook(filter="payload.total")
    (accepted,) = await place.accept(place.draft())
    filters.learn(place.id, accepted.receivers)

    in_time, too_late = [await filters.judge(place.draft(), seconds=seconds) for seconds in (30, 0)]

    expressions.close()
    assert list(in_time.values()) == [True]
    assert too_late == {}
