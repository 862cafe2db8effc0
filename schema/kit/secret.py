"""Secret inputs: exactly one kind of secret, never shown again."""

from __future__ import annotations

import strawberry

from schema.kit.field import given
from schema.kit.scalars import JSON, DateTime


@strawberry.input(description="User name and password.")
class BasicSecretInput:
    username: str = strawberry.field(description="User name.")
    password: str = strawberry.field(description="Password.")


@strawberry.input(description="OAuth tokens.")
class OAuth2SecretInput:
    access_token: str = strawberry.field(description="Access token.")
    refresh_token: str | None = given("Refresh token.")
    expires_at: DateTime | None = given("End of the access token.")
    scopes: list[str] | None = given("Granted scopes.")


@strawberry.input(one_of=True, description="The secret part of a connection; exactly one kind.")
class SecretInput:
    api_key: str | None = given("API key.")
    basic: BasicSecretInput | None = given("User name and password.")
    bearer_token: str | None = given("Bearer token.")
    oauth2: OAuth2SecretInput | None = given("OAuth tokens got elsewhere.")
    fields: JSON | None = given("The definition's SECRET fields.")
    none: bool | None = given("Nothing.")
