"""Statistics of dispatches: counts and times in slices of time, for charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, case, func, select
from sqlmodel import col

from models.errors import InvalidInput
from models.row import first_id
from models.tables import Dispatch
from models.vocabulary import DispatchOutcome, Permission
from resolvers.dispatching.queries import DispatchFilter
from resolvers.operation import operation
from resolvers.work import Work

MOST_SLICES: Final = 1_000


class TimeSlice(StrEnum):
    """Length of a slice of time."""

    MINUTE = "MINUTE"
    HOUR = "HOUR"
    DAY = "DAY"


_MS: Final = {TimeSlice.MINUTE: 60_000, TimeSlice.HOUR: 3_600_000, TimeSlice.DAY: 86_400_000}
#: Slices that are shown if `since` is not given.
_USUAL: Final = {TimeSlice.MINUTE: 60, TimeSlice.HOUR: 24, TimeSlice.DAY: 30}


@dataclass(frozen=True, kw_only=True)
class DispatchStatistics:
    """Dispatches that began in one slice. Times in ms, of those that ended; None if there were none.

    `starts_at`: ms since 1970 UTC. `failed`: the outcome is known, and not SUCCEEDED.
    """

    starts_at: int
    total: int = 0
    failed: int = 0
    median_ms: int | None = None
    p95_ms: int | None = None


@operation(needs=Permission.DISPATCHES_READ, refuses=(InvalidInput,), reads=True)
async def read_dispatch_statistics(
    work: Work, filter: DispatchFilter, slice: TimeSlice = TimeSlice.HOUR
) -> list[DispatchStatistics]:
    """Count dispatches in every slice of a time, oldest first, also in those without any; slices begin in UTC.

    From `since`, else from 60 minutes, 24 hours or 30 days ago, to `until`, else to now. Raises InvalidInput for more
    than 1,000 slices.
    """
    length = _MS[slice]
    until = work.now() + 1 if filter.until is None else filter.until
    usual = max(_floor(until - 1, length) - (_USUAL[slice] - 1) * length, 0)
    since = usual if filter.since is None else filter.since
    starts = range(_floor(since, length), until, length)
    if len(starts) > MOST_SLICES:
        message = f"These are {len(starts)} slices; ask for at most {MOST_SLICES}, or for longer ones."
        raise InvalidInput.at(("filter", "since"), message)
    rows = work.mine(Dispatch).where(*_ids(since, until), *filter.conditions())
    found = await work.session.execute(by_slice(rows, length))
    counted = {one.starts_at: DispatchStatistics(**_known(one._mapping)) for one in found}
    return [counted.get(at) or DispatchStatistics(starts_at=at) for at in starts]


def by_slice(rows: Select[Dispatch], length: int) -> Select[Any]:
    """Count and rank the rows by slice. Percentiles are by nearest rank: an exact value of one dispatch."""
    created, duration = col(Dispatch.created_at), col(Dispatch.finished_at) - col(Dispatch.created_at)
    start = (created - created % length).label("starts_at")
    last = duration.is_(None)
    ranked = rows.with_only_columns(
        start,
        (col(Dispatch.outcome) != DispatchOutcome.SUCCEEDED).label("failed"),
        duration.label("duration"),
        func.row_number().over(partition_by=start, order_by=(last, duration)).label("rank"),
        func.count(duration).over(partition_by=start).label("timed"),
    ).subquery()
    column = ranked.c

    def percentile(hundredths: int) -> Any:
        rank = (column.timed * hundredths + 99) // 100
        return func.max(case((column.rank == rank, column.duration)))

    return select(
        column.starts_at,
        func.count().label("total"),
        func.sum(case((column.failed, 1), else_=0)).label("failed"),
        percentile(50).label("median_ms"),
        percentile(95).label("p95_ms"),
    ).group_by(column.starts_at)


def _ids(since: int, until: int) -> list[Any]:
    """A time as a range of ids, which an index has: ids begin with the second of `created_at`."""
    return [col(Dispatch.id) >= first_id(since), col(Dispatch.id) < first_id(until + 1000)]


def _floor(time: int, length: int) -> int:
    return time - time % length


def _known(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): None if value is None else int(value) for name, value in row.items()}
