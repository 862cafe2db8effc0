"""Nodes: what has a global id. A node type is declared over the table whose rows it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

from models.row import Row
from schema.kit.context import Info
from schema.kit.ids import global_id

T = TypeVar("T", bound=type)

#: The table behind each node type, by the type's name.
TABLES: dict[str, type[Row]] = {}


def type_name(row: Row) -> str:
    """The GraphQL type that shows a row."""
    return _NAMES[type(row)]


_NAMES: dict[type[Row], str] = {}


def _id(root: Any) -> Any:
    return global_id(type_name(root), root.id)


@strawberry.interface(description="A thing with a global id.")
class Node:
    """Relay's node."""

    id: strawberry.ID = strawberry.field(resolver=_id, description="Opaque global id.")


def node(table: type[Row]) -> Callable[[T], T]:
    """Declare a node type over a table; its description is the class's docstring.

    Raises TypeError for a table that does not say which permission its reading needs.
    """
    if not hasattr(table, "read_permission"):
        raise TypeError(f"{table.__name__} is a node, so its table needs a read_permission.")

    def decorate(cls: T) -> T:
        TABLES[cls.__name__] = table
        _NAMES[table] = cls.__name__

        def is_type_of(_cls: Any, value: Any, _info: Info) -> bool:
            return type(value) is table

        cls.is_type_of = classmethod(is_type_of)  # type: ignore[attr-defined]
        return strawberry.type(cls, description=(cls.__doc__ or "").strip())

    return decorate
