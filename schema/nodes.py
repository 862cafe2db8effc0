"""Rows of any noun by their global ids."""

from __future__ import annotations

from typing import Any

import strawberry

from resolvers.people import viewer as queries
from schema.kit.context import Info
from schema.kit.ids import parse_global_id
from schema.kit.node import TABLES, Node


def _ref(value: str) -> Any:
    found = parse_global_id(value)
    table = TABLES.get(found[0]) if found else None
    return (table, found[1]) if found and table else None


async def _node(root: Any, info: Info, id: strawberry.ID) -> Any:
    return (await queries.read_nodes(info.context.caller, [_ref(id)]))[0]


async def _nodes(root: Any, info: Info, ids: list[strawberry.ID]) -> Any:
    return await queries.read_nodes(info.context.caller, [_ref(one) for one in ids])


@strawberry.type
class Queries:
    """Root fields of all nouns."""

    node: Node | None = strawberry.field(
        resolver=_node, description="Any thing by global id; null when there is none or it is not yours."
    )
    nodes: list[Node | None] = strawberry.field(
        resolver=_nodes, description="Several things, in the order asked, null where there is none; at most 100."
    )
