"""Adding a credential to a request."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final, assert_never

from models.vocabulary import ApiKeyLocation
from proxy.headers import LONGEST_VALUE, check_value

Pairs = tuple[tuple[str, str], ...]
#: The longest token in bytes: signed ones list groups and rights. The limit of the remote service may be lower.
LONGEST_TOKEN: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class NoCredential:
    """The request is sent without authorisation."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key, sent in a header or query parameter that the service names."""

    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Basic:
    """User name and password, RFC 7617, in UTF-8."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bearer:
    """A bearer token, RFC 6750; also an access token of OAuth."""

    token: str = field(repr=False)


Credential = NoCredential | ApiKey | Basic | Bearer


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Headers and query parameters to add to a request, and the texts to mask wherever it is shown."""

    headers: Pairs = ()
    query: Pairs = ()
    secrets: tuple[str, ...] = ()


def authorise(credential: Credential, location: ApiKeyLocation, name: str | None) -> Authorisation:
    """Headers and query parameters for this credential.

    `location` and `name` are for API keys; the default name is `X-API-Key` or `api_key`. `check_credential` must have
    accepted the credential.
    """
    match credential:
        case NoCredential():
            return Authorisation()
        case ApiKey(key):
            if location is ApiKeyLocation.QUERY:
                return Authorisation(query=((name or "api_key", key),), secrets=(key,))
            return Authorisation(headers=((name or "X-API-Key", key),), secrets=(key,))
        case Basic(username, password):
            pair = b64encode(f"{username}:{password}".encode()).decode()
            return Authorisation(
                headers=(("Authorization", f"Basic {pair}"),), secrets=(password, pair, f"{username}:{password}")
            )
        case Bearer(token):
            return Authorisation(headers=(("Authorization", f"Bearer {token}"),), secrets=(token,))
        case _:
            assert_never(credential)


def with_bearer(headers: Pairs, token: str) -> Pairs:
    """The headers of a request with their bearer token replaced."""
    others = tuple((name, value) for name, value in headers if name.lower() != "authorization")
    return (*others, ("Authorization", f"Bearer {token}"))


def check_credential(credential: Credential) -> tuple[str, str] | None:
    """The field of a credential that cannot be sent, and the objection; or None. Call it before storing."""
    match credential:
        case ApiKey(key):
            return _check("key", key)
        case Bearer(token):
            return _check("token", token, most=LONGEST_TOKEN)
        case Basic(username, password):
            if ":" in username:
                return "username", "A user name must not contain a colon."  # RFC 7617 §2
            return _check("username", username) or (_check("password", password) if password else None)
        case _:
            return None


def _check(name: str, value: str, *, most: int = LONGEST_VALUE) -> tuple[str, str] | None:
    if not value:
        return name, "It must not be empty."
    objection = check_value(value, most=most)
    if objection is None and value != value.strip():
        objection = "It must not begin or end with a space."
    return (name, objection) if objection else None
