"""Times of a cron expression in a time zone, over changes of the clock.

An expression with fixed times (neither its minute nor its hour begins with `*`) fires once at each time of the wall
clock: if the clock passes over it, at the instant of the change; if it comes twice, the first time. Any other one is
an interval and follows elapsed time: it fires whenever the wall clock shows a time that matches.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice, takewhile
from typing import Final

from cronsim import CronSim

from resolvers.schedules.zones import zone_of

_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)
#: No zone changes its clock twice within it.
_STEADY: Final = timedelta(days=7)
_DAY_MS: Final = 86_400_000
_WINDOWS_MS: Final = (_DAY_MS // 24, _DAY_MS, 32 * _DAY_MS, 400 * _DAY_MS)


def next_after(cron: str, zone: str, after_ms: int) -> int | None:
    """The first time later than `after_ms`; None if there is none in fifty years. Times in ms since 1970 UTC."""
    return next(_times(cron, zone, after_ms), None)


def times_between(cron: str, zone: str, after_ms: int, until_ms: int, most: int) -> list[int]:
    """The first times, at most `most`, that are later than `after_ms` and not later than `until_ms`."""
    return list(islice(takewhile(lambda at: at <= until_ms, _times(cron, zone, after_ms)), most))


def last_between(cron: str, zone: str, after_ms: int, until_ms: int) -> int | None:
    """The last time that is later than `after_ms` and not later than `until_ms`."""
    for window in (*_WINDOWS_MS, until_ms - after_ms):
        times = takewhile(lambda at: at <= until_ms, _times(cron, zone, max(after_ms, until_ms - window)))
        if last := deque(times, maxlen=1):
            return last[0]
    return None


def _times(cron: str, zone: str, after_ms: int) -> Iterator[int]:
    rules, after = zone_of(zone), datetime.fromtimestamp(after_ms // 1000, UTC)
    instants = _fixed(cron, rules, after) if is_fixed(cron) else _elapsed(cron, rules, after)
    return (int(instant.timestamp()) * 1000 for instant in instants)


def is_fixed(cron: str) -> bool:
    """Whether an expression names times of day, and not an interval."""
    return not any(field.startswith("*") for field in cron.split()[:2])


def _fixed(cron: str, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    last = after
    for wall in CronSim(cron, after.astimezone(zone)):
        instant = wall.astimezone(UTC)
        if instant > last:  # in the hour that comes twice the library starts with the first one again
            last = instant
            yield instant


def _elapsed(cron: str, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    """From one change of the clock to the next, with the offset between them.

    The library itself leaves out times after a change by half an hour.
    """
    start: datetime | None = after.replace(second=0) + _MINUTE
    while start is not None:
        offset, change = _offset(zone, start), None
        wall = start.replace(tzinfo=None) + offset
        for match in CronSim(cron, wall - _SECOND):
            instant = (match - offset).replace(tzinfo=UTC)
            if change := _change(zone, start, instant):
                break
            yield instant
            start = instant
        start = change


def _change(zone: tzinfo, start: datetime, end: datetime) -> datetime | None:
    """The first minute, not later than `end`, with another offset than that of `start`."""
    offset, low = _offset(zone, start), start
    while low < end:
        high = min(low + _STEADY, end)
        if _offset(zone, high) != offset:
            return _first_other(zone, low, high)
        low = high
    return None


def _first_other(zone: tzinfo, low: datetime, high: datetime) -> datetime:
    offset = _offset(zone, low)
    while high - low > _MINUTE:
        middle = low + (high - low) // _MINUTE // 2 * _MINUTE
        low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
    return high


def _offset(zone: tzinfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
