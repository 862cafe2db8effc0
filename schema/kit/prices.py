"""Prices of fields: a long column costs as much as the look-ups that read as many bytes."""

from __future__ import annotations

from typing import Final

from graphql import GraphQLEnumType, GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type
from sqlalchemy import inspect

from models.row import LONGEST_JSON, Row, longest
from schema.kit.node import TABLES

_BYTES_FOR_A_POINT: Final = 4096


def price_columns(schema: GraphQLSchema) -> None:
    """Set the `cost` of every column by the greatest length of its type, and of every other field of JSON.

    Once, after the schema is built. Fields with a price of their own keep it.
    """
    types = (kind for kind in schema.type_map.values() if isinstance(kind, GraphQLObjectType))
    for kind, field in ((each, field) for each in types for field in each.fields.values()):
        price = _length(TABLES.get(kind.name), field) // _BYTES_FOR_A_POINT
        if price:
            field.extensions.setdefault("cost", price)


def _length(table: type[Row] | None, field: GraphQLField) -> int:
    shown = get_named_type(field.type)
    if shown.name == "JSON":
        return LONGEST_JSON
    if isinstance(shown, GraphQLEnumType):
        return 0  # a list of them is stored as JSON, and short
    definition = field.extensions.get("strawberry-definition")
    if table is None or definition is None or definition.base_resolver is not None:
        return 0
    column = inspect(table).columns.get(definition.python_name)
    return 0 if column is None else longest(column.type)
