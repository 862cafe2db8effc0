"""Calls of a vendor's token and revocation endpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote_plus

import httpx
from authlib.common.urls import add_params_to_qs
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request

from models.vocabulary import TokenEndpointAuth
from proxy.egress import Egress
from proxy.oauth.answer import TokenAnswer, read_revocation, read_token
from proxy.transport import EgressTransport, fetch

#: The whole time of a call, in seconds. A lease around a call must last longer.
TOKEN_SECONDS: Final = 15.0
_MOST_BYTES: Final = 256 * 1024
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class TokenEndpoint:
    """A token endpoint, and the client that calls it. A public client has no secret.

    `parameters`: constants in the form of every token request, such as `audience` and `resource` (RFC 8707 §2.2), of
    all grants alike. Parameters of the protocol are not among them. `token_path`: see `read_token`.
    """

    url: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    auth: TokenEndpointAuth = TokenEndpointAuth.BASIC
    parameters: Mapping[str, str] = field(default_factory=dict)
    token_path: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuthorizationCode:
    """RFC 6749 §4.1.3, with the verifier of RFC 7636 §4.5 if the hub began the flow."""

    code: str = field(repr=False)
    redirect_uri: str | None
    verifier: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class RefreshToken:
    """RFC 6749 §6. Without scopes the new token has those of the old one."""

    token: str = field(repr=False)
    scopes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class ClientCredentials:
    """The client credentials grant, RFC 6749 §4.4."""

    scopes: Sequence[str] = ()


Grant = AuthorizationCode | RefreshToken | ClientCredentials


async def fetch_token(
    egress: Egress, endpoint: TokenEndpoint, grant: Grant, *, lane: str, known: Sequence[str] = ()
) -> TokenAnswer:
    """Request a token, without retries: a request may use up the grant.

    Secrets of the request are masked in the vendor's words, and those that are `known` to the vendor otherwise.

    Raises TokenRefused with the vendor's own error; UpstreamFailed and its kinds for no answer or one without a
    token; TooMany. Messages contain nothing of the request.
    """
    body = add_params_to_qs(_grant_body(grant), list(endpoint.parameters.items()))
    answer = await _post(egress, endpoint, body, lane)
    secrets = (*secrets_of(endpoint, grant), *known)
    # The consent names the token that is meant. A vendor that renews it may answer with that token alone, as Slack.
    only = isinstance(grant, AuthorizationCode)
    return read_token(answer, secrets, path=endpoint.token_path, only=only)


async def revoke_token(
    egress: Egress, endpoint: TokenEndpoint, token: str, *, hint: str | None = None, lane: str
) -> None:
    """Tell the vendor that a token is no longer wanted (RFC 7009); `endpoint.url` is the revocation endpoint.

    `hint`: `access_token` or `refresh_token`. A token unknown to the vendor counts as revoked. Raises TokenRefused if
    retrying cannot help, else as `fetch_token`.
    """
    body, _ = prepare_revoke_token_request(token, hint)
    answer = await _post(egress, endpoint, str(body), lane)
    read_revocation(answer, (token, *secrets_of(endpoint, None)))


def secrets_of(endpoint: TokenEndpoint, grant: Grant | None) -> tuple[str, ...]:
    """Secrets of a request that a vendor might repeat in the text of an error, for redaction by value."""
    given = [*_pairs(endpoint), endpoint.client_secret]
    match grant:
        case AuthorizationCode(code=code, verifier=verifier):
            given += [code, verifier]
        case RefreshToken(token=token):
            given.append(token)
    return tuple(secret for secret in given if secret)


async def _post(egress: Egress, endpoint: TokenEndpoint, body: str, lane: str) -> httpx.Response:
    headers = {"Content-Type": _FORM, "Accept": "application/json"}
    _, headers, body = _client_auth(endpoint).prepare("POST", endpoint.url, headers, body)
    transport = EgressTransport(egress, lane=lane, seconds=TOKEN_SECONDS, most=_MOST_BYTES)
    return await fetch(transport, "POST", endpoint.url, headers=headers, body=body)


def _client_auth(endpoint: TokenEndpoint) -> ClientAuth:
    if endpoint.client_secret is None:
        return ClientAuth(endpoint.client_id, None, "none")
    if endpoint.auth is TokenEndpointAuth.POST:
        return ClientAuth(endpoint.client_id, endpoint.client_secret, "client_secret_post")
    # RFC 6749 §2.3.1: each part is form-encoded before the two are joined, which Authlib leaves to its caller.
    return ClientAuth(quote_plus(endpoint.client_id), quote_plus(endpoint.client_secret), "client_secret_basic")


def _pairs(endpoint: TokenEndpoint) -> list[str]:
    """The texts of which HTTP Basic makes base64: form-encoded as RFC 6749 §2.3.1 has it, and as RFC 7617 does."""
    if endpoint.client_secret is None:
        return []
    client, secret = endpoint.client_id, endpoint.client_secret
    return [f"{client}:{secret}", f"{quote_plus(client)}:{quote_plus(secret)}"]


def _grant_body(grant: Grant) -> str:
    match grant:
        case AuthorizationCode(code=code, redirect_uri=redirect_uri, verifier=verifier):
            body = prepare_token_request(
                "authorization_code", redirect_uri=redirect_uri, code=code, code_verifier=verifier
            )
        case RefreshToken(token=token, scopes=scopes):
            body = prepare_token_request("refresh_token", refresh_token=token, scope=list(scopes))
        case ClientCredentials(scopes=scopes):
            body = prepare_token_request("client_credentials", scope=list(scopes))
    return str(body)
