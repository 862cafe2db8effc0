"""Jobs: the list of them, and one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col

from models.tables import Job
from models.vocabulary import Permission, WorkState
from resolvers.filters import among, equal, matching
from resolvers.operation import operation
from resolvers.page import NEWEST_FIRST, Slice, SliceRequest
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class JobFilter:
    """Conditions on jobs; all must hold. Operations may end in `*`."""

    state: tuple[WorkState, ...] | None = None
    operation: tuple[str, ...] | None = None
    subject_id: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return [
            *among(col(Job.state), self.state),
            *matching(col(Job.operation), self.operation),
            *equal(col(Job.subject_id), self.subject_id),
        ]


@operation(needs=Permission.JOBS_READ, reads=True)
async def list_jobs(work: Work, filter: JobFilter, page: SliceRequest) -> Slice[Job]:
    """List jobs of the organization, newest first."""
    return await work.slice(work.mine(Job).where(*filter.conditions()), Job, NEWEST_FIRST, page)


@operation(needs=Permission.JOBS_READ, reads=True)
async def read_job(work: Work, id: str) -> Job | None:
    """Read one job; None if there is none."""
    return await work.find(Job, id)
