"""A try of failed records: of one step, page and run together, from that step to the end of the flow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from jobs.kind import JobContext
from models.tables import RunStep
from models.vocabulary import RecordFault, RunErrorState, RunReason, WorkState
from resolvers.caller import Caller
from resolvers.flows.content import Content
from resolvers.runs.attempt import Attempt
from resolvers.runs.calling import config_fault
from resolvers.runs.cursor import Cursor
from resolvers.runs.ends import RunEnded, failed
from resolvers.runs.fates import Fate
from resolvers.runs.faults import PASSING
from resolvers.runs.items import NONE, Counts, Item
from resolvers.runs.retaking import Taken
from resolvers.runs.retried import Left, Tried, Worked, waits_after
from resolvers.runs.writing import work_records

_ID: Final = 24


@dataclass(kw_only=True)
class Trial:
    """Records of one page at work again. `opened`: rows of steps that none of the page had reached before."""

    attempt: Attempt
    content: Content
    run_steps: dict[str, str]
    opened: dict[str, RunStep] = field(default_factory=dict)


@dataclass(kw_only=True)
class _Record:
    """A record of an error: `left`: its failures; `item`: as it goes on, None at its end."""

    owner: Taken
    item: Item | None
    done: Counts = NONE
    left: list[Left] = field(default_factory=list)


def groups(taken: Sequence[Taken]) -> list[list[Taken]]:
    """The errors that are worked on together: of one step, page and run."""
    found: dict[object, list[Taken]] = {}
    for one in taken:
        alone = one.error.id if one.problem else None
        key = (alone, one.run.id, one.error.page, one.position, _has_gone_on(one))
        found.setdefault(key, []).append(one)
    return list(found.values())


def _has_gone_on(one: Taken) -> bool:
    """Whether the record went on from this failure, so that only this step is tried again."""
    if one.content is None:
        return False
    return one.content.steps[one.position].proceed_on_failure and one.error.fault not in PASSING


def trial_of(
    keeper: Caller, context: JobContext, group: Sequence[Taken], *, probes: bool, downs: int
) -> Trial | None:
    """The try of a group; None if it has a problem. `probes`: its first call asks whether the other side is there."""
    first = group[0]
    if first.content is None or first.problem is not None:
        return None
    run = type(first.run)(**first.run.model_dump() | {"active_ms": 0})  # the limit of time is of one try
    cursor = Cursor(source=None, page=first.error.page, position=first.position, run_step_id="")
    attempt = Attempt(
        caller=keeper, context=context, run=run, content=first.content, cursor=cursor, probes=probes, downs=downs
    )
    return Trial(attempt=attempt, content=first.content, run_steps=dict(first.run_steps))


async def tried_of(trial: Trial | None, group: Sequence[Taken]) -> list[Tried]:
    """The outcomes of errors. Raises RunSuspended; the end of a run is the outcome of each."""
    if trial is None:
        return [_unfit(one, one.problem or "") for one in group]
    records = [_Record(owner=one, item=item) for one in group for item in _items(one)]
    steps: dict[str, Worked] = {}
    try:
        await _work(trial, records, steps, alone=_has_gone_on(group[0]))
    except RunEnded as end:
        if end.reason is RunReason.FLOW_DELETED:
            raise
        return [_unfit(one, end.message or "") for one in group]
    tried = [_outcome(one, [each for each in records if each.owner is one]) for one in group]
    return [replace(tried[0], steps=steps), *tried[1:]]


def _items(one: Taken) -> list[Item]:
    values = one.record if one.error.record_count > 1 else [one.record]
    return [Item(value=value, touched=one.touched) for value in values]


async def _work(trial: Trial, records: Sequence[_Record], steps: dict[str, Worked], *, alone: bool) -> None:
    """Work from the step of the errors on, with the records that are left after each step."""
    first = trial.attempt.cursor.position
    if trial.content.cannot is not None:
        raise failed(RunReason.CONFIG, trial.content.cannot)
    for position in range(first, first + 1 if alone else len(trial.content.steps)):
        going = [one for one in records if one.item is not None]
        if not going:
            return
        step = trial.content.steps[position]
        if fault := config_fault(step):
            raise fault
        _place(trial, position)
        items = [one.item for one in going if one.item is not None]
        fates = await work_records(trial.attempt, step, items)
        waits = _settle(trial, going, fates)
        counts = _counts(fates, waits)
        arrived = len(going) if position > first else 0
        before = Counts() if arrived else _before(records)
        place = trial.attempt.cursor.run_step_id
        steps[place] = steps.get(place, Worked()) + Worked(arrived=arrived, counts=before + counts)
    for one in records:
        if one.item is not None:
            one.done = Counts.of_done([one.item])


def _before(records: Iterable[_Record]) -> Counts:
    """The counts that these records had at the step of their errors, taken off."""
    waiting = sum(1 for one in records if one.owner.error.state is RunErrorState.WAITING)
    return Counts(errors=waiting - sum(1 for _ in records), waiting=-waiting)


def _settle(trial: Trial, going: Sequence[_Record], fates: Sequence[Fate]) -> list[bool]:
    """Take the fates of a step over. Answers of each record whether it waits to be tried again by itself."""
    position, step = trial.attempt.cursor.position, trial.content.steps[trial.attempt.cursor.position]
    told, waiting = None, []
    for one, fate in zip(going, fates, strict=True):
        told = fate.error or told  # the first record of a batch has the error of all of it
        waits = False
        if fate.word in ("errors", "waiting") and told is not None and one.item is not None:
            tries = one.owner.error.tries + 1
            waits = waits_after(told.fault, tries) and not _has_gone_on(one.owner)
            left = Left(
                step_id=step.step_id,
                position=position,
                fault=told.fault,
                message=told.message,
                values=[one.item.value],
                touched=one.item.touched,
                waits=waits,
                record_key=told.record_key,
                dispatch_id=told.dispatch_id,
                secrets=trial.attempt.secrets,
            )
            one.left.append(left)
            one.done = Counts(waiting=1) if waits else Counts(errors=1)
        elif fate.item is None:
            one.done = Counts(ignored=1)
        one.item = fate.item
        waiting.append(waits)
    return waiting


def _counts(fates: Sequence[Fate], waits: Sequence[bool]) -> Counts:
    """The counts of a step: a record that waited long enough is an error now."""
    total = NONE
    for fate, waiting in zip(fates, waits, strict=True):
        word = fate.word if fate.word not in ("errors", "waiting") else "waiting" if waiting else "errors"
        total += Counts(**{word: 1})
    return total


def _place(trial: Trial, position: int) -> None:
    """Set the cursor to a step: to its row of the page if there is one, else to a row of its own.

    Its id follows from the place: after a crash, the calls of the attempt before are found by it.
    """
    attempt, step = trial.attempt, trial.content.steps[position]
    place = trial.run_steps.get(step.step_id)
    if place is None:
        place = _place_id(attempt.run.id, position, attempt.cursor.page)
        trial.run_steps[step.step_id] = place
        now = attempt.hub.clock()
        trial.opened[place] = RunStep(
            id=place,
            created_at=now,
            organization_id=attempt.run.organization_id,
            integration_id=attempt.run.integration_id,
            run_id=attempt.run.id,
            position=position,
            page=attempt.cursor.page,
            step_id=step.step_id,
            state=WorkState.SUCCEEDED,
            started_at=now,
            finished_at=now,
        )
    attempt.cursor = replace(attempt.cursor, position=position, run_step_id=place)


def _place_id(run_id: str, position: int, page: int) -> str:
    digest = hashlib.sha256(f"{run_id} {position} {page}".encode()).hexdigest()
    return (run_id[:8] + digest)[:_ID]


def _unfit(one: Taken, message: str) -> Tried:
    """The outcome of an error that cannot be tried at all: it is open, and keeps its record."""
    error = one.error
    left = Left(
        step_id=error.step_id or "",
        position=error.position,
        fault=RecordFault.CONFIG,
        message=message,
        values=[],
        record_key=error.record_key,
        dispatch_id=error.dispatch_id,
    )
    return Tried(error=error, done=Counts(errors=error.record_count), left=[left])


def _outcome(one: Taken, records: Sequence[_Record]) -> Tried:
    """The outcome of an error with its records, which failed again together if at one step."""
    left: dict[int, Left] = {}
    for failure in (each for record in records for each in record.left):
        same = left.get(failure.position)
        left[failure.position] = failure if same is None else replace(same, values=[*same.values, *failure.values])
    done = NONE
    for record in records:
        done += record.done
    return Tried(error=one.error, done=done, left=list(left.values()), had_gone_on=_has_gone_on(one))
