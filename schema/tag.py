"""Labels of integrations: the type and the root field of the noun."""

from __future__ import annotations

from typing import Any

import strawberry

from models import tables
from resolvers.people import queries
from schema.kit.context import Info
from schema.kit.field import column, derived, reading
from schema.kit.node import Node, node


@node(tables.Tag)
class Tag(Node):
    """A label for integrations."""

    database_id: str = derived(lambda row: row.id, "24-hex id that REST shows.")
    name: str = column("Unique in the organization.")


async def _tags(root: Any, info: Info) -> Any:
    return await queries.list_tags(info.context.caller)


@strawberry.type
class Queries:
    """Root field of this noun."""

    tags: list[Tag] = reading(queries.list_tags, _tags, "Tags, by name.")
