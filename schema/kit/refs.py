"""Inputs that name one row by id, handler or slug."""

from __future__ import annotations

import strawberry

from schema.kit.field import given

#: The description of `actAs` in every input that has it.
ACTS = "The user to act for: their connection, their rows, the permissions that both have. Needs ACT_AS."


@strawberry.input(one_of=True, description="Names one integration.")
class IntegrationRef:
    id: strawberry.ID | None = given("Global or 24-hex id.")
    handler: str | None = given("Handler by which your organization calls it.")
    slug: str | None = given("Slug in your organization.")
    uuid: str | None = given("Client-given UUID.")
    published_name: str | None = given("Addressable name of a published app, or the 24-hex id of one of yours.")


@strawberry.input(one_of=True, description="Names one user of your organization.")
class PrincipalRef:
    id: strawberry.ID | None = given("Global or 24-hex id.")
    username: str | None = given("Username.")
    subject: str | None = given("Subject in the tokens of another issuer.")
