"""Events from before they had numbers and bodies get both, in the order of their ids."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from models.database import Database
from models.migrations import upgrade
from models.row import new_id
from tests.harness.backends import both

pytestmark = both
ORGANIZATION = (
    "INSERT INTO organization (id, created_at, updated_at, slug, name, custom_fields, return_urls, limits,"
    " audit_sequence, audit_hash) VALUES (:id, 0, 0, :slug, 'Old', '{}', '[]', '{}', 0, '')"
)
EVENT = (
    "INSERT INTO event (id, created_at, organization_id, type, entity_id, payload, source, app_visible,"
    " correlation_id, depth) VALUES (:id, 1700000000007, :organization, 'Shop.SOLD', :entity, :payload, 'HUB', false,"
    " :id, 0)"
)
#: More than the migration holds in memory at once.
MANY = 1_203


@pytest.fixture
async def old(empty_database: Database) -> Database:
    await upgrade(empty_database, "0021")
    return empty_database


async def test_old_events_are_numbered_and_frozen_in_the_order_of_their_ids(old: Database) -> None:
    organizations = ["a" * 24, "b" * 24]
    made = [new_id() for _ in range(MANY)]
    rows = [
        {"id": made[n], "organization": organizations[n % 3 == 0], "entity": str(n % 5), "payload": _payload(n)}
        for n in range(MANY)
    ]
    async with old.write() as session:
        for organization in organizations:
            await session.execute(text(ORGANIZATION), {"id": organization, "slug": organization})
        await session.execute(text(EVENT), rows[::-1])

    await upgrade(old)

    async with old.read() as session:
        kept = text("SELECT id, sequence, entity_sequence, body FROM event WHERE organization_id = :id ORDER BY id")
        events = (await session.execute(kept, {"id": organizations[0]})).all()
        counters = (await session.execute(text("SELECT organization_id, sequence FROM event_sequence"))).all()
        entity = text("SELECT sequence, used_at FROM entity_sequence WHERE organization_id = :id AND entity_id = '1'")
        counter = (await session.execute(entity, {"id": organizations[0]})).one()
    mine = [n for n in range(MANY) if n % 3]
    assert [event.sequence for event in events] == list(range(1, len(mine) + 1))
    assert dict(tuple(row) for row in counters) == {organizations[0]: len(mine), organizations[1]: MANY - len(mine)}
    last = [n for n in mine if n % 5 == 1][-1]
    place, number = mine.index(last), len([n for n in mine if n % 5 == 1])
    assert tuple(counter) == (number, 1_700_000_000_007)
    assert events[place].body == (
        f'{{"id":"{made[last]}","type":"Shop.SOLD","timestamp":"2023-11-14T22:13:20.007Z","entityId":"1",'
        f'"sequence":{place + 1},"entitySequence":{number},"data":{_payload(last)}}}'
    )


def _payload(number: int) -> str:
    return f'{{"z":1.0,"n":{number}}}'
