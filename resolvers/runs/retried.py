"""The record of tries of failed records: errors, counts of runs and steps, and the job, in one transaction."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import false, func, insert, select, update
from sqlmodel import col

from models.row import feed_stamp, new_id
from models.tables import Flow, Run, RunError, RunStep
from models.vocabulary import RecordFault, RunErrorState, WorkState
from proxy.inputs.exact import write_json
from proxy.redact import redact
from resolvers.operation import OPERATOR, operation
from resolvers.runs.faults import PASSING, WAITS, group_digest, sentence
from resolvers.runs.items import NONE, Counts
from resolvers.runs.masking import masked
from resolvers.runs.recording import fence, sealed
from resolvers.runs.tallies import changed, fewer_open
from resolvers.webhooks.checkpoint import keep_position
from resolvers.work import Work

#: A wait is up to a fifth shorter or longer, so that records that failed together do not come together.
_JITTER: Final = 0.2
#: Columns of an error that a further one of the same record has too.
_SAME: Final = ("organization_id", "integration_id", "run_id", "flow_id", "page", "assigned_to")


@dataclass(frozen=True, kw_only=True)
class Left:
    """Records of an error that failed again at a step, as they came to it; none: the record stays as it was.

    `waits`: it is tried again by itself. `secrets` are masked where people see it.
    """

    step_id: str
    position: int
    fault: RecordFault
    message: str
    values: list[Any] = field(repr=False)
    touched: bool = False
    waits: bool = False
    record_key: str = ""
    dispatch_id: str | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def value(self) -> Any:
        """The record, or the list of them."""
        return self.values[0] if len(self.values) == 1 else self.values


@dataclass(frozen=True, kw_only=True)
class Worked:
    """What a step did in a try: the records that `arrived` at it first, and the changes of its counts."""

    arrived: int = 0
    counts: Counts = NONE

    def __add__(self, other: Worked) -> Worked:
        return Worked(arrived=self.arrived + other.arrived, counts=self.counts + other.counts)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """The outcome of an error's try. `left`: what failed of it, by step; empty if all of it came to its end.

    `done`: the counts of its records now. `had_gone_on`: they were at work further on all the time. `steps`: the work
    of the run's steps, by their ids.
    """

    error: RunError
    done: Counts
    left: Sequence[Left] = ()
    had_gone_on: bool = False
    steps: dict[str, Worked] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TriedBite:
    """Outcomes to write together. `opened`: steps of runs at which records arrived first in this try."""

    flow_id: str
    tried: Sequence[Tried]
    opened: Sequence[RunStep] = ()
    payload: dict[str, Any] = field(default_factory=dict)
    share: float | None = None


@operation(needs=OPERATOR)
async def record_tried(work: Work, bite: TriedBite) -> int:
    """Write the outcomes of tries. Answers how many errors were resolved. Raises LeaseLost or JobCancelled.

    An error that a person has resolved meanwhile stays as it is.
    """
    await fence(work)
    states = select(col(RunError.id), col(RunError.state)).where(
        col(RunError.id).in_([one.error.id for one in bite.tried])
    )
    rows = await work.session.execute(states.order_by(col(RunError.id)).with_for_update())
    now = {row.id: row.state for row in rows}
    valid = [one for one in bite.tried if now.get(one.error.id) is one.error.state]
    for step in bite.opened:
        await _open_step(work, step)
    for one in valid:
        await _write_error(work, one)
    await _count_steps(work, valid)
    await _count_runs(work, valid)
    resolved = sum(1 for one in valid if not one.left)
    more = sum(len(one.left) - 1 for one in valid if one.left)
    await fewer_open(work, bite.flow_id, resolved - more)
    if bite.payload:
        await keep_position(work, bite.payload, bite.share)
    return resolved


@operation(needs=OPERATOR)
async def finish_tries(work: Work, flow_id: str, state: RunErrorState) -> bool:
    """End the job of a flow's tries unless there are further errors to try. Answers whether it has ended.

    The row of the flow is locked: who marks more errors does so before, or finds the job ended.
    """
    await work.first(select(Flow).where(col(Flow.id) == flow_id).with_for_update())
    if await work.first(due_errors(work, flow_id, state)) is not None:
        return False
    await work.finish_job()
    return True


def due_errors(work: Work, flow_id: str, state: RunErrorState) -> Any:
    """The errors of a flow that are in this state and due, oldest first."""
    return (
        select(RunError)
        .where(
            col(RunError.organization_id) == work.organization_id,
            col(RunError.flow_id) == flow_id,
            col(RunError.state) == state,
            col(RunError.next_try_at) <= work.now(),
        )
        .order_by(col(RunError.id))
    )


async def _open_step(work: Work, step: RunStep) -> None:
    """Add the row of a step, unless its place in the run is taken: by itself, or under another definition."""
    of_run = select(RunStep).where(col(RunStep.run_id) == step.run_id)
    there = of_run.where(col(RunStep.position) == step.position, col(RunStep.page) == step.page)
    if await work.first(there) is None:
        work.add(step)
        await work.flush()


async def _write_error(work: Work, tried: Tried) -> None:
    """Resolve an error, or write what failed again over it. Records that failed at another step are another error."""
    row, now = tried.error, work.now()
    mine = update(RunError).where(col(RunError.id) == row.id)
    if not tried.left:
        values: dict[str, Any] = {
            "state": RunErrorState.RESOLVED,
            "next_try_at": None,
            "resolved_at": now,
            "resolved_by_run": row.run_id,
            "updated_at": now,
        }
        await changed(work, mine.values(values))
        return
    again, *others = tried.left
    await changed(work, mine.values(_failed_again(work, row.id, row.tries + 1, again)))
    for one in others:
        other = {name: getattr(row, name) for name in _SAME} | {"id": new_id(now), "created_at": now}
        await work.session.execute(insert(RunError).values(other | _failed_again(work, other["id"], 1, one)))


def _failed_again(work: Work, row_id: str, tries: int, left: Left) -> dict[str, Any]:
    now = work.now()
    message = sentence(redact(left.message, left.secrets))
    waits = left.waits
    values: dict[str, Any] = {
        "state": RunErrorState.WAITING if waits else RunErrorState.OPEN,
        "next_try_at": now + _wait(tries) if waits else None,
        "tries": tries,
        "step_id": left.step_id,
        "position": left.position,
        "fault": left.fault,
        "message": message,
        "group_digest": group_digest(left.step_id, left.fault, message),
        "record_key": left.record_key,
        "dispatch_id": left.dispatch_id,
        "updated_at": now,
    }
    if left.values:
        kept = {"record": left.value, "touched": left.touched, "shown": masked(left.value, left.secrets)}
        values["record"] = sealed(work, "run_error", row_id, "record", write_json(kept))
        values["record_count"] = len(left.values)
    return values


def waits_after(fault: RecordFault, tries: int) -> bool:
    """Whether a record is tried again by itself after so many tries."""
    return fault in PASSING and tries <= len(WAITS)


def _wait(tries: int) -> int:
    return round(WAITS[tries - 1] * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311  not for security


async def _count_steps(work: Work, tried: Sequence[Tried]) -> None:
    """Move the counts of the runs' steps."""
    moved: dict[str, Worked] = {}
    for one in tried:
        for step_id, worked in one.steps.items():
            moved[step_id] = moved.get(step_id, Worked()) + worked
    for step_id, worked in sorted(moved.items()):
        counts = worked.counts
        values: dict[str, Any] = {
            "input_count": RunStep.input_count + worked.arrived,
            "written_count": RunStep.written_count + counts.written,
            "ignored_count": RunStep.ignored_count + counts.ignored,
            "error_count": RunStep.error_count + counts.errors,
            "waiting_count": RunStep.waiting_count + counts.waiting,
        }
        await changed(work, update(RunStep).where(col(RunStep.id) == step_id).values(values))


async def _count_runs(work: Work, tried: Sequence[Tried]) -> None:
    """Move the counts of the runs. A PARTIAL one without errors has SUCCEEDED now."""
    moved: dict[str, Counts] = {}
    for one in tried:
        if not one.had_gone_on:
            waited = one.error.state is RunErrorState.WAITING
            records = one.error.record_count
            before = Counts(waiting=-records) if waited else Counts(errors=-records)
            moved[one.error.run_id] = moved.get(one.error.run_id, NONE) + before + one.done
    for run_id, counts in sorted(moved.items()):
        values: dict[str, Any] = {
            "written_count": Run.written_count + counts.written,
            "ignored_count": Run.ignored_count + counts.ignored,
            "error_count": Run.error_count + counts.errors,
            "waiting_count": Run.waiting_count + counts.waiting,
            "updated_at": work.now(),
            "feed": feed_stamp(),
        }
        await changed(work, update(Run).where(col(Run.id) == run_id).values(values))
    for run_id in sorted({one.error.run_id for one in tried if one.had_gone_on}):
        await _count_gone_on(work, run_id)
    whole = update(Run).where(
        col(Run.id).in_({one.error.run_id for one in tried}),
        col(Run.state) == WorkState.PARTIAL,
        col(Run.error_count) == 0,
        col(Run.waiting_count) == 0,
    )
    await changed(work, whole.values(state=WorkState.SUCCEEDED))


async def _count_gone_on(work: Work, run_id: str) -> None:
    """Count records as written that went on from errors which are all mended: a run has no more failed than errors.

    One record can have several errors, and counts once. Errors that somebody else resolved stay failed records.
    """
    mended = (col(RunError.state) == RunErrorState.RESOLVED) & (col(RunError.resolved_by_run) == run_id)
    rows = select(func.coalesce(func.sum(col(RunError.record_count)), 0)).where(col(RunError.run_id) == run_id)
    left = int((await work.session.execute(rows.where(~func.coalesce(mended, false())))).scalar_one())
    values: dict[str, Any] = {
        "written_count": Run.written_count + Run.error_count - left,
        "error_count": left,
        "updated_at": work.now(),
        "feed": feed_stamp(),
    }
    await changed(work, update(Run).where(col(Run.id) == run_id, col(Run.error_count) > left).values(values))
