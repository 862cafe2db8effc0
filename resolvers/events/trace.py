"""The trace of an event: all that happened because of it, as one tree by cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.job import CAUSED
from models.tables import Attempt, Delivery, Dispatch, Event, Job, Run, RunStep, Webhook
from models.vocabulary import DispatchOutcome, Permission, TraceKind, WorkState
from resolvers.caller import Caller
from resolvers.emission.runs import RUN_FLOW
from resolvers.loaders.edge import Relation
from resolvers.scope import visible

#: Entries of one trace.
MOST: Final = 1000
#: The table of each kind.
TABLES: Final = {
    TraceKind.EVENT: Event,
    TraceKind.RUN: Run,
    TraceKind.RUN_STEP: RunStep,
    TraceKind.JOB: Job,
    TraceKind.DISPATCH: Dispatch,
    TraceKind.DELIVERY: Delivery,
    TraceKind.ATTEMPT: Attempt,
}


@dataclass(frozen=True, kw_only=True)
class TraceEntry:
    """One thing in the tree. `cause`: kind and id of its cause, which `parent` repeats if it is in the trace.

    `failed`: it did, or something below it. Times in ms since 1970 UTC; `duration_ms` is None while it is under way.
    """

    kind: TraceKind
    row_id: str
    title: str
    state: str
    failed: bool
    started_at: int
    duration_ms: int | None
    cause: tuple[str, str] | None
    parent: tuple[TraceKind, str] | None = None

    @property
    def key(self) -> tuple[TraceKind, str]:
        """Its place in the tree."""
        return self.kind, self.row_id

    @property
    def table(self) -> Any:
        """The table of its row."""
        return TABLES[self.kind]


async def _traces(session: AsyncSession, caller: Caller, keys: Sequence[str]) -> dict[str, list[TraceEntry]]:
    """The traces of these events: their rows are read by correlation, seven statements for all of them."""
    roots = await _rows(session, _seen(caller, Event).where(col(Event.id).in_(keys)))
    correlations = {root.correlation_id for root in roots}
    most = MOST * len(keys)
    events = await _rows(session, _of(caller, Event, correlations, most))
    found = [_event(row) for row in {row.id: row for row in [*roots, *events]}.values()]
    if caller.may(Permission.JOBS_READ):
        jobs = _of(caller, Job, correlations, most).where(text(CAUSED), col(Job.operation) != RUN_FLOW)
        found += [_job(row) for row in await _rows(session, jobs)]
    if caller.may(Permission.FLOWS_READ):
        found += await _runs(session, caller, correlations, most)
    if caller.may(Permission.DISPATCHES_READ):
        found += [_dispatch(row) for row in await _rows(session, _of(caller, Dispatch, correlations, most))]
    if caller.may(Permission.WEBHOOKS_READ):
        found += await _deliveries(session, caller, [entry.row_id for entry in found if entry.table is Event], most)
    return {root.id: tree(_event(root), found, is_whole=root.id == root.correlation_id) for root in roots}


TRACE_BY_EVENT: Final = Relation(load=_traces, needs=Permission.EVENTS_READ)


def tree(root: TraceEntry, found: Iterable[TraceEntry], *, is_whole: bool) -> list[TraceEntry]:
    """The root and all below it, parents before children, at most `MOST`.

    `is_whole`: everything found is below the root, so an entry whose cause is not among them stands under the root.
    """
    entries = {entry.key: entry for entry in found} | {root.key: replace(root, cause=None)}
    below: dict[tuple[TraceKind, str], list[TraceEntry]] = defaultdict(list)
    for entry in sorted(entries.values(), key=lambda entry: (entry.started_at, entry.row_id)):
        parent = _parent(entry, entries) or (root.key if is_whole else None)
        if entry.key != root.key and parent is not None:
            below[parent].append(replace(entry, parent=parent))
    ordered = [entries[root.key]]
    for entry in ordered:  # it grows while it is read: breadth first
        ordered += below.pop(entry.key, [])[: MOST - len(ordered)]
    return _told(ordered)


def _parent(entry: TraceEntry, entries: Mapping[tuple[TraceKind, str], TraceEntry]) -> tuple[TraceKind, str] | None:
    if entry.cause is None or entry.cause[0] not in TraceKind.__members__:
        return None
    key = TraceKind(entry.cause[0]), entry.cause[1]
    return key if key in entries else None


def _told(ordered: Sequence[TraceEntry]) -> list[TraceEntry]:
    """The entries, failed where something below them has failed."""
    failed: set[tuple[TraceKind, str] | None] = set()
    for entry in reversed(ordered):
        if entry.failed or entry.key in failed:
            failed |= {entry.key, entry.parent}
    return [replace(entry, failed=entry.key in failed) for entry in ordered]


async def _runs(session: AsyncSession, caller: Caller, correlations: set[str], most: int) -> list[TraceEntry]:
    """Runs, also those that were only recorded, and their steps. Their jobs are left out: they show no more."""
    found = [_run(row) for row in await _rows(session, _of(caller, Run, correlations, most))]
    mine = _seen(caller, RunStep).where(col(RunStep.run_id).in_([entry.row_id for entry in found]))
    steps = mine.order_by(col(RunStep.id)).limit(most)
    return [*found, *map(_step, await _rows(session, steps))]


async def _deliveries(session: AsyncSession, caller: Caller, events: Sequence[str], most: int) -> list[TraceEntry]:
    """The deliveries of events, and their attempts."""
    names = (
        select(Delivery, col(Webhook.name))
        .join(Webhook, col(Webhook.id) == col(Delivery.webhook_id))
        .where(*visible(caller, Delivery), col(Webhook.removed_at).is_(None), col(Delivery.event_id).in_(events))
        .order_by(col(Delivery.id))
        .limit(most)
    )
    found = [_delivery(row, name) for row, name in await session.execute(names)]
    ids = [entry.row_id for entry in found]
    attempts = _seen(caller, Attempt).where(col(Attempt.delivery_id).in_(ids)).order_by(col(Attempt.id)).limit(most)
    return [*found, *map(_attempt, await _rows(session, attempts))]


def _seen(caller: Caller, model: Any) -> Select[Any]:
    return select(model).where(*visible(caller, model))


def _of(caller: Caller, model: Any, correlations: set[str], most: int) -> Select[Any]:
    of = _seen(caller, model).where(col(model.correlation_id).in_(correlations))
    return of.order_by(col(model.id)).limit(most)


async def _rows(session: AsyncSession, statement: Select[Any]) -> list[Any]:
    return list((await session.execute(statement)).scalars())


def _event(row: Event) -> TraceEntry:
    return TraceEntry(
        kind=TraceKind.EVENT,
        row_id=row.id,
        title=row.type,
        state="ACCEPTED",
        failed=False,
        started_at=row.created_at,
        duration_ms=0,
        cause=_cause(row),
    )


def _job(row: Job) -> TraceEntry:
    started = row.started_at or row.created_at
    return TraceEntry(
        kind=TraceKind.JOB,
        row_id=row.id,
        title=row.caption,
        state=row.state,
        failed=row.state is WorkState.FAILED,
        started_at=started,
        duration_ms=_until(row.finished_at, started),
        cause=_cause(row),
    )


def _run(row: Run) -> TraceEntry:
    started = row.started_at or row.created_at
    return TraceEntry(
        kind=TraceKind.RUN,
        row_id=row.id,
        title=f"Run of {row.flow_name}",
        state=row.state,
        failed=row.state in (WorkState.FAILED, WorkState.PARTIAL),
        started_at=started,
        duration_ms=_until(row.finished_at, started),
        cause=_cause(row),
    )


def _step(row: RunStep) -> TraceEntry:
    started = row.started_at or row.created_at
    return TraceEntry(
        kind=TraceKind.RUN_STEP,
        row_id=row.id,
        title=f"Step {row.position + 1}, page {row.page + 1}",
        state=row.state,
        failed=row.state is WorkState.FAILED or row.error_count > 0,
        started_at=started,
        duration_ms=_until(row.finished_at, started),
        cause=("RUN", row.run_id),
    )


def _dispatch(row: Dispatch) -> TraceEntry:
    return TraceEntry(
        kind=TraceKind.DISPATCH,
        row_id=row.id,
        title=row.capability_name or f"{row.method} {row.url}",
        state=row.outcome or WorkState.RUNNING,
        failed=row.outcome not in (None, DispatchOutcome.SUCCEEDED),
        started_at=row.created_at,
        duration_ms=_until(row.finished_at, row.created_at),
        cause=_cause(row),
    )


def _delivery(row: Delivery, webhook: str) -> TraceEntry:
    cause = ("EVENT", row.event_id) if row.original_id is None else ("DELIVERY", row.original_id)
    return TraceEntry(
        kind=TraceKind.DELIVERY,
        row_id=row.id,
        title=f"Delivery to {webhook}",
        state=row.state,
        failed=row.state is WorkState.FAILED,
        started_at=row.created_at,
        duration_ms=_until(row.finished_at, row.created_at),
        cause=cause,
    )


def _attempt(row: Attempt) -> TraceEntry:
    fault = row.failure is not None
    return TraceEntry(
        kind=TraceKind.ATTEMPT,
        row_id=row.id,
        title=f"Attempt {row.number}",
        state=WorkState.FAILED if fault else WorkState.SUCCEEDED,
        failed=fault,
        started_at=row.created_at,
        duration_ms=row.latency_ms,
        cause=("DELIVERY", row.delivery_id),
    )


def _cause(row: Any) -> tuple[str, str] | None:
    return None if row.cause_kind is None or row.cause_id is None else (row.cause_kind, row.cause_id)


def _until(end: int | None, start: int) -> int | None:
    return None if end is None else max(0, end - start)
