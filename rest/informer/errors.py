"""Refusals in this vendor's form: status, its name, and one sentence."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from rest.kit import Places, Refusal

#: Members below `auth` and `secret` of a command are top-level members of this vendor's document.
PLACES: Final[Places] = {
    ("auth", "type"): ("authType",),
    ("auth", "api_base_url"): ("apiBaseUri",),
    ("auth", "client_id"): ("clientId",),
    ("auth", "client_secret"): ("clientSecret",),
    ("auth", "authorization_url"): ("authUri",),
    ("auth", "token_url"): ("tokenUri",),
    ("auth", "revocation_url"): ("revocationUri",),
    ("auth", "token_endpoint_auth"): ("basicTokenAuth",),
    ("auth", "api_key_location"): ("apiKeyLocation",),
    ("auth", "api_key_name"): ("apiKeyName",),
    ("auth", "scopes"): ("scope",),
    ("auth", "parameters"): ("data",),
    ("auth",): (),
    ("parameters",): ("data",),
    ("secret", "basic"): (),
    ("secret", "bearer_token"): ("token",),
    ("secret", "api_key"): ("apiKey",),
    ("secret",): (),
    ("access_level",): ("accessLevel",),
    ("image_url",): ("imageUrl",),
    ("redirect_uri",): ("redirectUri",),
    ("refresh_token",): ("refreshToken",),
    ("vendor",): ("type",),
    ("uuid",): ("id",),
    ("path",): ("url",),
    ("query",): ("params",),
    ("body",): ("data",),
    ("content",): (),
    ("integration",): (),
    ("integration_id",): (),
    ("principal_id",): (),
    ("idempotency_key",): ("Idempotency-Key",),
    ("filter", "search"): ("q",),
}


def refuse(refusal: Refusal) -> dict[str, object]:
    """The form of Boom, with which hapi's servers answer."""
    return {"statusCode": refusal.status, "error": HTTPStatus(refusal.status).phrase, "message": refusal.message}
