"""Counts of runs and flows, which follow the states of their errors in the transaction of each change."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, CursorResult, func, select, update
from sqlmodel import col

from models.row import feed_stamp
from models.tables import Flow, Run, RunError
from models.vocabulary import RunErrorState
from resolvers.work import Work

UNSYNCHRONIZED: Final = {"synchronize_session": False}


async def stop_waiting(work: Work, *conditions: Any) -> None:
    """Count the records of WAITING errors as errors: from now on a person decides about them. Call it before."""
    waiting = (
        select(col(RunError.run_id).label("run_id"), func.sum(col(RunError.record_count)).label("records"))
        .where(*conditions, col(RunError.state) == RunErrorState.WAITING)
        .group_by(col(RunError.run_id))
        .subquery()
    )
    moved: dict[str, Any] = {
        "waiting_count": Run.waiting_count - waiting.c.records,
        "error_count": Run.error_count + waiting.c.records,
        "updated_at": work.now(),
        "feed": feed_stamp(),
    }
    await changed(work, update(Run).where(col(Run.id) == waiting.c.run_id).values(moved))


async def fewer_open(work: Work, flow_id: str, resolved: int) -> None:
    """Take resolved errors off the number that a flow shows."""
    if resolved:
        left: dict[str, Any] = {"open_error_count": Flow.open_error_count - resolved, "updated_at": Flow.updated_at}
        await changed(work, update(Flow).where(col(Flow.id) == flow_id).values(left))


async def changed(work: Work, statement: Any) -> int:
    """Execute a statement that changes rows. Answers how many."""
    result = await work.session.execute(statement, execution_options=UNSYNCHRONIZED)
    return result.rowcount if isinstance(result, CursorResult) else 0


def one_of(ids: list[str]) -> ColumnElement[bool]:
    """The errors with these ids."""
    return col(RunError.id).in_(ids)
