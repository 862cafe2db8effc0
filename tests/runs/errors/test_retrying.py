"""Failed records: tried again by hand, at their step, under their keys, as one row however often they fail."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, InvalidInput
from models.tables import AuditEntry, FlowStep, Job, Step
from models.vocabulary import RecordFault, RunDefinition, RunErrorState, WorkState
from resolvers.runs.editing import AssignRunErrors, UpdateRunError, assign_run_errors, update_run_error
from resolvers.runs.resolving import ResolveRunErrors, resolve_run_errors
from tests.harness.backends import both
from tests.runs.shop import Answer


def refusing(*numbers):
    """The service refuses orders with these ids."""

    def answer(asked):
        refused = asked.path == "/orders" and asked.body["id"] in numbers
        return Answer(status=422, body={"message": f"Order {asked.body['id']} is bad."}) if refused else None

    return answer


def counts(run):
    return run.read_count, run.written_count, run.ignored_count, run.error_count, run.waiting_count


async def failed(plant, shop, done, total=3, bad=(1,)):
    """A run of so many records, of which some were refused."""
    shop.items = [{"id": number, "name": f"n{number}"} for number in range(total)]
    shop.answer = refusing(*bad)
    flow = await plant.flow(await plant.source(), await plant.imports(mapping="{id: id}"))
    return flow, await done(await plant.run(flow))


@both
async def test_a_retried_record_goes_through_with_its_first_key(plant, shop, done, worked, person):
    flow, run = await failed(plant, shop, done)
    first = [one.headers["idempotency-key"] for one in shop.sent("/orders") if one.body["id"] == 1]
    shop.answer = lambda _: None

    answer = await resolve_run_errors(person, ResolveRunErrors(run_id=run.id))
    again = await resolve_run_errors(person, ResolveRunErrors(run_id=run.id))
    await worked()

    assert (answer.count, again.count, again.job.id) == (1, 0, answer.job.id)
    keys = [one.headers["idempotency-key"] for one in shop.sent("/orders") if one.body["id"] == 1]
    assert keys == first * 2
    ended = await plant.of(run)
    assert (ended.state, counts(ended)) == (WorkState.SUCCEEDED, (3, 3, 0, 0, 0))
    (error,) = await plant.errors(run)
    assert (error.state, error.resolved_by_run, error.next_try_at) == (RunErrorState.RESOLVED, run.id, None)
    assert (await plant.flow_of(flow)).open_error_count == 0
    step = (await plant.steps(run))[1]
    assert (step.input_count, step.written_count, step.error_count) == (3, 3, 0)
    actions = await plant._all(select(AuditEntry).where(col(AuditEntry.action) == "flow.errors_retried"))
    assert [one.resource_id for one in actions].count(flow.id) == 1


async def test_twenty_retries_that_fail_are_one_row(plant, shop, done, worked, person):
    flow, run = await failed(plant, shop, done)

    for _ in range(20):
        await resolve_run_errors(person, ResolveRunErrors(run_id=run.id))
        await worked()

    (error,) = await plant.errors(run)
    assert (error.state, error.tries, error.fault) == (RunErrorState.OPEN, 21, RecordFault.VALUE)
    ended = await plant.of(run)
    assert (ended.state, counts(ended)) == (WorkState.PARTIAL, (3, 2, 0, 1, 0))
    assert (await plant.flow_of(flow)).open_error_count == 1


async def test_a_resolved_error_is_not_retried(plant, shop, done, person):
    flow, run = await failed(plant, shop, done)
    (error,) = await plant.errors(run)
    order = ResolveRunErrors(error_ids=(error.id,), retry=False)

    answer = await resolve_run_errors(person, order)

    assert (answer.count, answer.job) == (1, None)
    (error,) = await plant.errors(run)
    assert (error.state, error.resolved_by) == (RunErrorState.RESOLVED, plant.user.id)
    assert (await plant.flow_of(flow)).open_error_count == 0
    ended = await plant.of(run)
    assert (ended.state, ended.error_count) == (WorkState.PARTIAL, 1)
    with pytest.raises(Conflict, match="is resolved already"):
        await resolve_run_errors(person, replace(order, retry=True))


async def test_a_mended_record_is_sent(plant, shop, done, worked, person):
    _, run = await failed(plant, shop, done)
    (error,) = await plant.errors(run)

    with pytest.raises(InvalidInput, match="NUL"):
        await update_run_error(person, UpdateRunError(id=error.id, record={"id": "\0"}))
    await update_run_error(person, UpdateRunError(id=error.id, record={"id": 77}))
    await worked()

    assert [one.body for one in shop.sent("/orders")][-1] == {"id": 77}
    (error,) = await plant.errors(run)
    assert error.state is RunErrorState.RESOLVED


async def test_errors_are_given_to_somebody(plant, shop, done, person):
    _, run = await failed(plant, shop, done)

    await assign_run_errors(person, AssignRunErrors(run_id=run.id, assigned_to=plant.user.id))

    assert [one.assigned_to for one in await plant.errors(run)] == [plant.user.id]


@both
async def test_a_retry_by_the_current_definition_uses_the_mended_mapping(plant, shop, done, worked, person):
    flow, run = await failed(plant, shop, done)
    step = (await plant.steps(run))[1].step_id
    await plant.change(await plant._one(Step, step), mapping="{id: name}")

    await resolve_run_errors(person, ResolveRunErrors(run_id=run.id))
    await worked()
    by_old = [one.body for one in shop.sent("/orders")][-1]
    await resolve_run_errors(person, ResolveRunErrors(flow_id=flow.id, definition=RunDefinition.CURRENT))
    await worked()

    assert by_old == {"id": 1}
    assert [one.body for one in shop.sent("/orders")][-1] == {"id": "n1"}
    assert (await plant.of(run)).state is WorkState.SUCCEEDED


async def test_the_current_definition_needs_the_steps_of_the_errors(plant, shop, done, person):
    flow, run = await failed(plant, shop, done)
    other = await plant.imports(name="Another")
    step = (await plant.steps(run))[1].step_id
    (place,) = await plant._all(select(FlowStep).where(col(FlowStep.step_id) == step))
    await plant.change(place, step_id=other.id)

    with pytest.raises(Conflict, match="no longer: A step"):
        await resolve_run_errors(person, ResolveRunErrors(run_id=run.id, definition=RunDefinition.CURRENT))

    assert [one.state for one in await plant.errors(run)] == [RunErrorState.OPEN]
    assert await plant._all(select(Job).where(col(Job.subject_id) == flow.id)) == []
