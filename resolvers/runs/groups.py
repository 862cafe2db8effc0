"""Errors of records, as they are listed: in groups of one cause, and one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, func, literal_column, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from models.row import first_id
from models.tables import Flow, RunError
from models.vocabulary import Permission, RecordFault, RunErrorState
from resolvers.filters import among, at_least, equal, unindexed
from resolvers.operation import operation
from resolvers.page import NEWEST_FIRST, Slice, SliceRequest
from resolvers.work import Work

#: Groups of one answer: the greatest ones.
MOST_GROUPS: Final = 100
#: The condition of the partial indexes, in their words: SQLite uses such an index for the same text only.
UNRESOLVED: Final[ColumnElement[bool]] = literal_column("run_error.state <> 'RESOLVED'", Boolean)
#: The most by which a row's id and its time differ: they may come from two clocks.
_SKEW_MS: Final = 60_000


@dataclass(frozen=True, kw_only=True)
class RunErrorFilter:
    """Conditions on errors of records; all must hold. `group`: the digest of one. `since`: ms since 1970."""

    flow_id: tuple[str, ...] | None = None
    run_id: tuple[str, ...] | None = None
    step_id: tuple[str, ...] | None = None
    fault: tuple[RecordFault, ...] | None = None
    state: tuple[RunErrorState, ...] | None = None
    group: str | None = None
    since: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        # A run or a flow has few errors beside its organization: their indexes are the ones to read.
        column: Callable[[Any], Any] = unindexed if self.flow_id or self.run_id else col
        after = None if self.since is None else first_id(self.since - _SKEW_MS)
        return [
            *among(col(RunError.flow_id), self.flow_id),
            *among(col(RunError.run_id), self.run_id),
            *among(column(RunError.step_id), self.step_id),
            *among(column(RunError.fault), self.fault),
            *among(column(RunError.state), self.state),
            *([UNRESOLVED] if self.state and RunErrorState.RESOLVED not in self.state else []),
            *equal(col(RunError.group_digest), self.group),
            *at_least(col(RunError.created_at), self.since),
            *([] if after is None else [col(RunError.id) >= after]),
        ]


@dataclass(frozen=True, kw_only=True)
class RunErrorGroup:
    """Unresolved errors of one step, class and shape of message. Times in ms since 1970 UTC.

    `record_count`: of their records; one error of a batch stands for all of it. `example`: the newest of them.
    """

    digest: str
    flow_id: str
    step_id: str | None
    fault: RecordFault
    message: str
    count: int
    record_count: int
    first_at: int
    last_at: int
    example: RunError


@operation(needs=Permission.FLOWS_READ, reads=True)
async def list_run_errors(work: Work, filter: RunErrorFilter, page: SliceRequest) -> Slice[RunError]:
    """List errors of records, newest first."""
    return await work.slice(work.mine(RunError).where(*filter.conditions()), RunError, NEWEST_FIRST, page)


@operation(needs=Permission.FLOWS_READ, reads=True)
async def read_run_error(work: Work, id: str) -> RunError | None:
    """Read one error of a record; None if there is none."""
    return await work.find(RunError, id)


@operation(needs=Permission.FLOWS_READ, reads=True)
async def list_run_error_groups(work: Work, flow_id: str, run_id: str | None = None) -> list[RunErrorGroup]:
    """List the groups of a flow's unresolved errors, or of one of its runs, greatest first; at most 100."""
    if await work.find(Flow, flow_id) is None:
        return []
    of_flow = [col(RunError.flow_id) == flow_id, UNRESOLVED, *equal(col(RunError.run_id), run_id)]
    groups = _greatest(*of_flow)
    first, last = aliased(RunError), aliased(RunError)
    statement = (
        select(last, col(first.created_at), groups.c.count, groups.c.records)
        .select_from(groups)
        .join(first, col(first.id) == groups.c.first)
        .join(last, col(last.id) == groups.c.last)
        .order_by(groups.c.count.desc(), groups.c.last.desc())
    )
    return [_group(*row) for row in await work.session.execute(statement)]


def _greatest(*conditions: Any) -> Any:
    """The greatest groups. Ids are in the order of time, so the first and last ones are found along the index."""
    count = func.count()
    return (
        select(
            func.min(col(RunError.id)).label("first"),
            func.max(col(RunError.id)).label("last"),
            count.label("count"),
            func.sum(col(RunError.record_count)).label("records"),
        )
        .where(*conditions)
        .group_by(col(RunError.group_digest))
        .order_by(count.desc())
        .limit(MOST_GROUPS)
        .subquery()
    )


def _group(example: RunError, first_at: int, count: int, records: int) -> RunErrorGroup:
    return RunErrorGroup(
        digest=example.group_digest,
        flow_id=example.flow_id,
        step_id=example.step_id,
        fault=example.fault,
        message=example.message,
        count=count,
        record_count=int(records),
        first_at=first_at,
        last_at=example.created_at,
        example=example,
    )
