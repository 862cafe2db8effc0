"""Keeping: old events, payloads, deliveries and dispatches go in small bites; whatever still waits stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlmodel import SQLModel, col

from models.row import new_id
from models.tables import Attempt, Delivery, Dispatch, EntitySequence, Event, Webhook
from models.vocabulary import DispatchOutcome, HttpMethod, Source, WorkState
from resolvers.caller import Caller
from resolvers.events.keeping import (
    expire_deliveries,
    expire_dispatches,
    expire_entity_counters,
    expire_events,
    expire_payloads,
)
from resolvers.expiry import DAY_MS, SWEPT, Sweep, Swept
from resolvers.hub import Hub, Keeping
from tests.harness.backends import both
from tests.harness.statements import counted

pytestmark = both
#: Rows of these tests are older than anything that another test has, and go first.
NOW = 400 * DAY_MS
OLD, YOUNG = NOW - 91 * DAY_MS, NOW - 89 * DAY_MS


@pytest.fixture
def keeper(hub) -> Caller:
    """The hub in the year 1971, when nothing else of the database is old."""
    wired: Hub = hub.app.state.hub
    return Caller.of_hub(replace(wired, clock=lambda: NOW, keeping=Keeping(payloads=30)))


class History:
    """Rows of an organization, as old as a test wants them."""

    def __init__(self, database: Any, organization_id: str) -> None:
        self.database, self.organization_id, self.sequence = database, organization_id, 1_000_000

    async def events(self, at: int, number: int = 1) -> list[str]:
        """The ids of new events."""
        rows = [self._event(at) for _ in range(number)]
        await self._insert(Event, rows)
        return [row["id"] for row in rows]

    async def webhook(self) -> str:
        """The id of a new webhook."""
        row = Webhook(organization_id=self.organization_id, name="Orders", url="https://a.example", secrets=b"x")
        async with self.database.write() as session:
            session.add(row)
        return row.id

    async def delivery(self, at: int, webhook: str, event: str, state: WorkState, finished_at: int | None) -> str:
        """The id of a new delivery with an attempt."""
        row = Delivery(
            id=new_id(at),
            created_at=at,
            organization_id=self.organization_id,
            webhook_id=webhook,
            event_id=event,
            event_type="Shop.PAID",
            entity_id="1",
            sequence=1,
            state=state,
            finished_at=finished_at,
            correlation_id=event,
        )
        attempt = Attempt(
            organization_id=self.organization_id,
            delivery_id=row.id,
            webhook_id=webhook,
            number=1,
            url="https://a.example",
            created_at=at,
        )
        async with self.database.write() as session:
            session.add(row)
            await session.flush()
            session.add(attempt)
        return row.id

    async def left(self, model: type[SQLModel]) -> list[str]:
        """The ids of the rows that are left, in order."""
        chosen = select(model.id).where(model.organization_id == self.organization_id).order_by(model.id)
        async with self.database.read() as session:
            return list((await session.execute(chosen)).scalars())

    async def bodies(self) -> list[str | None]:
        """The bodies of its events, in order."""
        chosen = select(Event.body).where(col(Event.organization_id) == self.organization_id).order_by(Event.id)
        async with self.database.read() as session:
            return list((await session.execute(chosen)).scalars())

    def _event(self, at: int) -> dict[str, Any]:
        self.sequence += 1
        return {
            "id": new_id(at),
            "created_at": at,
            "organization_id": self.organization_id,
            "type": "Shop.PAID",
            "entity_id": "1",
            "sequence": self.sequence,
            "entity_sequence": self.sequence,
            "body": '{"data":{}}',
            "source": Source.GRAPHQL,
            "correlation_id": new_id(),
            "app_visible": False,
            "depth": 0,
        }

    async def _insert(self, model: type[SQLModel], rows: list[dict[str, Any]]) -> None:
        async with self.database.write() as session:
            await session.execute(insert(model), rows)


@pytest.fixture
async def history(database, organization) -> History:
    return History(database, organization.id)


async def to_the_end(hub: Any, keeper: Caller, expire: Any) -> list[Swept]:
    """The runs of a walk until one has not as many rows as a bite."""
    runs = [await hub.run(expire(keeper, Sweep(began_at=NOW)))]
    while runs[-1].more:
        runs.append(await hub.run(expire(keeper, runs[-1].sweep)))
    return runs


async def test_removes_old_events_but_those_with_a_delivery_that_waits(history, hub, keeper):
    old = await history.events(OLD, 3)
    young = await history.events(YOUNG)
    webhook = await history.webhook()
    await history.delivery(OLD, webhook, old[0], WorkState.QUEUED, None)
    await history.delivery(OLD, webhook, old[1], WorkState.SUCCEEDED, OLD)
    others = set(await history.left(Event)) - {*old, *young}

    await to_the_end(hub, keeper, expire_events)

    assert set(await history.left(Event)) == {old[0], *young, *others}


async def test_empties_events_whose_payload_is_not_kept(history, hub, keeper):
    await history.events(NOW - 31 * DAY_MS, 2)
    waiting, young = *await history.events(NOW - 31 * DAY_MS), *await history.events(NOW - 29 * DAY_MS)
    await history.delivery(OLD, await history.webhook(), waiting, WorkState.QUEUED, None)

    for _ in range(2):
        await to_the_end(hub, keeper, expire_payloads)

    assert [body is None for body in (await history.bodies())[:4]] == [True, True, False, False]
    assert young in await history.left(Event)


async def test_removes_deliveries_that_ended_long_ago_with_their_attempts(history, hub, keeper):
    webhook, (event, *events) = await history.webhook(), await history.events(YOUNG, 4)
    ago, lately = NOW - 31 * DAY_MS, NOW - 29 * DAY_MS
    kept = [
        await history.delivery(ago, webhook, events[0], WorkState.QUEUED, None),
        await history.delivery(ago, webhook, events[1], WorkState.SUCCEEDED, lately),
        await history.delivery(lately, webhook, events[2], WorkState.FAILED, lately),
    ]
    gone = await history.delivery(ago, webhook, event, WorkState.FAILED, ago)

    await to_the_end(hub, keeper, expire_deliveries)

    assert set(await history.left(Delivery)) == {*kept}
    assert gone not in kept
    assert len(await history.left(Attempt)) == len(kept)


async def test_goes_in_bites_and_goes_on_after_the_last(history, hub, keeper):
    ids = await history.events(OLD, SWEPT + 1)

    runs = await to_the_end(hub, keeper, expire_events)
    again = await hub.run(expire_events(keeper, runs[-1].sweep))

    assert [run.more for run in runs] == [True] * (len(runs) - 1) + [False]
    assert len(runs) >= 2
    assert max(run.changed for run in runs) <= SWEPT
    ends = [run.sweep.after for run in runs]
    assert ends == sorted(ends)
    assert ends[-1] >= max(ids)
    assert await history.left(Event) == []
    assert again == replace(again, changed=0, sweep=runs[-1].sweep, more=False)


async def test_a_walk_begins_anew_after_a_day_and_meets_what_waited(history, hub, keeper):
    (event,) = await history.events(OLD)
    late = Sweep(after=event, began_at=NOW - DAY_MS + 1)
    stays = await hub.run(expire_events(keeper, late))
    goes = await hub.run(expire_events(keeper, replace(late, began_at=NOW - DAY_MS)))

    assert (stays.changed, stays.sweep.after) == (0, event)
    assert goes.changed >= 1
    assert event not in await history.left(Event)


async def test_removes_old_dispatches_that_have_an_outcome(history, hub, keeper, database):
    facts = {"organization_id": history.organization_id, "source": Source.GRAPHQL, "method": HttpMethod.GET}
    facts |= {"url": "https://a.example", "request_digest": "", "correlation_id": new_id(), "deadline_at": 2**50}
    gone, open_one, young = (new_id(at) for at in (OLD, OLD, YOUNG))
    ended = {"outcome": DispatchOutcome.SUCCEEDED}
    async with database.write() as session:
        session.add_all(
            [
                Dispatch(id=gone, created_at=OLD, **facts, **ended),
                Dispatch(id=open_one, created_at=2**50, **facts),
                Dispatch(id=young, created_at=YOUNG, **facts, **ended),
            ]
        )

    await to_the_end(hub, keeper, expire_dispatches)

    assert set(await history.left(Dispatch)) == {open_one, young}


async def test_nothing_due_costs_one_look(history, hub, keeper):
    """The event was passed by earlier, when a delivery still waited."""
    await history.events(OLD)
    latest = Sweep(after="f" * 24, began_at=NOW)
    with counted(hub.app.state.hub.database, "SELECT", "DELETE") as sent:
        found = await hub.run(expire_events(keeper, latest))

    assert found == Swept(changed=0, sweep=latest, more=False)
    assert [statement.split()[0] for statement in sent] == ["SELECT"]


async def test_forgets_entities_without_events_for_400_days(history, hub, keeper, database):
    later = replace(keeper, hub=replace(keeper.hub, clock=lambda: 2 * NOW))
    row = {"organization_id": history.organization_id, "sequence": 7}
    rows = [row | {"entity_id": "old", "used_at": NOW - 1}, row | {"entity_id": "young", "used_at": NOW + 1}]
    async with database.write() as session:
        await session.execute(insert(EntitySequence), rows)

    await hub.run(expire_entity_counters(later))

    mine = col(EntitySequence.organization_id) == history.organization_id
    async with database.read() as session:
        left = (await session.execute(select(EntitySequence.entity_id).where(mine))).scalars().all()
    assert "young" in left
    assert "old" not in left
