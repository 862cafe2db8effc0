"""Errors that resolve themselves: a later run has written the same record at the same step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import exists, select, update
from sqlmodel import col

from models.tables import Flow, Run, RunError
from models.vocabulary import RunErrorState
from resolvers.runs.groups import UNRESOLVED
from resolvers.runs.tallies import changed, fewer_open, stop_waiting
from resolvers.work import Work


async def resolve_written(work: Work, run: Run, step_id: str, record_keys: Iterable[str]) -> int:
    """Resolve the errors of earlier runs whose record this run has written at this step. Answers how many.

    Call it in the transaction that records the writes. A flow without open errors costs one look at its row.
    An error that is being tried again stays: its own try decides. The counts of the earlier runs stay as they are.
    """
    keys = sorted(set(record_keys))
    if not keys or not await _has_errors(work, run.flow_id):
        return 0
    earlier: list[Any] = [
        col(RunError.flow_id) == run.flow_id,
        col(RunError.step_id) == step_id,
        col(RunError.record_key).in_(keys),
        col(RunError.run_id) < run.id,
        col(RunError.record_count) == 1,
        col(RunError.state).in_([RunErrorState.OPEN, RunErrorState.WAITING]),
        UNRESOLVED,
    ]
    await stop_waiting(work, *earlier)
    now = work.now()
    resolved: dict[str, Any] = {
        "state": RunErrorState.RESOLVED,
        "next_try_at": None,
        "resolved_at": now,
        "resolved_by_run": run.id,
        "updated_at": now,
    }
    count = await changed(work, update(RunError).where(*earlier).values(resolved))
    await fewer_open(work, run.flow_id, count)
    return count


async def _has_errors(work: Work, flow_id: str) -> bool:
    open_ones = select(exists().where(col(Flow.id) == flow_id, col(Flow.open_error_count) > 0))
    return bool((await work.session.execute(open_ones)).scalar())
