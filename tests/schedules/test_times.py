"""Times of schedules over changes of the clock, compared with a search minute by minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from resolvers.schedules.times import is_fixed, last_between, next_after, times_between
from resolvers.schedules.zones import zone_of

MINUTE = timedelta(minutes=1)
#: Zones with the day of a change: by an hour, by half an hour, by two, at midnight, over a whole day, out of Ramadan.
CHANGES = [
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-04"),
    ("Australia/Lord_Howe", "2026-10-03"),
    ("Antarctica/Troll", "2026-03-29"),
    ("Antarctica/Troll", "2026-10-25"),
    ("Asia/Beirut", "2026-03-28"),
    ("America/Santiago", "2026-09-06"),
    ("America/Havana", "2026-11-01"),
    ("Pacific/Apia", "2011-12-30"),
    ("Africa/Casablanca", "2026-02-15"),
    ("Pacific/Chatham", "2026-04-04"),
]
FIXED = [
    "30 1 * * *",
    "0,30 2 * * *",
    "15 2 * * *",
    "0 0 * * *",
    "59 0-3 * * *",
    "30 0,1,2,3 * * *",
    "45 1,2,13 * * *",
]
INTERVALS = ["*/30 * * * *", "0 * * * *", "*/15 2 * * *", "*/20 0-3 * * *", "7 */2 * * *", "15,45 * * * *"]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@pytest.mark.parametrize("cron", FIXED + INTERVALS)
def test_follows_the_rule_over_each_change(zone: str, day: str, cron: str):
    middle = datetime.fromisoformat(day).replace(hour=3, tzinfo=UTC)
    start, end = middle - timedelta(hours=36), middle + timedelta(hours=36)

    found = times_between(cron, zone, ms(start), ms(end), 10_000)

    assert found == searched(cron, zone, start, end)
    assert found == stepped(cron, zone, ms(start), ms(end))
    assert last_between(cron, zone, ms(start), ms(end)) == found[-1]


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("30 2 * * *", "America/New_York", "2026-03-07T12:00-05:00", "2026-03-08T03:00-04:00"),
        ("30 2 * * *", "America/New_York", "2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"),
        ("30 1 * * *", "America/New_York", "2026-11-01T00:00-04:00", "2026-11-01T01:30-04:00"),
        ("30 1 * * *", "America/New_York", "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"),
        ("30 1 * * *", "America/New_York", "2026-11-01T01:15-05:00", "2026-11-02T01:30-05:00"),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00+10:30", "2026-10-04T02:30+11:00"),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"),
        ("0 0 29 2 *", "UTC", "2026-11-30T00:00+00:00", "2028-02-29T00:00+00:00"),
        ("0 0 * 2 1#5", "Europe/Berlin", "2026-11-30T00:00+00:00", "2044-02-29T00:00+01:00"),
        ("0 9 1 * 1", "UTC", "2026-06-30T00:00+00:00", "2026-07-01T09:00+00:00"),
        ("0 9 1 * 1", "UTC", "2026-07-01T09:00+00:00", "2026-07-06T09:00+00:00"),
        ("0 9 * * 7", "UTC", "2026-07-01T09:00+00:00", "2026-07-05T09:00+00:00"),
        ("* * * * *", "UTC", "2026-07-01T09:00:59.999+00:00", "2026-07-01T09:01+00:00"),
    ],
)
def test_the_next_time(cron: str, zone: str, after: str, expected: str):
    found = next_after(cron, zone, ms(datetime.fromisoformat(after)))

    assert found == ms(datetime.fromisoformat(expected))


def test_an_interval_goes_on_through_the_hour_that_comes_twice():
    start = ms(datetime.fromisoformat("2026-11-01T00:45-04:00"))

    found = times_between("*/30 * * * *", "America/New_York", start, start + 3 * 3_600_000, 4)

    zone = zone_of("America/New_York")
    assert [f"{datetime.fromtimestamp(at / 1000, zone):%H:%M}" for at in found] == [
        "01:00",
        "01:30",
        "01:00",
        "01:30",
    ]


def test_the_last_time_of_a_long_absence_is_found_without_counting():
    until = ms(datetime.fromisoformat("2026-07-01T09:00:30+00:00"))
    year = 365 * 86_400_000

    assert last_between("* * * * *", "UTC", until - 40 * year, until) == until - 30_000
    assert last_between("0 0 29 2 *", "UTC", until - 40 * year, until) == ms(datetime(2024, 2, 29, tzinfo=UTC))
    assert last_between("0 0 29 2 *", "UTC", until - year, until) is None


def test_no_more_times_than_asked_for():
    assert len(times_between("* * * * *", "UTC", 0, 10**15, 3)) == 3
    assert times_between("* * * * *", "UTC", 0, 59_999, 3) == []


def searched(cron: str, zone: str, start: datetime, end: datetime) -> list[int]:
    """The times by the rule's words: every minute is looked at."""
    minutes = [start + MINUTE * count for count in range(1, int((end - start) / MINUTE) + 1)]
    walls = [minute.astimezone(zone_of(zone)).replace(tzinfo=None) for minute in minutes]
    if not is_fixed(cron):
        return [ms(minute) for minute, wall in zip(minutes, walls, strict=True) if matches(cron, wall)]
    found, latest = [], start.astimezone(zone_of(zone)).replace(tzinfo=None)
    for minute, wall in zip(minutes, walls, strict=True):
        passed = [latest + MINUTE * count for count in range(1, int((wall - latest) / MINUTE) + 1)]
        latest = max(latest, wall)
        if any(matches(cron, each) for each in passed):
            found.append(ms(minute))
    return found


def matches(cron: str, wall: datetime) -> bool:
    minute, hour = cron.split()[:2]
    return wall.minute in set(numbers(minute, 60)) and wall.hour in set(numbers(hour, 24))


def numbers(field: str, size: int) -> Iterator[int]:
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, _, last = span.partition("-")
        ends = (0, size - 1) if span == "*" else (int(first), int(last or first))
        yield from range(ends[0], ends[1] + 1, int(step or 1))


def stepped(cron: str, zone: str, after: int, until: int) -> list[int]:
    """The times one by one: each is computed from the one before."""
    found = []
    while (after := next_after(cron, zone, after) or until + 1) <= until:
        found.append(after)
    return found


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
