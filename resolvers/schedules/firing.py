"""Firing: the runs of flows that are due are made in the transaction that moves their next times on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import col

from jobs.job import JOBS
from jobs.kind import JobContext
from models.job import database_now
from models.statement import spelled
from models.tables import Flow, Run
from models.vocabulary import WorkState
from resolvers.caller import Caller
from resolvers.emission.runs import RunStart, queue_runs
from resolvers.operation import OPERATOR, operation
from resolvers.schedules.due import DueFlow, passed, starts_of
from resolvers.schedules.zones import UTC, zone_rules
from resolvers.work import Work

_log = logging.getLogger("patchbay.schedules")
#: Flows of one transaction.
BATCH: Final = 250
#: The times of expressions are full minutes.
_MINUTE_MS: Final = 60_000
#: The wait for flows that are due and that another transaction holds.
_HELD_MS: Final = 200
_SQL: Final = "UPDATE flow SET next_run_at = ?, zone_rules = ? WHERE id = ?"


async def run_schedules(caller: Caller, context: JobContext) -> None:
    """Start every flow that is due, and come again at the next full minute."""
    while await start_due_flows(caller):
        context.progress.checkpoint()


@operation(needs=OPERATOR)
async def start_due_flows(work: Work, now: int | None = None) -> bool:
    """Make the runs of up to 250 flows that are due at `now`. Answers whether more may be due.

    `now`: in ms since 1970 UTC; by the database's clock if it is None, which all processes share. Flows that another
    transaction holds are left to the next time.
    """
    moment = await time_of(work, now)
    flows = await _due_flows(work, moment)
    starts, moves = _decided(flows, moment)
    runs = await queue_runs(work.session, starts)
    await move(work, moves)
    if any(run.state is WorkState.QUEUED for run in runs):
        work.wake(JOBS)
    if len(flows) == BATCH:
        return True
    await work.repeat_job(await _pause(work, moment))
    return False


async def time_of(work: Work, now: int | None) -> int:
    """The time by which schedules are judged: `now`, or the database's."""
    return (await work.session.execute(select(database_now()))).scalar_one() if now is None else now


async def move(work: Work, moves: Sequence[tuple[int | None, str]]) -> None:
    """Set the next times of flows, each a pair of time and flow's id, by the present rules of zones."""
    if moves:
        connection = await work.session.connection()
        statement = spelled(_SQL, sqlite=connection.dialect.name == "sqlite")
        rules = zone_rules()
        await connection.exec_driver_sql(statement, [(due, rules, flow_id) for due, flow_id in moves])


def _decided(flows: Sequence[DueFlow], now: int) -> tuple[list[RunStart], list[tuple[int | None, str]]]:
    starts: list[RunStart] = []
    moves: list[tuple[int | None, str]] = []
    for flow in flows:
        try:
            times = passed(flow.cron, flow.time_zone, flow.next_run_at, now)
        except ValueError as fault:  # names of zones have been taken out of tzdata before
            _log.warning("The schedule of the flow %s stops: %s", flow.id, fault)
            moves.append((None, flow.id))
            continue
        starts += starts_of(flow, times, now)
        moves.append((times.following, flow.id))
    return starts, moves


async def _due_flows(work: Work, now: int) -> list[DueFlow]:
    unfinished = select(col(Run.id)).where(col(Run.flow_id) == col(Flow.id), col(Run.finished_at).is_(None))
    statement: Any = (
        select(
            *(col(Flow.id), col(Flow.organization_id), col(Flow.integration_id), col(Flow.name), col(Flow.overlap)),
            *(col(Flow.allows_loops), col(Flow.cron), col(Flow.exact), col(Flow.catch_up)),
            func.coalesce(col(Flow.time_zone), UTC).label("time_zone"),
            *(col(Flow.next_run_at), col(Flow.paused_at).is_not(None).label("paused")),
            unfinished.exists().label("busy"),
            unfinished.where(col(Run.state) == WorkState.QUEUED).exists().label("waiting"),
        )
        .where(col(Flow.enabled), col(Flow.next_run_at) <= now, col(Flow.next_run_at).is_not(None))
        .order_by(col(Flow.next_run_at), col(Flow.id))
        .limit(BATCH)
        .with_for_update(skip_locked=True, key_share=True, of=Flow)
    )
    return [DueFlow(**row) for row in (await work.session.execute(statement)).mappings()]


async def _pause(work: Work, now: int) -> int:
    earliest = select(func.min(col(Flow.next_run_at))).where(col(Flow.enabled), col(Flow.next_run_at).is_not(None))
    due = (await work.session.execute(earliest)).scalar_one()
    return _HELD_MS if due is not None and due <= now else _MINUTE_MS - now % _MINUTE_MS
