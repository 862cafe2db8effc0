"""Other rules of time zones: next times are computed anew, once, and nothing fires early."""

from __future__ import annotations

from resolvers.caller import Caller
from resolvers.schedules.renewal import renew_schedules
from resolvers.schedules.zones import zone_rules
from tests.harness.backends import both
from tests.schedules.planted import DUE, HOUR, MINUTE, Planted, Scheduler

pytestmark = both


async def test_next_times_of_other_rules_are_computed_anew_once(planted: Planted, scheduler: Scheduler) -> None:
    stale = await planted.flow("0 12 * * *", next_run_at=DUE + HOUR, zone_rules="2020.1")
    unknown = await planted.flow("0 12 * * *", next_run_at=DUE + 9 * HOUR, zone_rules=None)
    present = await planted.flow("0 12 * * *", next_run_at=DUE + HOUR)
    disabled = await planted.flow(next_run_at=None, zone_rules="2020.1", enabled=False)

    first = await renew_schedules(Caller.of_hub(scheduler.hub), DUE)
    second = await renew_schedules(Caller.of_hub(scheduler.hub), DUE)

    rows = [await planted.read(flow) for flow in (stale, unknown, present, disabled)]
    assert (first, second) == (2, 0)
    assert [row.next_run_at for row in rows] == [DUE + 2 * HOUR, DUE + 2 * HOUR, DUE + HOUR, None]
    assert [row.zone_rules for row in rows] == [zone_rules(), zone_rules(), zone_rules(), "2020.1"]
    assert [await planted.runs(flow) for flow in (stale, unknown, present, disabled)] == 4 * [[]]


async def test_a_time_that_has_come_is_still_run(planted: Planted, scheduler: Scheduler) -> None:
    flow = await planted.flow("0 12 * * *", zone_rules="2020.1")

    await renew_schedules(Caller.of_hub(scheduler.hub), DUE + MINUTE)
    await scheduler.fire(DUE + MINUTE)

    assert [run.due_at for run in await planted.runs(flow)] == [DUE]
    assert (await planted.read(flow)).next_run_at == DUE + 2 * HOUR


async def test_a_zone_that_is_gone_does_not_stop_the_start(planted: Planted, scheduler: Scheduler) -> None:
    flow = await planted.flow(time_zone="Europe/Atlantis", zone_rules="2020.1")

    assert await renew_schedules(Caller.of_hub(scheduler.hub), DUE - HOUR) == 1

    assert (await planted.read(flow)).next_run_at == DUE
