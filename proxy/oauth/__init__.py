"""OAuth 2 as a client: builds requests and reads answers; the egress sends them."""

from proxy.oauth.answer import TokenAnswer, check_token_path
from proxy.oauth.consent import challenge_of, consent_url, new_verifier
from proxy.oauth.endpoint import (
    AuthorizationCode,
    ClientCredentials,
    Grant,
    RefreshToken,
    TokenEndpoint,
    fetch_token,
    revoke_token,
    secrets_of,
)
from proxy.oauth.parameters import check_token_parameter

__all__ = [
    "AuthorizationCode",
    "ClientCredentials",
    "Grant",
    "RefreshToken",
    "TokenAnswer",
    "TokenEndpoint",
    "challenge_of",
    "check_token_parameter",
    "check_token_path",
    "consent_url",
    "fetch_token",
    "new_verifier",
    "revoke_token",
    "secrets_of",
]
