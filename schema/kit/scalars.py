"""Scalars: times (RFC 3339 in UTC, in Python milliseconds) and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from proxy.inputs.admissible import objections

#: Milliseconds since 1970 UTC.
DateTime = NewType("DateTime", int)
#: Any JSON value.
JSON = NewType("JSON", object)

_LATEST = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z


def show_time(milliseconds: int) -> str:
    """RFC 3339 in UTC with milliseconds, such as `2026-02-01T09:30:00.000Z`."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def read_time(value: Any) -> int:
    """Milliseconds of an RFC 3339 text with an offset. Raises ValueError with a sentence for the caller."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("Write a time as RFC 3339, such as 2026-02-01T09:30:00.000Z.")
    milliseconds = int(moment.timestamp() * 1000)
    if not 0 <= milliseconds <= _LATEST:
        raise ValueError("The time must be after 1970.")
    return milliseconds


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
        description="RFC 3339 in UTC with milliseconds, such as 2026-02-01T09:30:00.000Z.",
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
}
