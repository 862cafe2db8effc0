"""Invented documents."""

from __future__ import annotations

from typing import Any

INFO = {"title": "Shop", "version": "1.2"}


def of(paths: dict[str, Any], *, version: str = "3.0.3", **more: Any) -> dict[str, Any]:
    """A document of version 3 with these paths."""
    return {"openapi": version, "info": INFO, "paths": paths, **more}


def old(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document of Swagger 2.0 with these paths."""
    return {"swagger": "2.0", "info": INFO, "paths": paths, **more}


def one(operation: dict[str, Any] | None = None, *, method: str = "post", path: str = "/things", **more: Any) -> Any:
    """A document of one operation, with the id `do`."""
    return of({path: {method: {"operationId": "do", **(operation or {})}}}, **more)


def body(schema: Any, *, media: str = "application/json", required: bool = True, **more: Any) -> dict[str, Any]:
    """An operation with a request body."""
    return {"requestBody": {"required": required, "content": {media: {"schema": schema, **more}}}}


def many(count: int) -> dict[str, Any]:
    """A document of so many operations, in tags of ten, each with inputs, an answer and references between them."""
    order = {
        "type": "object",
        "required": ["sku"],
        "properties": {
            "sku": {"type": "string", "maxLength": 40, "description": "The article. " * 5},
            "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
            "parent": {"$ref": "#/components/schemas/Order"},
        },
    }
    line = {"type": "object", "properties": {name: {"type": "string"} for name in "abcdefgh"}}
    paths = {
        f"/things{number}/{{id}}": {
            "put": {
                "operationId": f"things/put-{number}",
                "summary": "Replace a thing.",
                "tags": [f"tag{number // 10}"],
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                ],
                **body({"$ref": "#/components/schemas/Order"}),
                "responses": {"200": {"content": {"application/json": {"schema": line}}}},
            }
        }
        for number in range(count)
    }
    return of(paths, components={"schemas": {"Order": order, "Line": line}})
