"""The schema, assembled from its nouns."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.door.marks import mark_costs
from schema.kit.errors import handlers
from schema.kit.page import describe_pages
from schema.kit.prices import price_columns
from schema.kit.scalars import SCALARS

#: Modules of this package with root fields, as classes `Queries` and `Mutations`, in the order of the SDL.
NOUNS: Final = (
    "integration",
    "publishing",
    "capability",
    "openapi",
    "connection",
    "connect_session",
    "definition",
    "installation",
    "installation_place",
    "dispatch",
    "proxy_request",
    "event",
    "run",
    "run_error",
    "app",
    "flow",
    "step",
    "webhook",
    "delivery",
    "replay",
    "webhook_test",
    "plan",
    "schedule",
    "job",
    "audit",
    "organization",
    "principal",
    "place",
    "tag",
    "token",
    "upload",
    "nodes",
)


def build_schema() -> strawberry.Schema:
    """The graph of this version."""
    schema = strawberry.Schema(
        _root("Query", "Queries", "Everything that can be read."),
        _root("Mutation", "Mutations", "Everything that can be changed. Each field is one operation."),
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
        exception_handlers=handlers(),
    )
    describe_pages(schema._schema)
    mark_costs(schema._schema)
    price_columns(schema._schema)
    return schema


def _root(name: str, part: str, description: str) -> type:
    """A root type with the fields of every noun that has the class `part`."""
    nouns = [import_module(f"schema.{noun}") for noun in NOUNS]
    parts = tuple(getattr(noun, part) for noun in nouns if hasattr(noun, part))
    return strawberry.type(type(name, parts, {}), description=description)
