"""Secrets as they are given: exactly one kind, and never shown again."""

from __future__ import annotations

import strawberry

from schema.field import given


@strawberry.input(description="User name and password.")
class BasicSecretInput:
    """See `resolvers.secrets.BasicSecret`."""

    username: str = strawberry.field(description="User name.")
    password: str = strawberry.field(description="Password.")


@strawberry.input(one_of=True, description="The secret part of a connection; exactly one kind.")
class SecretInput:
    """See `resolvers.secrets.Secret`."""

    api_key: str | None = given("API key.")
    basic: BasicSecretInput | None = given("User name and password.")
    bearer_token: str | None = given("Bearer token.")
    none: bool | None = given("Nothing.")
