"""The secret of a connection: the kinds that can be given, their checks, and their credential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from models.errors import Path
from models.vocabulary import AuthType
from proxy.auth import ApiKey, Basic, Bearer, Credential, NoCredential, check_credential
from resolvers.credentials.held import RENEWED
from resolvers.faults import Faults
from resolvers.unset import Unset

_HINT_LETTERS: Final = 4
_SHOWN_FROM: Final = 12
_MOST_SCOPES: Final = 100
_LONGEST: Final = 64 * 1024
#: Where each part of a secret stands in an input.
PLACES: Final[Mapping[str, Path]] = {
    "apiKey": ("secret", "apiKey"),
    "username": ("secret", "basic", "username"),
    "password": ("secret", "basic", "password"),
    "token": ("secret", "bearerToken"),
    "accessToken": ("secret", "oauth2", "accessToken"),
    "refreshToken": ("secret", "oauth2", "refreshToken"),
}
_FIELDS: Final[Path] = ("secret", "fields")
#: What the proxy calls a part that is stored under another name.
_SENT_AS: Final = {"apiKey": "key", "accessToken": "token"}
APP_TOKEN_PLACE: Final[Mapping[str, Path]] = {"token": ("appToken",)}


@dataclass(frozen=True, kw_only=True)
class BasicSecret:
    """A user name and its password."""

    username: str
    password: str


@dataclass(frozen=True, kw_only=True)
class OAuth2Secret:
    """Tokens that were got elsewhere. `expires_at` in ms since 1970 UTC; None: used until the service refuses it."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: int | None = None
    scopes: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Secret:
    """Exactly one kind of secret.

    `fields` are the definition's; the standard parts beside them are composed of them (`definitions/secret.py`), and
    those in `shown` may be read.
    """

    api_key: str | None = None
    basic: BasicSecret | None = None
    bearer_token: str | None = None
    oauth2: OAuth2Secret | None = None
    none: bool | None = None
    fields: Any = None
    shown: frozenset[str] = frozenset()

    @property
    def auth_type(self) -> AuthType:
        """How a connection with this secret authorises."""
        if self.api_key is not None:
            return AuthType.API_KEY
        if self.basic is not None:
            return AuthType.BASIC
        if self.oauth2 is not None:
            return AuthType.OAUTH2
        return AuthType.BEARER if self.bearer_token is not None else AuthType.NONE

    def stored(self) -> dict[str, Any]:
        """What is encrypted."""
        return self.parts() if self.fields is None else {**self.parts(), "fields": self.fields}

    def parts(self) -> dict[str, str]:
        """What a credential is made of."""
        if self.basic is not None:
            return {"username": self.basic.username, "password": self.basic.password}
        if self.api_key is not None:
            return {"apiKey": self.api_key}
        if self.oauth2 is not None:
            both = {"accessToken": self.oauth2.access_token, "refreshToken": self.oauth2.refresh_token}
            return {key: token for key, token in both.items() if token is not None}
        return {} if self.bearer_token is None else {"token": self.bearer_token}

    def details(self) -> dict[str, str]:
        """What may be shown: user names, the first letters of long keys and tokens, nothing of passwords."""
        if self.fields is not None:
            return {
                key: _shown(value) if key in self.shown else _hint(_shown(value))
                for key, value in self.fields.items()
            }
        if self.basic is not None:
            return {"username": self.basic.username, "password": "…"}
        shown = {key: _hint(value) for key, value in self.parts().items()}
        return shown | ({"refreshToken": "…"} if "refreshToken" in shown else {})


def credential_of(auth_type: AuthType, stored: Mapping[str, Any]) -> Credential:
    """The credential that a stored secret stands for. Of a token that is still to be fetched it is an empty one."""
    if auth_type in RENEWED:
        return Bearer(stored.get("accessToken", ""))
    if auth_type is AuthType.API_KEY:
        return ApiKey(stored["apiKey"])
    if auth_type is AuthType.BASIC:
        return Basic(stored["username"], stored["password"])
    return Bearer(stored["token"]) if auth_type is AuthType.BEARER else NoCredential()


def check_secret(faults: Faults, secret: Secret | Unset | None, places: Mapping[str, Path] = PLACES) -> None:
    """Faults at the parts of a secret: what no header could carry."""
    if not isinstance(secret, Secret):
        return
    problem = check_credential(credential_of(secret.auth_type, secret.parts()))
    for key, value in secret.parts().items():
        place = places[key] if secret.fields is None else _FIELDS
        fits = faults.text(place, value, most=_LONGEST)
        if fits and problem is not None and problem[0] in (key, _SENT_AS.get(key)):
            faults.add(place, problem[1])
    if secret.oauth2 is not None:
        faults.texts(("secret", "oauth2", "scopes"), secret.oauth2.scopes, most=_MOST_SCOPES)


def check_fits(faults: Faults, auth_type: AuthType, secret: Secret) -> None:
    """A fault where an integration authorises in another way than the secret does."""
    fits = auth_type is AuthType.NONE or secret.auth_type in (AuthType.NONE, auth_type)
    fits = fits or (secret.oauth2 is not None and auth_type in RENEWED)
    faults.check(fits, "secret", f"The integration authorises with {auth_type}, not {secret.auth_type}.")


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _hint(value: str) -> str:
    return f"{value[:_HINT_LETTERS]}…" if len(value) >= _SHOWN_FROM else "…"
