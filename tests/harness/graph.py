"""The graph as a client can discover it: documents made from the schema, and walks over its fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from schema.build import build_schema

SCHEMA = build_schema()._schema
PROBLEM = "... on Problem { code message path } ... on Forbidden { permission }"


def root_fields() -> dict[str, GraphQLField]:
    """Every field of Query and Mutation."""
    assert SCHEMA.query_type is not None
    assert SCHEMA.mutation_type is not None
    return {**SCHEMA.query_type.fields, **SCHEMA.mutation_type.fields}


def is_mutation(name: str) -> bool:
    """Whether a root field changes something."""
    assert SCHEMA.mutation_type is not None
    return name in SCHEMA.mutation_type.fields


def document_of(name: str, given: Any) -> str:
    """A document that calls a root field with the arguments of these names, as variables."""
    field = root_fields()[name]
    variables = ", ".join(f"${one}: {field.args[one].type}" for one in given)
    arguments = ", ".join(f"{one}: ${one}" for one in given)
    kind = "mutation" if is_mutation(name) else "query"
    head = f"{kind}({variables})" if given else kind
    call = f"{name}({arguments})" if given else name
    return f"{head} {{ {call} {_selection(get_named_type(field.type))} }}"


def is_page(kind: GraphQLNamedType) -> bool:
    """Whether a type is a page of a list."""
    return isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection")


def plain_fields(kind: GraphQLObjectType) -> list[str]:
    """The columns and pure functions of a type: what has no selection of its own."""
    return [name for name, field in kind.fields.items() if is_leaf_type(get_named_type(field.type))]


def linked_fields(kind: GraphQLObjectType) -> Iterator[tuple[str, GraphQLNamedType]]:
    """The other fields that ask for no argument, with their types."""
    for name, field in kind.fields.items():
        named = get_named_type(field.type)
        if not is_leaf_type(named) and not any(map(is_required_argument, field.args.values())):
            yield name, named


def node_types() -> list[GraphQLObjectType]:
    """Every type that has a global id."""
    node = SCHEMA.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    return sorted(SCHEMA.get_implementations(node).objects, key=lambda kind: kind.name)


def _selection(kind: GraphQLNamedType) -> str:
    if isinstance(kind, GraphQLUnionType):
        return f"{{ __typename {PROBLEM} }}"
    if is_page(kind):
        return "{ nodes { id } }"
    return "{ __typename }" if not hasattr(kind, "fields") or "id" not in kind.fields else "{ __typename id }"
