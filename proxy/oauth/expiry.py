"""The end of a token as vendors say it: a lifetime (RFC 6749 §5.1), or a moment under a name of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

#: A longer life counts as unlimited.
LONGEST_SECONDS: Final = 10 * 365 * 24 * 3600
_LIFETIME: Final = "expires_in"
#: Absolute at some vendors and relative at others, so that the size of the number decides.
_OTHERS: Final = ("expires_at", "expires_on", "expires")
#: Smaller numbers are lifetimes in seconds, greater ones moments in seconds since 1970 …
_FIRST_MOMENT: Final = 1e9
#: … and from here on in milliseconds.
_FIRST_MILLISECONDS: Final = 1e11
#: The end of the year 9999, beyond which no date is shown.
_LAST_MOMENT: Final = 253_402_300_799_000


def lifetime_of(members: Mapping[str, Any]) -> int | None:
    """The lifetime in whole seconds, as it was said: at least 0, at most ten years; None if none was said.

    Negative numbers are 0. Numbers as text count. A value that is no number says nothing.
    """
    seconds = _number(members.get(_LIFETIME))
    if seconds is None:
        seconds = next((n for n in map(_number, _others(members)) if n is not None and n < _FIRST_MOMENT), None)
    return None if seconds is None else int(min(max(seconds, 0), LONGEST_SECONDS))


def end_of(members: Mapping[str, Any]) -> int | None:
    """The moment in ms since 1970 UTC, in the absence of a lifetime; None if none was said.

    Seconds or milliseconds since 1970, or ISO 8601, in UTC unless it says otherwise.
    """
    if lifetime_of(members) is not None:
        return None
    return next((end for end in map(_moment, _others(members)) if end is not None), None)


def _others(members: Mapping[str, Any]) -> list[Any]:
    return [members[name] for name in _OTHERS if name in members]


def _moment(value: Any) -> int | None:
    number = _number(value)
    if number is not None:
        milliseconds = number if number >= _FIRST_MILLISECONDS else number * 1000
    elif isinstance(value, str) and (moment := _iso(value)) is not None:
        milliseconds = moment.timestamp() * 1000
    else:
        return None
    return int(min(max(milliseconds, 0), _LAST_MOMENT))


def _iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(number) else number
