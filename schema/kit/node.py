"""Types that show results of operations: rows with a global id as nodes, other values as views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

from models.row import Row
from schema.kit.context import Info
from schema.kit.field import derived
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
    """Relay's interface of types with a global id."""

    id: strawberry.ID = strawberry.field(resolver=_id, description="Opaque global id.")


@strawberry.type
class RowNode(Node):
    """A node that shows a row: every noun's type extends it."""

    database_id: str = derived(lambda row: row.id, "24-hex id that REST shows.")


def node(table: type[Row]) -> Callable[[T], T]:
    """Declare a node type over a table; its description is the class's docstring.

    Raises TypeError for a table without a `read_permission`.
    """
    if not hasattr(table, "read_permission"):
        raise TypeError(f"{table.__name__} is a node, so its table needs a read_permission.")

    def decorate(cls: T) -> T:
        TABLES[cls.__name__] = table
        _NAMES[table] = cls.__name__
        return view(table, (cls.__doc__ or "").strip())(cls)

    return decorate


def view(kind: type, description: str) -> Callable[[T], T]:
    """Declare a type that shows values of one Python type, such as the result of an operation."""

    def decorate(cls: T) -> T:
        def is_type_of(_cls: Any, value: Any, _info: Info) -> bool:
            return isinstance(value, kind)

        cls.is_type_of = classmethod(is_type_of)  # type: ignore[attr-defined]
        return strawberry.type(cls, description=description)

    return decorate
