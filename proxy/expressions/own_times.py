"""Times of the hub's own functions. None reads a clock, so that an evaluation can be repeated."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from proxy.expressions.budget import Meter, Misfit
from proxy.inputs.exact import exact, plain

#: Nodes of reading or writing one time, with a format or a zone that is met for the first time.
_STEP: Final = 100
_LONGEST: Final = 100
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Formats that stand for a number, and the seconds of its unit.
_UNITS: Final = {"unix": Decimal(1), "unix_ms": Decimal("0.001")}
#: RFC 3339 §5.6.
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DIRECTIVE: Final = re.compile("%(.?)", re.DOTALL)
#: Directives of C's strftime whose meaning depends on no locale; %L is the milliseconds.
WRITTEN: Final = frozenset("YmdHMSfzjyaAbBIpL%")
READ: Final = WRITTEN - {"L"}


def format_time(meter: Meter, time: str, form: str, zone: str = "UTC") -> int | float | Decimal | str:
    """A time (RFC 3339) in a format, as it is in a zone. `unix` and `unix_ms` are numbers since 1970."""
    meter.visit(_STEP)
    moment = _moment(time)
    if form in _UNITS:
        seconds = Decimal((moment - _EPOCH) // timedelta(microseconds=1)).scaleb(-6)
        since = seconds / _UNITS[form]
        return int(since) if since == since.to_integral_value() else plain(since)
    _require(form, WRITTEN)
    local = moment.astimezone(_zone(zone))
    text = _DIRECTIVE.sub(lambda found: _written(local, found[1]), form)
    meter.write_text(text)
    return text


def parse_time(meter: Meter, text: float | Decimal | str, form: str, zone: str = "UTC") -> str:
    """The time that a text in a format means, as RFC 3339 in UTC. `zone`: of texts without an offset."""
    meter.visit(_STEP)
    if form in _UNITS:
        return _rfc_3339(_since_1970(text, _UNITS[form]))
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise Misfit(f"parse_time reads a string of at most {_LONGEST} characters in this format")
    _require(form, READ)
    try:
        read = datetime.strptime(text, form)  # noqa: DTZ007  the zone is the next line
    except (ValueError, re.error):  # a directive may stand only once
        raise Misfit("parse_time has a text that is not in its format") from None
    return _rfc_3339(read.replace(tzinfo=_zone(zone)) if read.tzinfo is None else read)


def _moment(time: str) -> datetime:
    if not _TIME.fullmatch(time):
        raise Misfit("format_time takes a time such as 2026-11-30T23:10:00Z; parse_time makes one of other texts")
    try:
        # nanoseconds are cut: Python's times have microseconds
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", time.upper()))
    except ValueError:
        raise Misfit("format_time has no such time in its calendar") from None


def _since_1970(value: float | Decimal | str, unit: Decimal) -> datetime:
    if isinstance(value, str):
        if not re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", value, re.ASCII):
            raise Misfit("parse_time has a text that is no number since 1970")
        value = Decimal(value)
    return _EPOCH + timedelta(microseconds=int(exact(value) * unit * 1_000_000))


def _rfc_3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _written(local: datetime, directive: str) -> str:
    if directive == "L":
        return f"{local.microsecond // 1000:03d}"
    return f"{local.year:04d}" if directive == "Y" else local.strftime(f"%{directive}")


def _require(form: str, directives: frozenset[str]) -> None:
    odd = next((one for one in _DIRECTIVE.findall(form) if one not in directives), None)
    if odd is not None or len(form) > _LONGEST:
        allowed = " ".join(f"%{one}" for one in sorted(directives))
        raise Misfit(f"a format of times has at most {_LONGEST} characters, with {allowed}; or is unix or unix_ms")


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, KeyError, ValueError):
        raise Misfit("a time zone has a name of IANA, such as Europe/Berlin") from None
