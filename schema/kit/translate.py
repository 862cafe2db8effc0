"""Translation of a GraphQL input to a command, by fields of the same name."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

import strawberry
from strawberry.types.base import StrawberryList, StrawberryOptional, has_object_definition

from schema.kit.ids import row_id

C = TypeVar("C")


def command(kind: type[C], given: Any) -> C:
    """A command with the mentioned fields; the others have the command's defaults. Global ids become row ids."""
    ids = _id_fields(type(given))  # type: ignore[arg-type]  # a class is hashable
    values = {}
    for name, inner in _fields(kind).items():  # type: ignore[arg-type]
        value = getattr(given, name, strawberry.UNSET)
        if value is not strawberry.UNSET:
            values[name] = _ids(value) if name in ids else _value(inner, value)
    return kind(**values)


def require_fields(kind: type, input: type) -> None:
    """Raises TypeError for a member of an input that a command has no field for: it would be dropped."""
    members = {field.python_name for field in input.__strawberry_definition__.fields}  # type: ignore[attr-defined]
    if dropped := members - {field.name for field in dataclasses.fields(kind)}:
        raise TypeError(f"{kind.__name__} has no field for {', '.join(sorted(dropped))} of {input.__name__}.")


def _value(inner: Any, value: Any) -> Any:
    """The value of a field. `inner`: the command class in its annotation, `object` if it is any JSON, or None."""
    if inner is object:
        return value
    if isinstance(value, list):
        return tuple(value) if inner is None else tuple(_value(inner, one) for one in value)
    return value if inner is None or not has_object_definition(type(value)) else command(inner, value)


def _ids(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(row_id(one) for one in value)
    return None if value is None else row_id(value)


@cache
def _fields(kind: type) -> dict[str, Any]:
    """The fields of a command, each with the `inner` of `_value`."""
    hints = typing.get_type_hints(kind)
    return {field.name: _inner(hints[field.name]) for field in dataclasses.fields(kind)}


def _inner(annotation: Any) -> Any:
    return object if annotation is Any or annotation is object else _command_type(annotation)


@cache
def _id_fields(kind: type) -> frozenset[str]:
    fields = kind.__strawberry_definition__.fields  # type: ignore[attr-defined]
    return frozenset(field.python_name for field in fields if _bare(field.type) is strawberry.ID)


def _bare(kind: Any) -> Any:
    while isinstance(kind, StrawberryOptional | StrawberryList):
        kind = kind.of_type
    return kind


@cache
def _command_type(annotation: Any) -> Any:
    """The command class inside `X | Unset | None` or `Sequence[X]`, if there is one."""
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return annotation
    inner: Sequence[Any] = ()
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, Sequence, tuple):
        inner = typing.get_args(annotation)
    return next((found for found in map(_command_type, inner) if found is not None), None)
