"""Walks everything that the graph shows to a caller: every field of every node reachable from the roots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLNamedType, GraphQLObjectType

from tests.harness.graph import SCHEMA, is_page, linked_fields, node_types, plain_fields
from tests.harness.graphql import GraphQL

_BATCH = 10
#: Global id → the node's fields; every row of a page or edge as {__typename, id}.
Seen = dict[str, dict[str, Any]]


async def walk(client: GraphQL) -> Seen:
    """All nodes that somebody reaches, each with all that it shows."""
    found: Seen = {}
    waiting = await _roots(client)
    while waiting:
        kind, ids = waiting.popitem()
        fresh = sorted(ids - found.keys())
        for start in range(0, len(fresh), _BATCH):
            batch = fresh[start : start + _BATCH]
            answer = await client.query(_document(SCHEMA.type_map[kind]), ids=batch)
            for node in filter(None, answer["nodes"]):
                found[node["id"]] = node
                _note(node, waiting)
    return found


def pages_of(seen: Seen) -> dict[str, int]:
    """`Type.field` of every page, with the rows that were seen on it, over all nodes."""
    counted = {f"{kind.name}.{name}": 0 for kind in node_types() for name, of in linked_fields(kind) if is_page(of)}
    for node in seen.values():
        for name, value in node.items():
            if isinstance(value, dict) and "nodes" in value:
                counted[f"{node['__typename']}.{name}"] += len(value["nodes"])
    return counted


def fields_with_arguments() -> list[str]:
    """What the walk cannot ask for by itself."""
    return [
        f"{kind.name}.{name}"
        for kind in node_types()
        for name in kind.fields
        if name not in {*plain_fields(kind), *(linked for linked, _ in linked_fields(kind))}
    ]


async def _roots(client: GraphQL) -> defaultdict[str, set[str]]:
    query = SCHEMA.query_type
    assert query is not None
    waiting: defaultdict[str, set[str]] = defaultdict(set)
    for name, kind in linked_fields(query):
        selection = "(first: 100) { nodes { __typename id } }" if is_page(kind) else _selection(kind)
        _note(await client.query(f"{{ {name} {selection} }}"), waiting)
    return waiting


def _document(kind: GraphQLNamedType) -> str:
    assert isinstance(kind, GraphQLObjectType)
    return f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id ... on {kind.name} {_fields(kind)} }} }}"


def _fields(kind: GraphQLObjectType) -> str:
    linked = (f"{name}{_selection(of)}" for name, of in linked_fields(kind))
    return f"{{ {' '.join([*plain_fields(kind), *linked])} }}"


def _selection(kind: GraphQLNamedType) -> str:
    if is_page(kind):
        return "(first: 100) { nodes { __typename id } }"
    if isinstance(kind, GraphQLInterfaceType) or kind in node_types():
        return " { __typename id }"
    assert isinstance(kind, GraphQLObjectType)
    return f" {_fields(kind)}"


def _note(value: Any, waiting: defaultdict[str, set[str]]) -> None:
    for kind, node_id in _references(value):
        waiting[kind].add(node_id)


def _references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if "id" in value and "__typename" in value:
            yield value["__typename"], value["id"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)
