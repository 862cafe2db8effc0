"""Runs that wait: for the other side, for a connection, for their user; and runs that are stopped."""

import asyncio
import time

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.row import now_ms
from models.tables import Installation, Job, Run
from models.vocabulary import DispatchOutcome, InstallationStatus, RunReason, WorkState
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.runs.shop import Answer


async def _is(plant, run, state):
    return (await plant.of(run)).state is state


@both
async def test_an_outage_is_one_state_and_no_error(plant, shop, worker):
    shop.items = [{"id": number} for number in range(40)]
    down = []

    def answer(asked):
        if asked.path == "/orders" and len(shop.orders) >= 15 and not down:
            down.append(True)
        return Answer(status=503, body={}) if down == [True] else None

    shop.answer = answer
    flow = await plant.flow(await plant.source(), await plant.imports())
    run = await plant.run(flow)

    async with worker():
        await eventually(lambda: _is(plant, run, WorkState.SUSPENDED))
        waiting = await plant.of(run)
        down.append("over")
        await eventually(lambda: _is(plant, run, WorkState.SUCCEEDED))

    ended = await plant.of(run)
    assert waiting.reason is RunReason.UPSTREAM_DOWN
    assert "503" in waiting.error
    assert (ended.read_count, ended.written_count, ended.error_count, ended.waiting_count) == (40, 40, 0, 0)
    assert await plant.errors(run) == []
    assert sorted(order["id"] for order in shop.orders.values()) == list(range(40))


async def test_a_pause_that_the_other_side_asks_for_is_kept(plant, shop, worker):
    asked_at = []

    def answer(asked):
        asked_at.append(time.monotonic())
        return Answer(status=429, body={}, headers=("Retry-After: 100",)) if len(asked_at) == 1 else None

    shop.answer = answer
    flow = await plant.flow(await plant.imports())
    run = await plant.run(flow, {"id": 1})

    async with worker():
        await eventually(lambda: _is(plant, run, WorkState.SUSPENDED))
        job = await plant.job(run)

    assert job.run_at - now_ms() <= 1_000  # `run_pause_longest` of the test
    assert (await plant.of(run)).reason is RunReason.UPSTREAM_DOWN
    assert await plant.errors(run) == []


async def test_a_disabled_user_stops_its_flows(plant, shop, worker):
    shop.items = [{"id": number} for number in range(30)]

    flow = await plant.flow(await plant.source(), await plant.imports())
    await plant.change(plant.user, disabled_at=now_ms())
    run = await plant.run(flow)

    async with worker():
        await eventually(lambda: _is(plant, run, WorkState.SUSPENDED))
        held = await plant.of(run)
        asked = len(shop.asked)
        await plant.change(plant.user, disabled_at=None)
        await eventually(lambda: _is(plant, run, WorkState.SUCCEEDED))

    assert (held.reason, asked) == (RunReason.RUN_AS, 0)
    assert "takeOverFlow" in held.error


async def test_a_permission_that_is_lost_stops_at_the_next_record(plant, shop, worker):
    shop.items = [{"id": number} for number in range(30)]
    flow = await plant.flow(await plant.source(), await plant.imports())
    lost = []

    async def lose():
        if not lost:
            lost.append(True)
            await plant.change(plant.user, permissions=["DISPATCH_READ"])

    def answer(asked):
        if asked.path == "/orders":
            shop.orders[asked.headers["idempotency-key"]] = asked.body
            return Answer(body={}, after=lose)
        return None

    shop.answer = answer
    run = await plant.run(flow)

    async with worker():
        await eventually(lambda: _is(plant, run, WorkState.SUSPENDED))

    held = await plant.of(run)
    assert held.reason is RunReason.RUN_AS
    assert "DISPATCH_WRITE" in held.error
    assert len(shop.sent("/orders")) <= 2 * 8
    assert await plant.errors(run) == []


async def test_an_installation_that_is_paused_holds_the_run(plant, shop, worker):
    async with plant.hub.database.write() as session:
        mine = col(Installation.organization_id) == plant.organization.id
        await session.execute(update(Installation).where(mine).values(status=InstallationStatus.PAUSED))
    run = await plant.run(await plant.flow(await plant.imports()), {"id": 1})

    async with worker():
        await eventually(lambda: _is(plant, run, WorkState.SUSPENDED))

    assert (await plant.of(run)).reason is RunReason.NOT_READY
    assert shop.asked == []


@both
async def test_a_cancelled_run_stops_within_two_seconds(plant, shop, worker):
    begun = asyncio.Event()

    async def hang():
        begun.set()
        await asyncio.sleep(30)

    shop.answer = lambda asked: Answer(body={}, after=hang)
    run = await plant.run(await plant.flow(await plant.imports()), {"id": 1})

    async with worker():
        await asyncio.wait_for(begun.wait(), 30)
        async with plant.hub.database.write() as session:
            await session.execute(
                update(Run)
                .where(col(Run.id) == run.id)
                .values(state=WorkState.CANCELLED, reason=RunReason.BY_HAND, finished_at=now_ms())
            )
            await session.execute(update(Job).where(col(Job.id) == run.job_id).values(state=WorkState.CANCELLED))
        stopped_at = time.monotonic()
        await eventually(lambda: _is_unknown(plant, run))

    assert time.monotonic() - stopped_at < 2
    assert (await plant.of(run)).state is WorkState.CANCELLED
    assert len(shop.asked) == 1


async def _is_unknown(plant, run):
    (dispatch,) = await plant.dispatches(run)
    return dispatch.outcome is DispatchOutcome.OUTCOME_UNKNOWN


async def test_attempts_without_a_checkpoint_end_the_run(plant, shop, done):
    run = await plant.run(await plant.flow(await plant.imports()), {"id": 1})
    await plant.change(run, stalls=5)

    ended = await done(run)

    assert (ended.state, ended.reason) == (WorkState.FAILED, RunReason.STALLED)
    assert shop.asked == []


async def test_a_run_that_has_worked_for_too_long_ends(plant, shop, done):
    run = await plant.run(await plant.flow(await plant.imports()), {"id": 1})
    await plant.change(run, active_ms=3_600_001)

    ended = await done(run)

    assert (ended.state, ended.reason) == (WorkState.FAILED, RunReason.MAX_TIME)


@pytest.mark.parametrize("step", ["imports", "source"])
async def test_a_run_works_by_the_content_that_it_began_with(plant, shop, worker, step):
    shop.items = [{"id": number} for number in range(30)]
    source, imports = await plant.source(), await plant.imports(mapping="{id: id}")
    flow = await plant.flow(source, imports)
    changed = asyncio.Event()

    async def change():
        if not changed.is_set():
            changed.set()
            await plant.change(imports, mapping="{id: id, name: `new`}")
            await plant.change(source, pagination={"kind": "none", "items": "data"})

    def answer(asked):
        if asked.path == "/orders":
            shop.orders[asked.headers["idempotency-key"]] = asked.body
            return Answer(body={}, after=change)
        return None

    shop.answer = answer
    run = await plant.run(flow)
    async with worker():
        await eventually(lambda: _is(plant, run, WorkState.SUCCEEDED))
        second = await plant.run(flow)
        await eventually(lambda: _is(plant, second, WorkState.SUCCEEDED))

    first, other = await plant.of(run), await plant.of(second)
    assert (first.read_count, other.read_count) == (30, 10)
    assert sum(order == {"id": order["id"]} for order in shop.orders.values()) == 30
    assert first.content_digest != other.content_digest
