"""Labels of integrations: the type and the root field of the noun."""

from __future__ import annotations

from typing import Any

import strawberry

from models import tables
from resolvers.people import queries
from schema.kit.context import Info
from schema.kit.field import column, reading
from schema.kit.node import RowNode, node


@node(tables.Tag)
class Tag(RowNode):
    """A label for integrations."""

    name: str = column("Unique in the organization.")


async def _tags(root: Any, info: Info) -> Any:
    return await queries.list_tags(info.context.caller)


@strawberry.type
class Queries:
    """Root field of this noun."""

    tags: list[Tag] = reading(queries.list_tags, _tags, "Tags, by name.")
