"""Runs are repeated: from the start under new keys, from the failed step under the old ones."""

import pytest

from models.errors import Conflict
from models.vocabulary import RunDefinition, RunFrom, RunReason, WorkState
from resolvers.runs.repeating import RetryRun, retry_run
from tests.harness.backends import both
from tests.runs.shop import Answer

AT_STEP = RunFrom.FAILED_STEP


async def test_from_the_start_it_writes_under_new_keys(plant, shop, done, person):
    flow = await plant.flow(await plant.imports())
    run = await done(await plant.run(flow, {"id": 1}))

    again = await done(await retry_run(person, RetryRun(run_id=run.id)))

    assert (again.state, again.origin_run_id, again.content_digest) == (
        WorkState.SUCCEEDED,
        run.id,
        run.content_digest,
    )
    assert [one.body for one in shop.sent("/orders")] == [{"id": 1}] * 2
    assert list(shop.keys.values()) == [1, 1]


async def failed_at_second(plant, shop, done):
    """A run with a first step that is done, and a second one that cannot be carried out."""
    shop.items = [{"id": 1}]
    first = await plant.imports(name="First", request={"method": "POST", "path": "/orders"})
    second = await plant.imports(name="Second", request={"method": "POST", "path": "/orders"}, extra={"script": "x"})
    flow = await plant.flow(await plant.source(), first, second)
    run = await done(await plant.run(flow))
    assert (run.state, run.reason) == (WorkState.FAILED, RunReason.CONFIG)
    return first, second, run


@both
async def test_from_the_failed_step_finished_ones_are_not_called_again(plant, shop, done, person):
    _, second, run = await failed_at_second(plant, shop, done)
    await plant.change(second, extra={})
    calls = len(shop.asked)

    again = await done(
        await retry_run(person, RetryRun(run_id=run.id, begin=AT_STEP, definition=RunDefinition.CURRENT))
    )

    assert (again.state, again.error) == (WorkState.SUCCEEDED, None)
    assert (again.read_count, again.written_count) == (1, 1)
    sent = shop.asked[calls:]
    assert [one.path for one in sent if one.path == "/orders"] == ["/orders"]
    assert len(set(shop.keys)) == 2


async def test_the_current_definition_must_have_the_finished_steps(plant, shop, done, person):
    first, _, run = await failed_at_second(plant, shop, done)
    await plant.change(first, mapping="{other: id}")
    order = RetryRun(run_id=run.id, begin=AT_STEP, definition=RunDefinition.CURRENT)

    with pytest.raises(Conflict, match="not the same any more: First"):
        await retry_run(person, order)


async def test_a_run_that_is_under_way_or_whole_is_not_repeated_from_a_step(plant, shop, done, person):
    flow = await plant.flow(await plant.imports())
    waiting = await plant.run(flow, {"id": 1})

    with pytest.raises(Conflict, match="has not ended"):
        await retry_run(person, RetryRun(run_id=waiting.id))
    await done(waiting)
    with pytest.raises(Conflict, match="did not stop"):
        await retry_run(person, RetryRun(run_id=waiting.id, begin=AT_STEP))


@both
async def test_failed_records_go_on_in_the_run_itself(plant, shop, done, worked, person):
    shop.answer = lambda asked: Answer(status=422, body={"message": "no"})
    run = await done(await plant.run(await plant.flow(await plant.imports()), {"id": 1}))
    shop.answer = lambda asked: None

    same = await retry_run(person, RetryRun(run_id=run.id, begin=RunFrom.FAILED_RECORDS))
    await worked()

    assert same.id == run.id
    assert (await plant.of(run)).state is WorkState.SUCCEEDED
