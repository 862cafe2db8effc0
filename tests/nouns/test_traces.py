"""The trace of an event: one tree by cause, parents before children, only as far as the caller sees it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlmodel import col

from jobs.job import NewJob
from jobs.transaction import enqueue
from models.row import new_id, now_ms
from models.tables import Dispatch, Event, Flow, Integration, RunStep
from models.vocabulary import (
    DispatchOutcome,
    FlowTriggerKind,
    HttpMethod,
    IntegrationAccess,
    Permission,
    Source,
    TraceKind,
    UpstreamFailure,
    WorkState,
)
from resolvers.emission.runs import RunStart, queue_runs
from resolvers.events.trace import MOST, TraceEntry, tree
from tests.harness.acting import act
from tests.harness.backends import both
from tests.webhooks.planted import events_of, plant, plant_attempt, plant_delivery, plant_webhook

TRACE = "{ id parentId kind title state failed durationMs }"
SHOP = {"integration": {"handler": "MY_SHOP"}, "type": "PAID"}


async def _emitted(tenant: Any, database: Any, count: int) -> list[Event]:
    made = await act(tenant.client, "createIntegration", {"name": "My Shop"})
    types = {"integrationId": made["id"], "eventTypes": [{"name": "MY_SHOP.PAID"}]}
    await act(tenant.client, "declareEventTypes", types)
    for _ in range(count):
        await act(tenant.client, "emitEvent", SHOP, "event { id }")
    return await events_of(database, tenant.id, "MY_SHOP.")


async def _trace(client: Any, event: Event) -> list[dict[str, Any]]:
    asked = f"query($id: ID!) {{ event(id: $id) {{ trace {TRACE} }} }}"
    return (await client.query(asked, id=event.id))["event"]["trace"]


async def _caused(database: Any, event: Event, cause: Event) -> None:
    because = {"cause_kind": "EVENT", "cause_id": cause.id, "correlation_id": cause.correlation_id}
    async with database.write() as session:
        await session.execute(update(Event).where(col(Event.id) == event.id).values(**because))


def _dispatch(event: Event, job_id: str) -> Dispatch:
    return Dispatch(
        organization_id=event.organization_id,
        capability_name="ship",
        source=Source.HUB,
        method=HttpMethod.POST,
        url="https://x.example",
        outcome=DispatchOutcome.TIMED_OUT,
        request_digest="d",
        cause_kind="JOB",
        cause_id=job_id,
        correlation_id=event.id,
        deadline_at=1,
    )


async def _with_consequences(tenant: Any, database: Any) -> tuple[Event, Event]:
    """An event with a delivery of two attempts, a job with a failed dispatch, and a second event with a delivery."""
    first, second = await _emitted(tenant, database, 2)
    await _caused(database, second, first)
    webhook = await plant_webhook(database, tenant.id)
    delivery = await plant_delivery(database, webhook, first, state=WorkState.SUCCEEDED)
    await plant_attempt(database, delivery, 1, UpstreamFailure.TIMEOUT)
    await plant_attempt(database, delivery, 2, None)
    await plant_delivery(database, webhook, second)
    job = NewJob(
        operation="a.job",
        caption="Ship it",
        organization_id=tenant.id,
        integration_id=first.integration_id,
        queue="idle",
        cause_kind="EVENT",
        cause_id=first.id,
        correlation_id=first.id,
    )
    async with database.write() as session:
        await enqueue(session, job)
    await plant(database, _dispatch(first, job.id))
    return first, second


@both
async def test_shows_all_that_an_event_caused_as_one_tree(organization, database) -> None:
    first, second = await _with_consequences(organization, database)

    whole = await _trace(organization.client, first)
    part = await _trace(organization.client, second)

    titles = {entry["id"]: entry["title"] for entry in whole}
    assert {(entry["kind"], entry["title"], titles.get(entry["parentId"]), entry["failed"]) for entry in whole} == {
        ("EVENT", "MY_SHOP.PAID", None, True),
        ("EVENT", "MY_SHOP.PAID", "MY_SHOP.PAID", False),
        ("DELIVERY", "Delivery to Receiver", "MY_SHOP.PAID", True),
        ("DELIVERY", "Delivery to Receiver", "MY_SHOP.PAID", False),
        ("ATTEMPT", "Attempt 1", "Delivery to Receiver", True),
        ("ATTEMPT", "Attempt 2", "Delivery to Receiver", False),
        ("JOB", "Ship it", "MY_SHOP.PAID", True),
        ("DISPATCH", "ship", "Ship it", True),
    }
    places = [entry["id"] for entry in whole]
    assert all(entry["parentId"] in places[:at] for at, entry in enumerate(whole) if at)
    assert [(entry["kind"], entry["parentId"]) for entry in part] == [("EVENT", None), ("DELIVERY", part[0]["id"])]


async def _with_runs(tenant: Any, database: Any) -> Event:
    """An event with two runs, of which one was skipped, a step with a dispatch, and an event by that dispatch."""
    first, second = await _emitted(tenant, database, 2)
    flows = [Flow(organization_id=tenant.id, name=name, name_key=name, trigger="EVENT") for name in ("Ship", "Bill")]
    await plant(database, *flows)
    facts = {"trigger": FlowTriggerKind.EVENT, "now": now_ms(), "event_id": first.id, "correlation_id": first.id}
    because = {"cause_kind": "EVENT", "cause_id": first.id}
    async with database.write() as session:
        starts = [
            RunStart(flow=flows[0], **facts, **because),
            RunStart(flow=flows[1], **facts, **because, chain=[flows[1].id]),
        ]
        run, _ = await queue_runs(session, starts)
        step = RunStep(organization_id=tenant.id, run_id=run.id, position=0, state=WorkState.SUCCEEDED)
        session.add(step)
        sent = _dispatch(first, step.id)
        sent.cause_kind = "RUN_STEP"
        session.add(sent)
        caused = {"cause_kind": "RUN_STEP", "cause_id": step.id, "correlation_id": first.id}
        await session.execute(update(Event).where(col(Event.id) == second.id).values(**caused))
    return first


@both
async def test_shows_runs_with_their_steps_and_what_these_did(organization, database) -> None:
    first = await _with_runs(organization, database)

    whole = await _trace(organization.client, first)

    titles = {entry["id"]: entry["title"] for entry in whole}
    assert {(entry["kind"], entry["title"], titles.get(entry["parentId"]), entry["state"]) for entry in whole} == {
        ("EVENT", "MY_SHOP.PAID", None, "ACCEPTED"),
        ("RUN", "Run of Ship", "MY_SHOP.PAID", "QUEUED"),
        ("RUN", "Run of Bill", "MY_SHOP.PAID", "SKIPPED"),
        ("RUN_STEP", "Step 1, page 1", "Run of Ship", "SUCCEEDED"),
        ("DISPATCH", "ship", "Step 1, page 1", "TIMED_OUT"),
        ("EVENT", "MY_SHOP.PAID", "Step 1, page 1", "ACCEPTED"),
    }
    assert {entry["title"] for entry in whole if not entry["failed"]} == {"Run of Bill", "MY_SHOP.PAID"}


async def test_shows_runs_to_those_who_may_read_flows(organization, database) -> None:
    first = await _with_runs(organization, database)

    alone = await _trace(await organization.signed_in(Permission.EVENTS_READ), first)
    seen = await _trace(await organization.signed_in(Permission.EVENTS_READ, Permission.FLOWS_READ), first)

    assert {entry["kind"] for entry in alone} == {"EVENT"}
    assert {entry["kind"] for entry in seen} == {"EVENT", "RUN", "RUN_STEP"}


async def test_shows_only_the_kinds_that_the_caller_may_read(organization, database) -> None:
    first, _ = await _with_consequences(organization, database)

    async def kinds(*permissions: Permission) -> set[str]:
        return {entry["kind"] for entry in await _trace(await organization.signed_in(*permissions), first)}

    assert await kinds(Permission.EVENTS_READ) == {"EVENT"}
    assert await kinds(Permission.EVENTS_READ, Permission.WEBHOOKS_READ) == {"EVENT", "DELIVERY", "ATTEMPT"}
    assert await kinds(Permission.EVENTS_READ, Permission.DISPATCHES_READ) == {"EVENT", "DISPATCH"}


async def test_hides_restricted_places_from_the_trace(organization, database) -> None:
    first, second = await _with_consequences(organization, database)
    hidden = await act(organization.client, "createIntegration", {"name": "Secret"}, "databaseId")
    async with database.write() as session:
        place = {"integration_id": hidden["databaseId"]}
        await session.execute(update(Event).where(col(Event.id) == second.id).values(**place))
        closed = update(Integration).where(col(Integration.id) == hidden["databaseId"])
        await session.execute(closed.values(access=IntegrationAccess.RESTRICTED))
    await organization.add_user("bob")

    seen = await _trace(await organization.signed_in(Permission.EVENTS_READ, username="bob"), first)

    assert [entry["title"] for entry in seen] == ["MY_SHOP.PAID"]


def _entry(at: int, cause: str | None = None, *, failed: bool = False) -> TraceEntry:
    return TraceEntry(
        kind=TraceKind.EVENT,
        row_id=f"{at:024x}",
        title=f"{at}",
        state="ACCEPTED",
        failed=failed,
        started_at=at,
        duration_ms=0,
        cause=None if cause is None else ("EVENT", cause),
    )


def test_keeps_the_first_thousand_entries_with_their_parents() -> None:
    root = _entry(0)
    found = [root, *(_entry(at, f"{(at - 1) // 2:024x}") for at in range(1, 3000))]

    cut = tree(root, found, is_whole=True)

    keys = [entry.key for entry in cut]
    assert len(cut) == MOST
    assert keys == [entry.key for entry in found[:MOST]]
    assert all(entry.parent in keys[:at] for at, entry in enumerate(cut) if at)


def test_ends_for_causes_in_a_circle() -> None:
    root, one, two = _entry(0), _entry(1, f"{2:024x}"), _entry(2, f"{1:024x}")

    assert [entry.title for entry in tree(root, [root, one, two], is_whole=True)] == ["0"]


def test_an_entry_of_an_unknown_cause_stands_under_the_root_of_its_own_trace_only() -> None:
    root, stray = _entry(0), _entry(1, new_id())

    assert [entry.parent for entry in tree(root, [root, stray], is_whole=True)] == [None, root.key]
    assert len(tree(root, [root, stray], is_whole=False)) == 1
