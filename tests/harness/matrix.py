"""The matrix of a walk over every operation or field of a face: its call, and the answer for a stranger."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlmodel import SQLModel

from models.vocabulary import Permission
from tests.harness.estate import Estate
from tests.harness.roles import Right


class Foreign(Enum):
    """What another organization is answered that names this one's things."""

    NOT_FOUND = "refused as NotFound"
    INVALID = "refused as InvalidInput, as what is used up or never was"
    NONE = "nothing in the place of the thing"
    EMPTY = "an empty page"
    OWN = "what is its own, whatever was named"
    AT_HOME = "a change of its own, since nothing of anybody's can be named"


async def _nothing(_estate: Estate) -> None:
    """Nothing has to be so before."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """How to call something validly: `given` makes its arguments of an estate, once `prepare` has run.

    `lacks` is the permission whose want refuses it, where it does not declare exactly one. `right`: who of those
    that have it may make the call. `audits` are the actions that it records. `speaker` are facts of the Caller.
    """

    given: Callable[[Estate], tuple[Any, ...] | Mapping[str, Any]]
    foreign: Foreign = Foreign.NOT_FOUND
    lacks: Permission | None = None
    right: Right = Right.SEEING
    audits: tuple[str, ...] = ()
    prepare: Callable[[Estate], Awaitable[Any]] = _nothing
    speaker: Callable[[Estate], dict[str, Any]] = field(default=lambda _estate: {})

    @property
    def prepares(self) -> bool:
        """Whether something has to be so before."""
        return self.prepare is not _nothing


def mentioned(value: Any) -> set[str]:
    """Every text inside a value, whatever it is made of."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, SQLModel):
        return mentioned(value.model_dump())
    if dataclasses.is_dataclass(value):
        return _inside(getattr(value, one.name) for one in dataclasses.fields(value))
    if isinstance(value, Mapping):
        return _inside([*value.keys(), *value.values()])
    if isinstance(value, list | tuple | set | frozenset):
        return _inside(value)
    return set()


def _inside(values: Iterable[Any]) -> set[str]:
    return set().union(*map(mentioned, values))
