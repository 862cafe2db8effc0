"""Runs: the list of them, and one; the conditions on runs and errors of a flow."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col

from models.tables import Run, RunError
from models.vocabulary import Permission, RunErrorState, RunReason, WorkState
from resolvers.filters import among, at_least, before
from resolvers.merging import merged, parts
from resolvers.operation import operation
from resolvers.page import NEWEST_FIRST, Slice, SliceRequest
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class RunFilter:
    """Conditions on runs; all must hold. `since` and `until`: when they were queued, in ms since 1970 UTC."""

    flow_id: tuple[str, ...] | None = None
    state: tuple[WorkState, ...] | None = None
    reason: tuple[RunReason, ...] | None = None
    since: int | None = None
    until: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return [
            *among(col(Run.flow_id), self.flow_id),
            *among(col(Run.state), self.state),
            *among(col(Run.reason), self.reason),
            *at_least(col(Run.created_at), self.since),
            *before(col(Run.created_at), self.until),
        ]


@dataclass(frozen=True, kw_only=True)
class RunStateFilter:
    """Conditions on the runs of one flow or event."""

    state: tuple[WorkState, ...] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return among(col(Run.state), self.state)


@dataclass(frozen=True, kw_only=True)
class RunErrorFilter:
    """Conditions on the errors of one flow or run. `resolved` False: those that are open, wait or are retried."""

    resolved: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        if self.resolved is None:
            return []
        done = col(RunError.state) == RunErrorState.RESOLVED
        return [done if self.resolved else col(RunError.state) != RunErrorState.RESOLVED]


@operation(needs=Permission.FLOWS_READ, reads=True)
async def list_runs(work: Work, filter: RunFilter, page: SliceRequest) -> Slice[Run]:
    """List runs of all flows of the organization, newest first."""
    if page.offset or page.count:
        return await work.slice(work.mine(Run).where(*filter.conditions()), Run, NEWEST_FIRST, page)
    apart = parts([filter], {"flow_id": filter.flow_id})  # each with an index in the order of ids
    lists = [work.mine(Run).where(*part.conditions()) for part in apart]
    return await work.slice(merged(lists, Run, page), Run, NEWEST_FIRST, page)


@operation(needs=Permission.FLOWS_READ, reads=True)
async def read_run(work: Work, id: str) -> Run | None:
    """Read one run; None if there is none."""
    return await work.find(Run, id)
