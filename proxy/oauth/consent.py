"""The address of a vendor's consent page, and the PKCE pair that binds the answer to the request."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

_VERIFIER_BYTES = 32  # 43 characters, RFC 7636 §4.1
_OURS = frozenset(
    {"response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"}
)


def new_verifier() -> str:
    """A PKCE code verifier of 256 random bits (RFC 7636 §4.1). It is secret until it is used."""
    return secrets.token_urlsafe(_VERIFIER_BYTES)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 §4.2)."""
    return str(create_s256_code_challenge(verifier))


def consent_url(
    *,
    authorization_url: str,
    client_id: str,
    redirect_uri: str,
    scopes: Sequence[str],
    state: str,
    challenge: str | None,
    separator: str = " ",
    response_mode: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> str:
    """The address to which to send the user (RFC 6749 §4.1.1, RFC 7636 §4.3).

    Keeps the query of `authorization_url` (RFC 6749 §3.1). `extra`: constants that the vendor needs, unless that
    query has them. Neither overrides parameters of the protocol. `challenge`: None without PKCE. `response_mode`:
    such as `form_post` (OAuth 2.0 Form Post Response Mode §1); None leaves it to these constants and the vendor.
    """
    page, _, query = authorization_url.partition("?")
    ours = _OURS | {"response_mode"} if response_mode else _OURS
    own = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in ours]
    said = ours.union(name for name, _ in own)
    added = {name: value for name, value in (extra or {}).items() if name not in said}
    protocol = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": separator.join(scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256" if challenge else None,
        "response_mode": response_mode,
    }
    url = prepare_grant_uri(f"{page}?{urlencode(own)}" if own else page, **protocol)
    return str(add_params_to_uri(url, list(added.items())))
