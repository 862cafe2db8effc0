"""Marks on a built schema: prices of its fields, and the hash by which admitted documents are remembered."""

from __future__ import annotations

import hashlib

from graphql import GraphQLSchema, print_schema

_HASH = "patchbay-hash"


def schema_hash(schema: GraphQLSchema) -> str:
    """The hash of the printed schema and its prices, cached in its extensions; a builder may set it there."""
    known: str | None = schema.extensions.get(_HASH)
    if known is None:
        prices = [
            f"{kind.name}.{name}={field.extensions['cost']}"
            for kind in schema.type_map.values()
            for name, field in getattr(kind, "fields", {}).items()
            if "cost" in field.extensions
        ]
        text = "\n".join([print_schema(schema), *prices])
        known = schema.extensions[_HASH] = hashlib.sha256(text.encode()).hexdigest()
    return known


def mark_costs(schema: GraphQLSchema) -> None:
    """Copy `strawberry.field(metadata={"cost": n, "rows": n})` to graphql-core's fields, once, after building."""
    for kind in schema.type_map.values():
        for field in getattr(kind, "fields", {}).values():
            definition = field.extensions.get("strawberry-definition")
            metadata = getattr(definition, "metadata", None) or {}
            field.extensions.update({name: metadata[name] for name in ("cost", "rows") if name in metadata})
