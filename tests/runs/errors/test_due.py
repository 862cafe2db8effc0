"""Failed records that pass by themselves are tried again by themselves; a later run resolves what it writes."""

import time

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.row import new_id, now_ms
from models.tables import Job, RunError
from models.vocabulary import RecordFault, RunErrorState, WorkState
from resolvers.caller import Caller
from resolvers.page import SliceRequest
from resolvers.runs.due import take_up_errors
from resolvers.runs.groups import RunErrorFilter, list_run_error_groups, list_run_errors
from resolvers.runs.resolving import ResolveRunErrors, resolve_run_errors
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.runs.errors.test_retrying import counts, failed
from tests.runs.shop import Answer

WAITING = RunErrorState.WAITING
DOWN = "http://127.0.0.1:9"


def away(asked):
    """The service is not there for a while, and says so."""
    return Answer(status=503, body={"message": "later"}) if asked.path == "/orders" else None


@pytest.fixture
def passes(runs_hub, plant, worked):
    """Lets the time of the next try come, and tries what is due: `error = await passes(run)`."""

    async def work(run):
        (error,) = await plant.errors(run)
        await plant.change(error, next_try_at=now_ms())
        await take_up_errors(Caller.of_hub(runs_hub))
        await worked()
        return (await plant.errors(run))[0]

    return work


@both
async def test_ten_minutes_of_503_leave_no_open_error(plant, shop, done, passes):
    shop.answer = away
    flow = await plant.flow(await plant.imports())
    run = await done(await plant.run(flow, {"id": 1}))
    (error,) = await plant.errors(run)
    assert (error.state, error.fault) == (WAITING, RecordFault.INTERMITTENT)
    assert counts(run) == (1, 0, 0, 0, 1)

    first, second = await passes(run), await passes(run)
    shop.answer = lambda _: None
    last = await passes(run)

    assert (first.state, first.tries, second.state, second.tries) == (WAITING, 2, WAITING, 3)
    minutes = [(one.next_try_at - one.updated_at) / 60_000 for one in (first, second)]
    assert [4 <= minutes[0] <= 6, 12 <= minutes[1] <= 18] == [True, True]
    assert (last.state, last.resolved_by) == (RunErrorState.RESOLVED, None)
    ended = await plant.of(run)
    assert (ended.state, counts(ended)) == (WorkState.SUCCEEDED, (1, 1, 0, 0, 0))
    assert (await plant.flow_of(flow)).open_error_count == 0
    assert len(set(shop.keys)) == 1


async def test_after_five_tries_a_person_decides(plant, shop, done, passes):
    shop.answer = away
    run = await done(await plant.run(await plant.flow(await plant.imports()), {"id": 1}))

    states = [(await passes(run)).state for _ in range(5)]

    assert states == [WAITING] * 4 + [RunErrorState.OPEN]
    assert counts(await plant.of(run)) == (1, 0, 0, 1, 0)


async def test_a_service_that_is_down_counts_no_try(runs_hub, plant, shop, done, worker, person):
    shop.answer = away
    flow = await plant.flow(await plant.imports())
    run = await done(await plant.run(flow, {"id": 1}))
    await plant.change(plant.integration, api_base_url=DOWN)
    await resolve_run_errors(person, ResolveRunErrors(run_id=run.id))

    async with worker():
        job = await eventually(lambda: _paused(plant, flow))

    assert job.payload["pauses"] >= 1
    (error,) = await plant.errors(run)
    assert (error.state, error.tries) == (RunErrorState.RETRYING, 1)
    await plant.change(job, state=WorkState.CANCELLED)
    await take_up_errors(Caller.of_hub(runs_hub))
    assert [one.state for one in await plant.errors(run)] == [RunErrorState.OPEN]


async def _paused(plant, flow):
    jobs = await plant._all(select(Job).where(col(Job.subject_id) == flow.id))
    return next((job for job in jobs if job.payload.get("pauses")), None)


@both
async def test_a_later_run_that_writes_the_record_resolves_its_error(plant, shop, done):
    flow, run = await failed(plant, shop, done)
    shop.answer = lambda _: None

    later = await done(await plant.run(flow))

    (error,) = await plant.errors(run)
    assert (error.state, error.resolved_by_run, error.resolved_by) == (RunErrorState.RESOLVED, later.id, None)
    assert (await plant.flow_of(flow)).open_error_count == 0
    assert counts(await plant.of(run)) == (3, 2, 0, 1, 0)


@both
async def test_a_batch_that_failed_is_tried_again_whole(plant, shop, done, worked, person):
    shop.items = [{"id": number} for number in range(4)]
    shop.answer = lambda asked: Answer(status=422, body={"message": "no"}) if asked.path == "/orders" else None
    flow = await plant.flow(await plant.source(), await plant.imports(batch_size=4, batch={"input": "items"}))
    run = await done(await plant.run(flow))
    (error,) = await plant.errors(run)
    assert (error.record_count, counts(run)) == (4, (4, 0, 0, 4, 0))
    shop.answer = lambda _: None

    await resolve_run_errors(person, ResolveRunErrors(run_id=run.id))
    await worked()

    assert shop.sent("/orders")[-1].body == {"items": shop.items}
    assert counts(await plant.of(run)) == (4, 4, 0, 0, 0)


@both
async def test_ten_thousand_errors_of_three_causes_are_three_groups(plant, shop, done, person):
    flow, run = await failed(plant, shop, done, total=1)
    async with plant.hub.database.write() as session:
        session.add_all([_error(flow, run, number) for number in range(10_000)])

    took = []
    for _ in range(3):
        began = time.perf_counter()
        groups = await list_run_error_groups(person, flow.id)
        took.append(time.perf_counter() - began)

    assert [(one.message, one.count) for one in groups] == [("Cause 0", 3334), ("Cause 2", 3333), ("Cause 1", 3333)]
    assert groups[0].first_at <= groups[0].last_at
    assert min(took) < 0.05
    of_group = RunErrorFilter(flow_id=(flow.id,), group=groups[1].digest)
    page = await list_run_errors(person, of_group, SliceRequest(size=5))
    assert ([one.message for one in page.rows], page.has_next) == (["Cause 2"] * 5, True)


def _error(flow, run, number):
    cause = number % 3
    return RunError(
        id=new_id(),
        organization_id=flow.organization_id,
        run_id=run.id,
        flow_id=flow.id,
        position=1,
        fault=RecordFault.VALUE,
        group_digest=str(cause) * 64,
        record_key=f"{number:064}",
        message=f"Cause {cause}",
    )
