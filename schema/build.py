"""The schema, assembled from its nouns."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.people import viewer as viewer_queries
from schema import (
    audit,
    capability,
    connect_session,
    connection,
    definition,
    dispatch,
    event,
    installation,
    integration,
    job,
    organization,
    place,
    principal,
    proxy_request,
    tag,
    token,
    upload,
)
from schema.door.admission import mark_costs
from schema.kit.context import Info
from schema.kit.errors import handlers
from schema.kit.ids import parse_global_id
from schema.kit.node import TABLES, Node
from schema.kit.page import describe_pages
from schema.kit.scalars import SCALARS


def _ref(value: str) -> Any:
    found = parse_global_id(value)
    table = TABLES.get(found[0]) if found else None
    return (table, found[1]) if found and table else None


async def _node(root: Any, info: Info, id: strawberry.ID) -> Any:
    return (await viewer_queries.read_nodes(info.context.caller, [_ref(id)]))[0]


async def _nodes(root: Any, info: Info, ids: list[strawberry.ID]) -> Any:
    return await viewer_queries.read_nodes(info.context.caller, [_ref(one) for one in ids])


@strawberry.type(description="Everything that can be read.")
class Query(
    integration.Queries,
    capability.Queries,
    connection.Queries,
    definition.Queries,
    installation.Queries,
    dispatch.Queries,
    event.Queries,
    job.Queries,
    audit.Queries,
    organization.Queries,
    principal.Queries,
    place.Queries,
    tag.Queries,
    token.Queries,
):
    """Root of queries."""

    node: Node | None = strawberry.field(
        resolver=_node, description="Any thing by global id; null when there is none or it is not yours."
    )
    nodes: list[Node | None] = strawberry.field(
        resolver=_nodes, description="Several things, in the order asked, null where there is none; at most 100."
    )


@strawberry.type(description="Everything that can be changed. Each field is one operation.")
class Mutation(
    integration.Mutations,
    connection.Mutations,
    connect_session.Mutations,
    definition.Mutations,
    installation.Mutations,
    dispatch.Mutations,
    proxy_request.Mutations,
    event.Mutations,
    job.Mutations,
    organization.Mutations,
    principal.Mutations,
    place.Mutations,
    token.Mutations,
    upload.Mutations,
):
    """Root of mutations."""


def build_schema() -> strawberry.Schema:
    """The graph of this version."""
    schema = strawberry.Schema(
        Query,
        Mutation,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
        exception_handlers=handlers(),
    )
    describe_pages(schema._schema)
    mark_costs(schema._schema)
    return schema
