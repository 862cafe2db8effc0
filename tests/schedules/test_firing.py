"""Flows that are due: one run for each time, whoever looks, and what becomes of times that nobody looked at."""

from __future__ import annotations

import asyncio
import time

import pytest

from models.vocabulary import FlowCatchUp, FlowOverlap, FlowTriggerKind, RunReason, WorkState
from tests.harness.backends import both, on_postgresql
from tests.harness.statements import counted
from tests.schedules.planted import DUE, HOUR, MINUTE, Planted, Scheduler

pytestmark = both

QUARTER = 15 * MINUTE
SIX_HOURS = [DUE + QUARTER * number for number in range(24)]
LATE = SIX_HOURS[-1] + 5 * MINUTE


@pytest.mark.parametrize("zone", ["UTC", None])
async def test_a_due_flow_gets_one_run_and_its_next_time(planted: Planted, scheduler: Scheduler, zone) -> None:
    flow = await planted.flow(time_zone=zone)

    await scheduler.fire(DUE - 1)
    early = await planted.runs(flow)
    await scheduler.fire(DUE)
    await scheduler.fire(DUE + 1)

    (run,), (job,) = await planted.runs(flow), await planted.jobs(flow)
    assert early == []
    assert (run.due_at, run.state, run.trigger) == (DUE, WorkState.QUEUED, FlowTriggerKind.SCHEDULE)
    assert (run.missed_count, run.event_id, run.job_id) == (0, None, job.id)
    assert (await planted.read(flow)).next_run_at == DUE + QUARTER


@pytest.mark.parametrize("state", [{"enabled": False}, {"next_run_at": None}, {"next_run_at": DUE + 1}])
async def test_a_flow_that_is_not_due_starts_nothing(planted: Planted, scheduler: Scheduler, state) -> None:
    flow = await planted.flow(**state)

    await scheduler.fire(DUE)

    assert await planted.runs(flow) == []
    assert (await planted.read(flow)).next_run_at == state.get("next_run_at", DUE)


async def test_times_of_a_paused_flow_are_skipped_and_listed(planted: Planted, scheduler: Scheduler) -> None:
    flow = await planted.flow(paused_at=1)

    await scheduler.fire(DUE)
    await scheduler.fire(DUE + QUARTER)

    runs = await planted.runs(flow)
    assert [(run.due_at, run.state, run.reason, run.missed_count) for run in runs] == [
        (DUE, WorkState.SKIPPED, RunReason.MISSED, 1),
        (DUE + QUARTER, WorkState.SKIPPED, RunReason.MISSED, 1),
    ]
    assert runs[0].error == "Its time passed while the hub was down or the flow was paused."
    assert await planted.jobs(flow) == []


OVERLAPS = [
    (FlowOverlap.SKIP, WorkState.RUNNING, False),
    (FlowOverlap.SKIP, WorkState.QUEUED, False),
    (FlowOverlap.SKIP, WorkState.SUSPENDED, False),
    (FlowOverlap.QUEUE_ONE, WorkState.RUNNING, True),
    (FlowOverlap.QUEUE_ONE, WorkState.SUSPENDED, True),
    (FlowOverlap.QUEUE_ONE, WorkState.QUEUED, False),
    (FlowOverlap.ALLOW, WorkState.RUNNING, True),
    (FlowOverlap.ALLOW, WorkState.QUEUED, True),
]


@pytest.mark.parametrize(("overlap", "state", "starts"), OVERLAPS)
async def test_overlap_is_decided_when_the_flow_is_due(
    planted: Planted, scheduler: Scheduler, overlap, state, starts
) -> None:
    flow = await planted.flow(overlap=overlap)
    await planted.run(flow, state)

    await scheduler.fire(DUE)

    (run,) = await planted.runs(flow)
    assert (run.state, run.reason) == ((WorkState.QUEUED, None) if starts else (WorkState.SKIPPED, RunReason.OVERLAP))
    assert (run.finished_at is None, len(await planted.jobs(flow))) == (starts, int(starts))
    assert (await planted.read(flow)).next_run_at == DUE + QUARTER


async def test_of_a_flow_that_takes_five_minutes_one_run_waits_each_minute(
    planted: Planted, scheduler: Scheduler
) -> None:
    flow = await planted.flow("* * * * *")
    await planted.run(flow, WorkState.RUNNING)

    for minute in range(5):
        await scheduler.fire(DUE + minute * MINUTE)

    assert [run.state for run in await planted.runs(flow)] == [WorkState.QUEUED, *4 * [WorkState.SKIPPED]]
    assert len(await planted.jobs(flow)) == 1


async def test_after_six_hours_the_latest_missed_time_gets_one_late_run(
    planted: Planted, scheduler: Scheduler
) -> None:
    flow = await planted.flow()

    await scheduler.fire(LATE)
    await scheduler.fire(LATE)

    (run,), (job,) = await planted.runs(flow), await planted.jobs(flow)
    assert (run.due_at, run.state, run.missed_count) == (SIX_HOURS[-1], WorkState.QUEUED, 24)
    assert job.run_at - job.created_at < 1_000
    assert (await planted.read(flow)).next_run_at == SIX_HOURS[-1] + QUARTER


async def test_catching_up_with_all_makes_a_run_for_each_in_order(planted: Planted, scheduler: Scheduler) -> None:
    flow = await planted.flow(catch_up=FlowCatchUp.ALL)

    await scheduler.fire(LATE)

    runs, jobs = await planted.runs(flow), await planted.jobs(flow)
    assert [(run.due_at, run.state, run.missed_count) for run in runs] == [
        (due, WorkState.QUEUED, 1) for due in SIX_HOURS
    ]
    assert [job.id for job in jobs] == [run.job_id for run in runs]
    assert [job.blocked for job in jobs] == [False, *23 * [True]]


async def test_runs_that_catch_up_go_one_by_one_also_where_runs_may_overlap(
    planted: Planted, scheduler: Scheduler
) -> None:
    flow = await planted.flow(catch_up=FlowCatchUp.ALL, overlap=FlowOverlap.ALLOW)

    await scheduler.fire(LATE)

    assert [job.blocked for job in await planted.jobs(flow)] == [False, *23 * [True]]


async def test_catching_up_with_all_is_bounded_and_says_what_it_left_out(
    planted: Planted, scheduler: Scheduler
) -> None:
    flow = await planted.flow("* * * * *", catch_up=FlowCatchUp.ALL)

    await scheduler.fire(DUE + 6 * HOUR)

    left_out, *runs = await planted.runs(flow)
    assert (left_out.state, left_out.reason, left_out.missed_count) == (WorkState.SKIPPED, RunReason.MISSED, 261)
    assert left_out.due_at == runs[0].due_at - MINUTE
    assert [run.due_at for run in runs] == [DUE + minute * MINUTE for minute in range(261, 361)]
    assert [run.missed_count for run in runs] == [*98 * [1], 0, 0]


async def test_catching_up_with_none_lists_what_was_skipped(planted: Planted, scheduler: Scheduler) -> None:
    flow = await planted.flow(catch_up=FlowCatchUp.SKIP)

    await scheduler.fire(LATE)

    (run,) = await planted.runs(flow)
    assert (run.due_at, run.state, run.reason) == (SIX_HOURS[-1], WorkState.SKIPPED, RunReason.MISSED)
    assert (run.missed_count, await planted.jobs(flow)) == (24, [])
    assert (await planted.read(flow)).next_run_at == SIX_HOURS[-1] + QUARTER


async def test_a_time_within_the_last_minute_is_not_missed(planted: Planted, scheduler: Scheduler) -> None:
    flow = await planted.flow(catch_up=FlowCatchUp.SKIP)

    await scheduler.fire(SIX_HOURS[-1] + MINUTE)

    missed, run = await planted.runs(flow)
    assert (missed.due_at, missed.reason, missed.missed_count) == (SIX_HOURS[-2], RunReason.MISSED, 23)
    assert (run.due_at, run.state, run.missed_count) == (SIX_HOURS[-1], WorkState.QUEUED, 0)


async def test_a_single_time_that_was_missed_is_made_up_for(planted: Planted, scheduler: Scheduler) -> None:
    flow = await planted.flow("0 10 * * *")

    await scheduler.fire(DUE + 3 * HOUR)

    (run,) = await planted.runs(flow)
    assert (run.due_at, run.state, run.missed_count) == (DUE, WorkState.QUEUED, 1)


async def test_three_schedulers_make_one_run(planted: Planted, new_scheduler) -> None:
    flows = await planted.flows(20)
    schedulers = [new_scheduler() for _ in range(3)]

    await asyncio.gather(*(scheduler.fire(DUE) for scheduler in schedulers))
    await schedulers[0].fire(DUE)

    assert [len(await planted.runs(flow)) for flow in flows] == 20 * [1]
    assert [len(await planted.jobs(flow)) for flow in flows] == 20 * [1]


@on_postgresql  # SQLite has one writer at a time
async def test_a_flow_that_somebody_saves_is_left_to_the_next_time(planted: Planted, scheduler: Scheduler) -> None:
    held, free = await planted.flow(), await planted.flow()

    async with planted.database.write() as session:
        row = await session.get(type(held), held.id, with_for_update=True)
        await scheduler.fire(DUE)
        assert row is not None
        row.next_run_at = DUE + HOUR

    await scheduler.fire(DUE)
    assert [len(await planted.runs(flow)) for flow in (held, free)] == [0, 1]


async def test_a_thousand_flows_start_over_ten_seconds_and_never_early(
    planted: Planted, scheduler: Scheduler
) -> None:
    flows = await planted.flows(1_000, "0 * * * *")
    began = time.monotonic()

    with counted(scheduler.hub.database, "SELECT", "INSERT", "UPDATE") as sent:
        await scheduler.fire(DUE)

    took = time.monotonic() - began
    jobs = await planted.jobs(*flows)
    waits = sorted(job.run_at - job.created_at for job in jobs)
    assert len(jobs) == len(flows)
    assert waits[-1] - waits[0] >= 8_000
    assert (waits[0] >= 0, waits[-1] <= 10_000 + took * 1_000) == (True, True)
    assert len(sent) <= 8 * 5
    assert took < 20


async def test_an_exact_flow_starts_at_the_very_second(planted: Planted, scheduler: Scheduler) -> None:
    flows = await planted.flows(10, exact=True)

    await scheduler.fire(DUE)

    for flow in flows:
        (job,) = await planted.jobs(flow)
        assert job.run_at - job.created_at < 1_000


@pytest.mark.parametrize("fault", [{"time_zone": "Europe/Atlantis"}, {"cron": "0 0 31 2 *"}, {"cron": "x"}])
async def test_a_schedule_that_cannot_be_read_stops_alone(planted: Planted, scheduler: Scheduler, fault) -> None:
    broken, sound = await planted.flow(**fault), await planted.flow()

    await scheduler.fire(DUE)

    assert (await planted.runs(broken), (await planted.read(broken)).next_run_at) == ([], None)
    assert len(await planted.runs(sound)) == 1
