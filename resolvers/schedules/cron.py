"""Cron expressions of five fields, as cron(5) of Debian has them: checked, and told in words."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from cronsim import CronSim, CronSimError

LONGEST_CRON: Final = 120

_SHORTHANDS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9*/,#?\- \t]")
_STEP: Final = re.compile(r"(?P<items>[^/]+)/(?P<step>[0-9]+)")
_RANGE: Final = re.compile(r"(?P<first>[0-9A-Z]+)-(?P<last>[0-9A-Z]+)(?P<step>/.*)?")
_SOME_TIME: Final = datetime(2000, 1, 1)  # noqa: DTZ001  expressions are matched against wall clocks
#: Each month of these years, by its length and first weekday, comes again for ever (Gregorian calendar).
_YEARS: Final = range(2000, 2028)


@dataclass(frozen=True, kw_only=True)
class _Field:
    name: str
    first: int
    last: int
    allowed: str
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """The number of a word, or None for a word that the field does not have."""
        if text in self.names:
            return self.names.index(text) + self.first
        return int(text) if text.isdecimal() and self.first <= int(text) <= self.last else None


_FIELDS: Final = (
    _Field(name="minute", first=0, last=59, allowed="0-59"),
    _Field(name="hour", first=0, last=23, allowed="0-23"),
    _Field(name="day of month", first=1, last=31, allowed="1-31, L and LW"),
    _Field(
        name="month",
        first=1,
        last=12,
        allowed="1-12 and JAN-DEC",
        names=("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
    ),
    _Field(
        name="day of week",
        first=0,
        last=7,
        allowed="0-7, SUN-SAT, 5L for the last Friday and 5#2 for the second one",
        names=("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"),
    ),
)


def check_cron(text: str) -> str | None:
    """A sentence about the first fault of an expression, or None. Expressions that never fire have a fault."""
    if len(text) > LONGEST_CRON:
        return f"A cron expression has at most {LONGEST_CRON} characters; this one has {len(text)}."
    if text.strip().startswith("@"):
        known = _SHORTHANDS.get(text.strip().lower())
        return f"Write five fields in place of {text.strip()}" + (f": {known}." if known else ", such as 0 0 * * *.")
    if stray := _FOREIGN.search(text):
        return f"A cron expression has no {stray[0]!r}; write five fields such as 0 9 * * 1-5."
    fields = text.upper().split()
    if len(fields) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        return f"A cron expression has five fields ({names}) and no seconds; this one has {len(fields)}."
    faults = (_fault(place, term) for place, field in enumerate(fields) for term in field.split(","))
    if fault := next(filter(None, faults), None):
        return fault
    return None if _fires(text) else "It would never fire: no month that it names has such a day; name another day."


def words(cron: str) -> str:
    """An expression in English, by the library that computes its times."""
    return CronSim(cron, _SOME_TIME).explain()


def _fault(place: int, term: str) -> str | None:
    field = _FIELDS[place]
    if "?" in term:
        return f"The {field.name} field has no ?; write * for every {field.name}."
    if re.fullmatch(r"[0-9]+W", term):
        return f"The {field.name} {term} is unknown: there is no nearest weekday, but LW, the last one of a month."
    if backwards := _backwards(field, term):
        return backwards
    step = _STEP.fullmatch(term)
    if step and step["items"].startswith("L"):
        return f"The {field.name} {term} has a step; only *, a number and a range have one. Leave it out."
    if step and int(step["step"]) > field.last - field.first:
        most = field.last - field.first
        return f"The step of the {field.name} {term} leads beyond the field; it is at most {most}."
    probe = ["*"] * len(_FIELDS)
    probe[place] = term
    try:
        CronSim(" ".join(probe), _SOME_TIME)
    except CronSimError:
        return f"The {field.name} {term!r} is unknown. Allowed are * and {field.allowed}, as in 1,3 or 1-5 or */2."
    return None


def _backwards(field: _Field, term: str) -> str | None:
    if not (found := _RANGE.fullmatch(term)):
        return None
    first, last = field.number(found["first"]), field.number(found["last"])
    if first is None or last is None or first <= last:
        return None
    every = field.names if found["first"] in field.names else range(field.first, field.last + 1)
    split = f"{found['first']}-{every[-1]},{every[0]}-{found['last']}"
    remedy = "write two ranges" if found["step"] else f"write {split}"
    return f"The {field.name} {term} runs backwards; {remedy}."


def _fires(cron: str) -> bool:
    """Whether a day of some month matches. A search along the calendar could take as long as it has days."""
    try:
        sim = CronSim(cron, _SOME_TIME)
    except CronSimError:
        return False
    return any(sim.match_day(day) for day in _days(sim.months))


def _days(months: set[int]) -> Iterator[date]:
    """The days of these months, of each first weekday and length once."""
    seen: set[tuple[int, int]] = set()
    for month in months:
        for year in _YEARS:
            shape = calendar.monthrange(year, month)
            if shape not in seen:
                seen.add(shape)
                yield from (date(year, month, day) for day in range(1, shape[1] + 1))
