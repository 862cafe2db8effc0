"""The begin of an attempt at a run: its row, its content, and its own record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Final

from sqlalchemy import select, update
from sqlmodel import col

from models.errors import SecretUnreadable
from models.row import feed_stamp
from models.secret_column import secret_place
from models.tables import Event, ExportState, Flow, Run
from models.vocabulary import RunReason, WorkState
from proxy.inputs.exact import read_json
from resolvers.caller import Caller
from resolvers.flows.content import Content, content_of, store_content, stored_content
from resolvers.operation import OPERATOR, operation
from resolvers.runs.cursor import Cursor
from resolvers.runs.ends import failed
from resolvers.runs.holding import paused_by_rate
from resolvers.runs.items import Item, packed, unpacked
from resolvers.runs.recording import fence, sealed, start_step
from resolvers.work import Work

_EXPIRED: Final = "The payload of its event has expired, so there is no record to work on."
_UNREADABLE: Final = "The records of the run cannot be read: the master key that sealed them is gone."
_NOT_KEPT: Final = "The content that the run began with is not kept any more."


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A run that an attempt has: its row as it was before, and its event if that still has its payload.

    `content`, `items`: None and empty if it has not begun. `problem`: why it can never go on.
    """

    run: Run
    event: Event | None
    content: Content | None
    items: list[Item]
    payload: Any
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Begin:
    """A run that is to begin, with the caller that its flow runs as."""

    opened: Opened
    actor: Caller


class Held(Enum):
    """Why a run does not begin: its flow is gone, or paused, and then it waits again."""

    GONE = auto()
    PAUSED = auto()


@operation(needs=OPERATOR)
async def open_run(work: Work, run_id: str) -> Opened | None:
    """Take a run up for an attempt, which counts as one without a checkpoint until there is one. None: it has ended.

    Raises LeaseLost or JobCancelled if another attempt has the run, or a person has cancelled it.
    """
    await fence(work)
    run = await work.session.get(Run, run_id, with_for_update=True)
    if run is None or run.organization_id != work.organization_id or run.finished_at is not None:
        return None
    before = Run(**run.model_dump())
    run.stalls += 1
    run.state, run.reason, run.error = WorkState.RUNNING, None, None
    run.started_at = before.started_at = run.started_at or work.now()
    await work.session.execute(update(Run).where(col(Run.id) == run.id).values(feed=feed_stamp()))
    event = None if run.event_id is None else await work.session.get(Event, run.event_id)
    content = None if run.content_digest is None else await stored_content(work, run.content_digest)
    problem = _NOT_KEPT if run.content_digest is not None and content is None else None
    items: list[Item] = []
    payload = None
    try:
        payload = _payload(work, run, event)
        items = unpacked(_unsealed(work, run, "records")) if run.records is not None else []
    except SecretUnreadable:
        problem = _UNREADABLE
    return Opened(run=before, event=event, content=content, items=items, payload=payload, problem=problem)


@operation(needs=OPERATOR)
async def begin_run(work: Work, begin: Begin) -> tuple[Content, Cursor] | Held:
    """Pin what the run does, and write its first work. Raises LeaseLost or JobCancelled.

    Runs that start too fast pause their flow here, this one before it has done anything.
    """
    await fence(work)
    run = await work.session.get(Run, begin.opened.run.id, with_for_update=True)
    flow = await work.session.get(Flow, begin.opened.run.flow_id)
    if run is None or flow is None:
        return Held.GONE
    if run.content_digest is None and await paused_by_rate(work, flow):
        run.state, run.stalls, run.started_at = WorkState.QUEUED, begin.opened.run.stalls, None
        return Held.PAUSED
    content = begin.opened.content or await content_of(work.as_caller(begin.actor), flow)
    run.content_digest = await store_content(work, content)
    cursor = replace(Cursor.first(content, work.now()), since=await _since(work, content))
    run.cursor = cursor.as_json()
    if not content.sources:
        if begin.opened.payload is None:
            raise failed(RunReason.CONFIG, _EXPIRED)
        run.records = sealed(work, "run", run.id, "records", packed([Item(value=begin.opened.payload)]))
    if content.steps:
        await start_step(work, run, content, cursor)
    return content, cursor


async def _since(work: Work, content: Content) -> dict[str, int | None]:
    """The values from which the flow's exports of changes read."""
    steps = [step.step_id for step in content.sources if step.delta is not None]
    if not steps:
        return {}
    kept = select(ExportState).where(col(ExportState.flow_id) == content.flow_id, col(ExportState.step_id).in_(steps))
    found = {row.step_id: row.value for row in await work.all(kept)}
    return {step_id: found.get(step_id) for step_id in steps}


def _payload(work: Work, run: Run, event: Event | None) -> Any:
    """The record that the run was given: by hand, or by its event. An empty object if by neither."""
    if run.payload is not None:
        return read_json(_unsealed(work, run, "payload"))
    if run.event_id is not None:
        return None if event is None else event.payload
    return {}


def _unsealed(work: Work, run: Run, column: str) -> bytes:
    return work.hub.keyring.open(getattr(run, column), secret_place(run, column))
