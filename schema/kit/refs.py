"""Inputs that name one row by id, handler or slug."""

from __future__ import annotations

import strawberry

from schema.kit.field import given


@strawberry.input(one_of=True, description="Names one integration.")
class IntegrationRef:
    id: strawberry.ID | None = given("Global or 24-hex id.")
    handler: str | None = given("Handler by which your organization calls it.")
    slug: str | None = given("Slug in your organization.")
    uuid: str | None = given("Client-given UUID.")
