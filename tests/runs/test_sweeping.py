"""Runs that have lost their job end; old runs, samples and records of errors are removed."""

from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.row import new_id, now_ms
from models.tables import Job, Run
from models.vocabulary import RunErrorState, RunReason, WorkState
from resolvers.caller import Caller
from resolvers.expiry import DAY_MS, Sweep
from resolvers.runs.sweeping import expire_error_records, expire_runs, expire_samples, settle_runs
from tests.harness.backends import both
from tests.runs.shop import Answer


@pytest.fixture
def operator(plant):
    """The hub at its recurring work."""
    return Caller.of_hub(plant.hub)


@both
@pytest.mark.parametrize(
    ("state", "ends_as", "reason"),
    [
        (WorkState.FAILED, WorkState.FAILED, RunReason.INTERNAL),
        (WorkState.CANCELLED, WorkState.CANCELLED, RunReason.BY_HAND),
        (WorkState.QUEUED, WorkState.QUEUED, None),
    ],
)
async def test_a_run_without_a_living_job_ends(plant, operator, state, ends_as, reason):
    run = await plant.run(await plant.flow(await plant.imports()), {"id": 1})
    async with plant.hub.database.write() as session:
        await session.execute(update(Run).where(col(Run.id) == run.id).values(created_at=now_ms() - 120_000))
        await session.execute(update(Job).where(col(Job.id) == run.job_id).values(state=state))

    await settle_runs(operator)

    ended = await plant.of(run)
    assert (ended.state, ended.reason, ended.finished_at is None) == (ends_as, reason, reason is None)


@both
async def test_old_runs_go_once_their_errors_are_resolved(plant, shop, done, operator):
    shop.answer = lambda asked: Answer(status=422, body={})
    run = await done(await plant.run(await plant.flow(await plant.imports()), {"id": 1}, id=new_id(1_000)))
    await plant.change(run, finished_at=2_000)
    (error,) = await plant.errors(run)

    await expire_runs(operator, Sweep())
    assert (await plant.of(run)).id == run.id
    await plant.change(error, state=RunErrorState.RESOLVED)
    await expire_runs(operator, Sweep())

    with pytest.raises(ValueError, match="not enough values"):
        await plant.of(run)
    assert (await plant.steps(run), await plant.errors(run)) == ([], [])


@both
async def test_records_are_kept_for_thirty_days(plant, shop, done, operator):
    shop.answer = lambda asked: Answer(status=422, body={})
    run = await done(await plant.run(await plant.flow(await plant.imports()), {"id": 1}))
    later = Caller.of_hub(_in_days(plant.hub, 31))

    await expire_samples(Caller.of_hub(_in_days(plant.hub, 29)), Sweep())
    (kept,) = await plant.steps(run)
    await expire_samples(later, Sweep())
    await expire_error_records(later, Sweep())

    (step,), (error,) = await plant.steps(run), await plant.errors(run)
    assert (kept.samples is None, step.samples, error.record) == (False, None, None)
    assert error.state is RunErrorState.OPEN


def _in_days(hub, days):
    return replace(hub, clock=lambda: now_ms() + days * DAY_MS)
