"""Progress of a job whose tasks are planned, or were reported by an earlier try."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from jobs.job import Lease, PlannedTask
from jobs.progress import Progress
from models.errors import UpstreamFailed

PLAN = PlannedTask(caption="Verify", steps=[("Ask", "Whether it works."), ("Learn", "Who it is.")])
LEASE = Lease("a" * 24, "worker", 1)


class Reports:
    """The tasks as they were reported, each time."""

    def __init__(self) -> None:
        self.now = 0
        self.seen: list[Any] = []

    async def write(self, _lease: Lease, _share: float | None, tasks: str | None) -> None:
        """Keep a report."""
        self.seen.append(orjson.loads(tasks or "[]"))

    def clock(self) -> int:
        """A time that goes on."""
        self.now += 1
        return self.now


async def ask(progress: Progress, error: Exception | None = None) -> None:
    """The work of a try."""
    async with progress.task("Verify"), progress.step("Ask", "Whether it works."):
        if error is not None:
            raise error


async def test_fills_in_the_planned_tasks():
    reports = Reports()

    await ask(Progress(LEASE, reports.write, reports.clock, recorded=[PLAN.told()]))

    (task,) = reports.seen[-1]
    assert (task["state"], [step["startedAt"] for step in reports.seen[0][0]["steps"]]) == ("SUCCEEDED", [None, None])
    assert [(step["startedAt"], step["finishedAt"]) for step in task["steps"]] == [(1, 2), (None, None)]


async def test_goes_on_with_the_tasks_that_are_recorded():
    reports = Reports()
    with pytest.raises(UpstreamFailed):
        await ask(Progress(LEASE, reports.write, reports.clock, recorded=[PLAN.told()]), UpstreamFailed("No."))
    failed = reports.seen[-1]

    await ask(Progress(LEASE, reports.write, reports.clock, recorded=failed))

    (task,) = reports.seen[-1]
    assert (failed[0]["state"], failed[0]["error"]) == ("FAILED", "No.")
    assert (task["state"], task["error"]) == ("SUCCEEDED", None)
    assert task["steps"][0]["startedAt"] == failed[0]["steps"][0]["startedAt"] == 1
    assert [step["finishedAt"] is None for step in task["steps"]] == [False, True]


async def test_a_task_of_another_caption_stands_behind_the_recorded_ones():
    reports = Reports()
    progress = Progress(LEASE, reports.write, reports.clock, recorded=[PLAN.told()])

    async with progress.task("Clean up"), progress.step("Sweep"):
        pass

    assert [(task["caption"], task["state"]) for task in reports.seen[-1]] == [
        ("Verify", "QUEUED"),
        ("Clean up", "SUCCEEDED"),
    ]
