"""Runs: a record or an export goes through the processors, and its counts add up."""

from models.vocabulary import WorkState
from tests.harness.backends import both


@both
async def test_a_record_given_by_hand_is_imported_once(plant, shop, done):
    flow = await plant.flow(await plant.imports(mapping="{id: id}"))
    run = await plant.run(flow, {"id": 7, "more": "left out"})

    ended = await done(run)

    assert (ended.state, ended.reason, ended.error) == (WorkState.SUCCEEDED, None, None)
    assert (ended.read_count, ended.written_count) == (1, 1)
    assert [one.body for one in shop.sent("/orders")] == [{"id": 7}]
    (step,) = await plant.steps(run)
    (dispatch,) = await plant.dispatches(run)
    assert (dispatch.cause_kind, dispatch.cause_id, dispatch.step_id) == ("RUN_STEP", step.id, step.step_id)
    assert [dispatch.idempotency_key] == list(shop.keys)
    assert await plant.job(run) is None


@both
async def test_an_export_is_read_page_by_page(plant, shop, done):
    shop.items = [{"id": number, "name": f"n{number}"} for number in range(25)]
    flow = await plant.flow(await plant.source(), await plant.imports(filter="id != `3`"))
    run = await plant.run(flow)

    ended = await done(run)

    assert (ended.state, ended.error) == (WorkState.SUCCEEDED, None)
    counts = (ended.read_count, ended.written_count, ended.ignored_count, ended.error_count)
    assert counts == (25, 24, 1, 0)
    assert sorted(order["id"] for order in shop.orders.values()) == [n for n in range(25) if n != 3]
    assert max(shop.keys.values()) == 1
    assert (await plant.flow_of(flow)).last_run_at is not None
