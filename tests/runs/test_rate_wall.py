"""Flows that start too often: paused before a run does anything, nothing lost, and in order when they are resumed."""

from models.row import now_ms
from models.vocabulary import WorkState
from resolvers.caller import Caller
from resolvers.runs.resuming import ResumeFlow, resume_flow
from tests.harness.backends import both
from tests.harness.waiting import eventually


@both
async def test_a_storm_pauses_its_flow_once_and_runs_in_order_when_it_is_resumed(plant, shop, worker):
    flow = await plant.flow(await plant.imports(), runs_a_minute=3)
    runs = [await plant.run(flow, {"id": number}) for number in range(6)]

    async with worker():
        await eventually(lambda: _is_paused(plant, flow))
        paused, before = await plant.flow_of(flow), [await plant.of(run) for run in runs]
        sent = len(shop.orders)
        await resume_flow(Caller.operator(plant.hub, plant.organization.id), ResumeFlow(flow_id=flow.id))
        await eventually(lambda: _all_done(plant, runs))

    assert paused.pause_reason == "More than 3 runs started within a minute."
    assert paused.paused_at <= now_ms()
    assert {run.state for run in before} == {WorkState.QUEUED}
    assert sent == 0
    assert [order["id"] for order in shop.orders.values()] == list(range(6))


async def _is_paused(plant, flow):
    return (await plant.flow_of(flow)).paused_at is not None


async def _all_done(plant, runs):
    return all([(await plant.of(run)).state is WorkState.SUCCEEDED for run in runs])
