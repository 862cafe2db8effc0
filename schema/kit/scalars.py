"""Scalars: times (RFC 3339 in UTC, in Python milliseconds), JSON, and numbers beyond 32 bits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NewType

import strawberry
from graphql import ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from proxy.inputs.admissible import objections

#: Milliseconds since 1970 UTC.
DateTime = NewType("DateTime", int)
#: Any JSON value.
JSON = NewType("JSON", object)
#: A count that may grow beyond the 32 bits of GraphQL's Int.
Count = NewType("Count", int)

_LATEST: Final = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PARTS: Final = re.compile(r"([^.,]*?)(:60)?(?:[.,](\d+))?(z|[+-][\d:]+)", re.ASCII | re.IGNORECASE)


def show_time(milliseconds: int) -> str:
    """RFC 3339 in UTC with milliseconds, such as `2026-02-01T09:30:00.000Z`."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def read_time(value: Any) -> int:
    """Milliseconds of an RFC 3339 text with an offset, of any number of digits, rounded to the nearest.

    `t` and `z` may be in lower case (§5.6). A leap second, at the end of a month in UTC, is read as the second after
    it (§5.7), as POSIX counts. Raises ValueError with a sentence for the caller.
    """
    parts = _PARTS.fullmatch(value) if isinstance(value, str) else None
    moment = None if parts is None else _moment(parts[1].upper(), parts[4].upper(), is_leap=parts[2] is not None)
    if parts is None or moment is None:
        raise ValueError("Write a time as RFC 3339, such as 2026-02-01T09:30:00.000Z.")
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1) + _rounded(parts[3] or "")
    if not 0 <= milliseconds <= _LATEST:
        raise ValueError("The time must be from 1970 to 9999.")
    return milliseconds


def _moment(head: str, zone: str, *, is_leap: bool) -> datetime | None:
    """The time without its fraction; None for a text that is none."""
    try:
        moment = datetime.fromisoformat(f"{head}{':59' if is_leap else ''}{zone}")
        if is_leap:
            moment = moment.astimezone(UTC) + timedelta(seconds=1)
    except (ValueError, OverflowError):
        return None
    misplaced = is_leap and (moment.day, moment.hour, moment.minute, moment.second) != (1, 0, 0, 0)
    return None if misplaced or moment.tzinfo is None else moment


def _rounded(fraction: str) -> int:
    """Milliseconds of the digits of a fraction; a half is rounded up. Digits after the fourth decide nothing."""
    digits = f"{fraction}0000"
    return int(digits[:3]) + (digits[3] >= "5")


def _read_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Any:
    """The value of a JSON literal. Raises ValueError for a number outside of JSON, such as 1e999."""
    value = value_from_ast_untyped(node, dict(variables) if variables else None)
    violations = objections(value, ())
    if violations:
        raise ValueError(": ".join([".".join(violations[0].path), violations[0].message]).removeprefix(": "))
    return value


SCALARS: dict[object, ScalarDefinition] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="RFC 3339 in UTC with milliseconds, such as 2026-02-01T09:30:00.000Z; \
read with any offset, rounded to the nearest.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=show_time,
        parse_value=read_time,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value; object member order is kept.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
        parse_literal=_read_literal,
    ),
    Count: strawberry.scalar(
        name="Count",
        description="A whole number from 0 that may be greater than an Int; a JSON number, exact in every client.",
        serialize=int,
        parse_value=int,
    ),
}
