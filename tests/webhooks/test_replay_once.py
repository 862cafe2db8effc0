"""Replays: an event goes once, whatever copies it has; and what a dry run counts may be sent."""

from __future__ import annotations

import pytest

from models.row import new_id, now_ms
from models.tables import Delivery, Event, Webhook
from models.vocabulary import WorkState
from tests.harness.acting import act
from tests.harness.backends import both
from tests.webhooks.replaying import DAY, Place, new_place

pytestmark = both
F, S, C, Q = WorkState.FAILED, WorkState.SUCCEEDED, WorkState.CANCELLED, WorkState.QUEUED


@pytest.fixture
async def place(organization, database) -> Place:
    return await new_place(organization, database)


async def test_a_copy_of_a_copy_names_the_original(place) -> None:
    failed = await place.delivery(WorkState.FAILED)
    copy = await place.delivery(WorkState.FAILED, await place.event_of(failed), original_id=failed.id)

    made = await place.order(what={"deliveryId": copy.id}, asNew=True)

    assert made["delivery"]["copyOf"] == f"msg_{failed.id}"


@pytest.mark.parametrize("as_new", [False, True])
@pytest.mark.parametrize(
    ("kind", "states", "sent"),
    [
        ("failed", (F, F, F), 0),
        ("failed", (C, F, F), 1),
        ("failed", (F, F, S), None),
        ("failed", (S, F), None),
        ("failed", (F, Q), None),
        ("all", (F, F, S), 0),
        ("all", (S, S), 0),
        ("all", (S, Q), None),
    ],
)
async def test_an_event_goes_once_whatever_became_of_its_copies(place, kind, states, sent, as_new: bool) -> None:
    event = await place.emit()
    family = [await place.delivery(states[0], event)]
    for state in states[1:]:
        family.append(await place.delivery(state, event, original_id=family[0].id))

    made = await place.replay(kind, asNew=as_new)

    known = {row.id for row in family}
    ordered = {"copy" if one not in known else one for one in await place.jobs()}
    assert made["count"] == len(ordered)
    assert ordered == (set() if sent is None else {"copy"} if as_new else {family[sent].id})


async def test_copies_whose_original_is_gone_go_once(place) -> None:
    event = await place.emit()
    copies = [await place.delivery(WorkState.FAILED, event, original_id=new_id(DAY)) for _ in range(2)]

    made = await place.replay("all")

    assert made["count"] == 1
    assert set(await place.jobs()) == {min(copy.id for copy in copies)}


async def test_a_copy_in_the_range_goes_though_its_original_is_older(place) -> None:
    event = await place.emit()
    old = await place.delivery(WorkState.FAILED, event, id=new_id(DAY), created_at=DAY)
    copy = await place.delivery(WorkState.FAILED, event, original_id=old.id)

    await place.replay("failed", {"since": "1971-01-01T00:00:00Z"})

    assert set(await place.jobs()) == {copy.id}


async def test_what_the_webhook_may_no_longer_see_is_neither_counted_nor_sent(place) -> None:
    seen, hidden, own = [await place.delivery(WorkState.SUCCEEDED) for _ in range(3)]
    secret = await act(place.client, "createIntegration", {"name": "Secret"}, "databaseId")
    await act(place.client, "updateIntegration", {"id": secret["databaseId"], "access": "RESTRICTED"})
    for model, row in ((Delivery, hidden.id), (Event, hidden.event_id)):
        await place.set(model, row, integration_id=secret["databaseId"])
    for model, row, column in ((Delivery, own.id, "event_type"), (Event, own.event_id, "type")):
        await place.set(model, row, integration_id=None, **{column: "Hub.connection.failed"})

    one = {"what": {"deliveryId": hidden.id}}
    answers = [await place.order(**one, dryRun=True), await place.order(**one), await place.order(**one, asNew=True)]
    many = await place.replay("all")
    await place.set(Webhook, place.webhook.id, integration_id=secret["databaseId"])
    named = await place.order(**one, dryRun=True)
    await place.set(Webhook, place.webhook.id, sees_restricted=True)
    wide = await place.order(what={"all": {"webhookId": place.webhook.id}}, dryRun=True)

    assert {(answer["code"], *answer["path"]) for answer in answers} == {("CONFLICT", "input", "what", "deliveryId")}
    assert (many["count"], set(await place.jobs())) == (1, {seen.id})
    assert (named["count"], wide["count"]) == (1, 2)  # the third waits already


async def test_missing_reaches_no_further_back_than_deliveries_are_kept(place, hub) -> None:
    kept, older = await place.emit(), await place.emit()
    days = hub.app.state.hub.keeping.deliveries
    await place.set(Event, older.id, created_at=now_ms() - days * DAY - 1)
    await place.set(Event, kept.id, created_at=now_ms() - (days - 1) * DAY)
    await place.set(Webhook, place.webhook.id, event_patterns=["MY_SHOP.PAID"])

    made = await place.replay("missing")

    assert (made["count"], [row.event_id for row in await place.deliveries()]) == (1, [kept.id])
