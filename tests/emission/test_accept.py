"""One transaction accepts an event: its numbers, its bytes, its deliveries and their jobs."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from models.errors import NotFound
from models.row import new_id
from models.tables import Event, Organization, Webhook
from models.vocabulary import IntegrationAccess, OrderFailure, Source, WebhookOrdering, WorkState
from resolvers.caller import Caller
from resolvers.emission.accept import accept
from resolvers.emission.sequences import hold_sequence
from resolvers.work import Work
from tests.emission.conftest import TRIES, Place
from tests.harness.backends import both, on_postgresql

pytestmark = both
#: Keys from z to a, numbers at the edge of what JSON readers keep, and letters that serializers escape differently.
ODD = {
    "z": "🎉 \u2028 \u2029 \u00a0 </script> \u0000 \x7f é e\u0301",
    "m": [1.0, 1e2, 2**53 + 1, -0.0, 1e-7, 18_446_744_073_709_551_615],
    "a": {"y": None, "b": {}, "": [[]]},
}
ODD_DATA = (
    '{"z":"🎉 \u2028 \u2029 \u00a0 </script> \\u0000 \x7f é e\u0301",'
    '"m":[1.0,100.0,9007199254740993,-0.0,1e-7,18446744073709551615],"a":{"y":null,"b":{},"":[[]]}}'
)


async def test_freezes_the_body_as_bytes_with_its_members_in_order(place: Place) -> None:
    draft = place.draft(created_at=1_700_000_000_007, entity_id="ø", data=ODD)

    await place.accept(draft)

    (event,) = await place.events()
    assert event.body == (
        f'{{"id":"{draft.id}","type":"Shop.SOLD","timestamp":"2023-11-14T22:13:20.007Z","entityId":"ø",'
        f'"sequence":1,"entitySequence":1,"data":{ODD_DATA}}}'
    )
    assert event.payload == ODD


async def test_an_expired_payload_is_none(place: Place) -> None:
    assert Event(body=None).payload is None


async def test_numbers_events_of_the_organization_and_of_each_entity(place: Place) -> None:
    entities = ["a", "b", "a", "a", "b"]

    first = await place.accept(*(place.draft(entity_id=entity) for entity in entities[:3]))
    second = await place.accept(*(place.draft(entity_id=entity) for entity in entities[3:]))

    events = [one.event for one in (*first, *second)]
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert [event.entity_sequence for event in events] == [1, 1, 2, 3, 2]
    assert [event.id for event in await place.events()] == [event.id for event in events]


async def test_a_rollback_leaves_no_gap_and_nothing_else(place: Place) -> None:
    await place.webhook()

    async def emit(number: int) -> None:
        async with place.database.write() as session:
            await accept(session, [place.draft(entity_id=str(number))], tries=TRIES)
            await asyncio.sleep(0.001 * (number % 3))
            if number % 4 == 0:
                raise RuntimeError("rolled back")

    await asyncio.gather(*(emit(number) for number in range(40)), return_exceptions=True)

    events = await place.events()
    assert [event.sequence for event in events] == list(range(1, 31))
    assert {event.entity_id for event in events} == {str(number) for number in range(40) if number % 4}
    assert len(await place.deliveries()) == len(await place.jobs()) == 30


async def test_drafts_of_several_organizations_are_counted_apart(place: Place, database) -> None:
    other = Place(database)
    other.id = (await _organization(place)).id
    drafts = [place.draft(), other.draft(), place.draft(), other.draft()]

    await place.accept(*drafts)

    for each, own in ((place, drafts[::2]), (other, drafts[1::2])):
        found = [(event.sequence, event.id) for event in await each.events()]
        assert found == [(1, own[0].id), (2, own[1].id)]


async def test_transactions_with_the_same_organizations_do_not_deadlock(place: Place, database) -> None:
    other = Place(database)
    other.id = (await _organization(place)).id

    async def emit(number: int) -> None:
        pair = [place.draft(), other.draft()]
        await place.accept(*(pair if number % 2 else reversed(pair)))

    await asyncio.gather(*(emit(number) for number in range(20)))

    for each in (place, other):
        assert [event.sequence for event in await each.events()] == list(range(1, 21))


async def test_nothing_is_accepted_for_an_organization_that_is_gone(place: Place) -> None:
    gone = place.draft(organization_id=new_id())

    with pytest.raises(NotFound):
        await place.accept(place.draft(), gone)

    assert await place.events() == []


async def test_makes_one_delivery_and_one_job_for_each_webhook_that_takes_the_event(place: Place) -> None:
    one = await place.webhook(name="One")
    ordered = await place.webhook(ordering=WebhookOrdering.ENTITY, order_failure=OrderFailure.SKIP)
    await place.webhook(event_patterns=["Other.*"])

    (accepted,) = await place.accept(place.draft(data={"secret": "x" * 1_000}))

    event = accepted.event
    deliveries = {delivery.webhook_id: delivery for delivery in await place.deliveries()}
    jobs = {job.subject_id: job for job in await place.jobs()}
    assert accepted.queued_deliveries == 2
    assert set(deliveries) == {one.id, ordered.id}
    for webhook, delivery in ((one, deliveries[one.id]), (ordered, deliveries[ordered.id])):
        job = jobs[delivery.id]
        assert (delivery.event_id, delivery.sequence, delivery.entity_id) == (event.id, 1, "order 7")
        assert (delivery.state, delivery.unjudged, delivery.attempt_count) == (WorkState.QUEUED, False, 0)
        assert (job.operation, job.queue, job.payload) == ("webhook.deliver", "deliveries", {"delivery": delivery.id})
        assert (job.max_attempts, job.correlation_id, job.caption) == (TRIES, event.id, f"Deliver to {webhook.name}")
    digest = hashlib.sha256(b"order 7").hexdigest()[:32]
    assert jobs[deliveries[one.id].id].lane is None
    assert jobs[deliveries[ordered.id].id].lane == f"{ordered.id}/{digest}"


async def test_a_webhook_that_is_disabled_removed_or_catching_up_gets_no_delivery(place: Place) -> None:
    await place.webhook(enabled=False)
    await place.webhook(removed_at=1)
    await place.webhook(catch_up_after=0)

    (accepted,) = await place.accept(place.draft())

    assert accepted.queued_deliveries == 0
    assert await place.deliveries() == await place.jobs() == []


async def test_an_event_of_a_restricted_integration_goes_to_those_that_may_see_it(place: Place) -> None:
    shop = await place.integration(access=IntegrationAccess.RESTRICTED)
    admins = await place.webhook(sees_restricted=True)
    named = await place.webhook(integration_id=shop.id)
    await place.webhook(created_by=new_id())

    await place.accept(place.draft(integration_id=shop.id))

    assert {one.webhook_id for one in await place.deliveries()} == {admins.id, named.id}


async def test_a_webhook_that_was_made_while_the_counter_was_held_gets_the_next_event(place: Place) -> None:
    async with place.database.write() as session:
        held = await hold_sequence(session, place.id)
        if place.database.is_sqlite:  # a single writer
            webhook = await _made_in(session, place)
            waiting = asyncio.create_task(place.accept(place.draft()))
        else:
            waiting = asyncio.create_task(place.accept(place.draft()))
            await asyncio.sleep(0.05)
            webhook = await _made_in(session, place)

    await waiting

    assert held == 0
    assert [one.webhook_id for one in await place.deliveries()] == [webhook]


@on_postgresql
async def test_an_operation_that_holds_a_webhook_does_not_deadlock_with_emissions(place: Place) -> None:
    webhook = await place.webhook()
    async with place.database.write() as session:
        caller = Caller(hub=None, source=Source.HUB, organization_id=place.id, actor_name="test")
        await Work(caller, lambda: session).lock(Webhook, webhook.id)
        emission = asyncio.create_task(place.accept(place.draft()))
        await asyncio.sleep(0.05)

        await accept(session, [place.draft()], tries=TRIES)

    (accepted,) = await emission
    assert accepted.event.sequence in {1, 2}
    assert [event.sequence for event in await place.events()] == [1, 2]


async def _made_in(session, place: Place) -> str:
    row = Webhook(organization_id=place.id, name="New", url="https://w.example/", secrets=b"")
    session.add(row)
    await session.flush()
    return row.id


async def _organization(place: Place):
    row = Organization(id=new_id(), name="Other", slug=new_id())
    await place.add(row)
    return row
