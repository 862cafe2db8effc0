"""Edges from and to runs, their steps and the errors of records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from models.tables import Dispatch, Event, Flow, Job, Principal, Run, RunError, RunStep, Step
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.loaders.edge import Edge, Relation
from resolvers.page import NEWEST_FIRST
from resolvers.scope import visible

#: Steps of a run that are shown.
MOST_STEPS: Final = 100


async def _steps(session: AsyncSession, caller: Caller, keys: Sequence[str]) -> dict[str, list[RunStep]]:
    """The last hundred steps of each run, in their order."""
    order = col(RunStep.page).desc(), col(RunStep.position).desc(), col(RunStep.id).desc()
    place = func.row_number().over(partition_by=col(RunStep.run_id), order_by=order)
    mine = (col(RunStep.run_id).in_(keys), *visible(caller, RunStep))
    chosen = select(RunStep, place.label("place")).where(*mine).subquery()
    step = aliased(RunStep, chosen)
    last = select(step).where(chosen.c.place <= MOST_STEPS).order_by(chosen.c.run_id, chosen.c.place.desc())
    found: dict[str, list[RunStep]] = {key: [] for key in keys}
    for row in (await session.execute(last)).scalars():
        found[row.run_id].append(row)
    return found


_READS: Final = Permission.FLOWS_READ

FLOW_BY_RUN = Edge(source=Run, target=Flow, local="flow_id")
EVENT_BY_RUN = Edge(source=Run, target=Event, local="event_id", needs=Permission.EVENTS_READ)
JOB_BY_RUN = Edge(source=Run, target=Job, local="job_id", needs=Permission.JOBS_READ)
ORIGIN_BY_RUN = Edge(source=Run, target=Run, local="origin_run_id")
STARTER_BY_RUN = Edge(source=Run, target=Principal, local="created_by")
ERRORS_BY_RUN = Edge(source=Run, target=RunError, remote="run_id", order=NEWEST_FIRST)
STEPS_BY_RUN = Relation(load=_steps)
RUNS_BY_EVENT = Edge(source=Event, target=Run, remote="event_id", order=NEWEST_FIRST, needs=_READS)
RUNS_BY_FLOW = Edge(source=Flow, target=Run, remote="flow_id", order=NEWEST_FIRST)
ERRORS_BY_FLOW = Edge(source=Flow, target=RunError, remote="flow_id", order=NEWEST_FIRST)
RUN_BY_STEP = Edge(source=RunStep, target=Run, local="run_id")
STEP_BY_RUN_STEP = Edge(source=RunStep, target=Step, local="step_id")
RUN_BY_ERROR = Edge(source=RunError, target=Run, local="run_id")
RESOLVER_BY_ERROR = Edge(source=RunError, target=Run, local="resolved_by_run")
STEP_BY_ERROR = Edge(source=RunError, target=Step, local="step_id")
DISPATCH_BY_ERROR = Edge(source=RunError, target=Dispatch, local="dispatch_id", needs=Permission.DISPATCHES_READ)
