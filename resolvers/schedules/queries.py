"""Reading schedules: an expression in words, with its next times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

from models.errors import InvalidInput, Violation
from models.vocabulary import Permission
from resolvers.operation import operation
from resolvers.schedules.cron import check_cron, words
from resolvers.schedules.times import next_times, shows_match
from resolvers.schedules.zones import check_zone, zone_of
from resolvers.work import Work

#: Times of one preview.
MOST_TIMES: Final = 100
#: 2200-01-01: schedules are computed by the years of a calendar that ends.
_END_MS: Final = 7_258_118_400_000


class ClockChange(StrEnum):
    """What the clock does at a time of a schedule.

    PASSED_OVER: it passes over the time that the expression names; the flow starts at the change. TWICE: it shows the
    time twice that day. CHANGED: the offset is another one than at the time before.
    """

    PASSED_OVER = "PASSED_OVER"
    TWICE = "TWICE"
    CHANGED = "CHANGED"


@dataclass(frozen=True, kw_only=True)
class ScheduledTime:
    """A time of a schedule in ms since 1970 UTC, and as RFC 3339 with the zone's offset."""

    at: int
    local: str
    change: ClockChange | None


@dataclass(frozen=True, kw_only=True)
class SchedulePreview:
    """An expression in English, and its next times."""

    words: str
    times: list[ScheduledTime]


@operation(needs=Permission.FLOWS_READ, refuses=(InvalidInput,), reads=True)
async def preview_schedule(
    work: Work, cron: str, time_zone: str, n: int, after: int | None = None
) -> SchedulePreview:
    """The next `n` times of an expression, 1 to 100, after a time in ms since 1970 UTC, or after now.

    Raises InvalidInput with each fault of the arguments. There are fewer times if none comes for fifty years.
    """
    start = work.now() if after is None else after
    _check(cron, time_zone, n, start)
    times = list(_marked(cron, time_zone, start, next_times(cron, time_zone, start, n)))
    return SchedulePreview(words=words(cron), times=times)


def _check(cron: str, time_zone: str, n: int, after: int) -> None:
    faults = {
        "cron": check_cron(cron),
        "time_zone": check_zone(time_zone),
        "n": None if 1 <= n <= MOST_TIMES else f"Ask for 1 to {MOST_TIMES} times.",
        "after": None if after < _END_MS else "Name a time before the year 2200.",
    }
    if violations := [Violation(path=(name,), message=fault) for name, fault in faults.items() if fault]:
        raise InvalidInput(violations)


def _marked(cron: str, time_zone: str, start: int, times: list[int]) -> Iterator[ScheduledTime]:
    zone = zone_of(time_zone)
    moments = [datetime.fromtimestamp(at // 1000, zone) for at in (start, *times)]
    for at, (before, local) in zip(times, pairwise(moments), strict=True):
        yield ScheduledTime(at=at, local=local.isoformat(), change=_change(cron, before, local))


def _change(cron: str, before: datetime, local: datetime) -> ClockChange | None:
    if not shows_match(cron, local):
        return ClockChange.PASSED_OVER
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return ClockChange.TWICE
    return ClockChange.CHANGED if before.utcoffset() != local.utcoffset() else None
