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
    for name, annotation in _fields(kind).items():  # type: ignore[arg-type]
        value = getattr(given, name, strawberry.UNSET)
        if value is not strawberry.UNSET:
            values[name] = _ids(value) if name in ids else _value(annotation, value)
    return kind(**values)


def _value(annotation: Any, value: Any) -> Any:
    if isinstance(value, list):
        inner = _command_type(annotation)
        return value if inner is None and _is_json(annotation) else tuple(_value(annotation, one) for one in value)
    kind = _command_type(annotation)
    return command(kind, value) if kind is not None and has_object_definition(type(value)) else value


def _is_json(annotation: Any) -> bool:
    return annotation is Any or annotation is object


def _ids(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(row_id(one) for one in value)
    return None if value is None else row_id(value)


@cache
def _fields(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


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
