"""Ending flows: they are gone at once, their unfinished runs are cancelled, and all runs stay as history."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, delete, select, update
from sqlmodel import col

from jobs.job import JOBS
from jobs.lanes import lock_lanes
from models.job import database_now
from models.row import feed_stamp
from models.tables import Flow, Gate, Job, Run
from models.vocabulary import RunReason, WorkState
from resolvers.work import Work

_ERROR: Final = "The flow was deleted."
_UNFINISHED: Final = (WorkState.QUEUED, WorkState.RUNNING)
_UNSYNCHRONIZED: Final = {"synchronize_session": False}


async def end_flows(work: Work, *which: ColumnElement[bool]) -> None:
    """Delete flows of the caller's organization that meet these conditions, with their places, gates and states.

    Runs that wait are cancelled, one that is at work stops at its next checkpoint.
    """
    flows = [col(Flow.organization_id) == work.organization_id, *which]
    ids = list((await work.session.execute(select(col(Flow.id)).where(*flows).with_for_update())).scalars())
    if not ids:
        return
    await lock_lanes(await work.session.connection(), [(f"flow:{each}", each) for each in ids])
    unfinished = [col(Run.flow_id).in_(ids), col(Run.finished_at).is_(None)]
    ended = {"state": WorkState.CANCELLED, "finished_at": work.now(), "updated_at": work.now(), "feed": feed_stamp()}
    jobs = col(Job.id).in_(select(col(Run.job_id)).where(*unfinished))
    await _execute(
        work,
        update(Job)
        .where(jobs, col(Job.state).in_(_UNFINISHED))
        .values(ended | {"finished_at": database_now(), "secret": None}),
    )
    await _execute(
        work,
        update(Run).where(*unfinished).values(reason=RunReason.FLOW_DELETED, error=_ERROR, records=None, **ended),
    )
    await _execute(work, delete(Gate).where(col(Gate.id).in_(ids), *_own(work, Gate)))
    await _execute(work, delete(Flow).where(col(Flow.id).in_(ids), *_own(work, Flow)))
    work.wake(JOBS)


def _own(work: Work, model: Any) -> list[ColumnElement[bool]]:
    return [model.organization_id == work.organization_id]


async def _execute(work: Work, statement: Any) -> None:
    await work.session.execute(statement, execution_options=_UNSYNCHRONIZED)
