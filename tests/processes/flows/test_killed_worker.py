"""A worker that is killed in the middle of a run: the next one goes on, and repeats no finished step."""

import asyncio
from collections import Counter

from hub.wiring import build_hub
from models.vocabulary import DispatchOutcome, WorkState
from settings import Settings
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.runs.plant import new_plant
from tests.runs.shop import open_shop

KILLS = 3
RECORDS = 60


@both
async def test_a_killed_worker_loses_and_repeats_nothing(installed):
    installed.settings = installed.settings | {"pace": '{"job_lease": 1}'}
    process = installed.start()
    hub = build_hub(Settings(home=installed.home, **installed.settings))
    killed, kills = asyncio.Event(), 0

    def kill_at_times(asked):
        nonlocal kills
        new = asked.path == "/orders" and asked.headers["idempotency-key"] not in shop.orders
        if new and kills < KILLS and len(shop.orders) >= 7 + 30 * kills:
            kills += 1
            process.kill()
            killed.set()

    async with open_shop(items=[{"id": number} for number in range(RECORDS)], answer=kill_at_times) as shop:
        plant = await new_plant(hub, shop.url)
        first, second = await plant.imports(), await plant.imports(mapping="{again: id}")
        run = await plant.run(await plant.flow(await plant.source(), first, second))
        for _ in range(KILLS):
            await asyncio.wait_for(killed.wait(), 60)
            killed.clear()
            await asyncio.to_thread(process.start)
        await eventually(lambda: _has_ended(plant, run))
        ended, steps, calls = await plant.of(run), await plant.steps(run), await plant.dispatches(run)

    assert (ended.state, ended.read_count, ended.written_count) == (WorkState.SUCCEEDED, RECORDS, RECORDS)
    assert len(shop.orders) == 2 * RECORDS
    assert len(shop.sent("/items")) <= RECORDS // 10 + 1 + KILLS
    finished = {step.id: step.finished_at for step in steps}
    assert [call.id for call in calls if call.created_at > finished[call.cause_id]] == []
    succeeded = Counter(call.idempotency_key for call in calls if call.outcome is DispatchOutcome.SUCCEEDED)
    assert {key: count for key, count in succeeded.items() if key is not None and count > 1} == {}
    await hub.recorder.close()
    hub.expressions.close()
    await hub.database.close()


async def _has_ended(plant, run):
    return (await plant.of(run)).finished_at is not None
