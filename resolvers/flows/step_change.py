"""Commands about steps, and the values of a step after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from models.row import name_key
from models.tables import Step
from models.vocabulary import NullMembers, StepDirection
from resolvers.unset import UNSET, Unset

#: Columns that a command may give, beside the direction.
GIVEN: Final = (
    *("name", "capability_id", "request", "integration_id", "connection_id", "filter", "mapping", "nulls"),
    *("record_key", "pagination", "delta", "batch_size", "batch"),
)


@dataclass(frozen=True, kw_only=True)
class CreateStep:
    """A new step: `capability_id`, or a `request` through `integration_id`. The columns are described in `Step`."""

    name: str
    direction: StepDirection
    capability_id: str | None = None
    request: Any = None
    integration_id: str | None = None
    connection_id: str | None = None
    filter: str | None = None
    mapping: str | None = None
    nulls: NullMembers | None = None
    record_key: str | None = None
    pagination: Any = None
    delta: Any = None
    batch_size: int = 1
    batch: Any = None


@dataclass(frozen=True, kw_only=True)
class UpdateStep:
    """New values of a step; null clears an optional one. A capability replaces a request, and the reverse."""

    id: str
    expected_version: int | Unset | None = UNSET
    name: str | Unset | None = UNSET
    capability_id: str | Unset | None = UNSET
    request: Any = UNSET
    integration_id: str | Unset | None = UNSET
    connection_id: str | Unset | None = UNSET
    filter: str | Unset | None = UNSET
    mapping: str | Unset | None = UNSET
    nulls: NullMembers | Unset | None = UNSET
    record_key: str | Unset | None = UNSET
    pagination: Any = UNSET
    delta: Any = UNSET
    batch_size: int | Unset | None = UNSET
    batch: Any = UNSET


def new_values(command: CreateStep | UpdateStep) -> dict[str, Any]:
    """The values that a command gives, by column. What takes another's place clears it."""
    given = {name: getattr(command, name) for name in GIVEN}
    given = {name: value for name, value in given.items() if not isinstance(value, Unset)}
    if given.get("capability_id") is not None:
        given.setdefault("request", None)
    elif given.get("request") is not None:
        given.setdefault("capability_id", None)
    return given


def apply(step: Step, values: dict[str, Any]) -> set[str]:
    """Set checked values. Answers the columns that have another value now."""
    changed = {name for name, value in values.items() if getattr(step, name) != value}
    for name in changed:
        setattr(step, name, values[name])
    step.name_key = name_key(step.name)
    return changed
