"""Auth kinds: for each auth type, the parts of its secret, its credential, and the origin of its tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from operator import attrgetter
from typing import Final

from models.errors import Path
from models.vocabulary import AuthType
from proxy.auth import ApiKey, Basic, Bearer, Credential, NoCredential


class Shown(Enum):
    """The readable portion of a stored part of a secret. HINT: the first letters, if it is long."""

    WHOLE = auto()
    HINT = auto()
    NOTHING = auto()


class GrantType(Enum):
    """The grant by which the hub gets tokens: after the user's consent, or by itself (RFC 6749 §4.1, §4.4)."""

    AUTHORIZATION_CODE = auto()
    CLIENT_CREDENTIALS = auto()


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a secret, stored under `name`.

    `given` is its attribute of `Secret`, with a dot for each step down; `sent_as` its field of the credential. A form
    shows it under `label`.
    """

    name: str
    given: str
    sent_as: str | None = None
    label: str = ""
    shown: Shown = Shown.HINT
    required: bool = True

    @property
    def place(self) -> Path:
        """The place of this part in an input."""
        return ("secret", *self.given.split("."))

    def of(self, secret: object) -> str | None:
        """The value of this part in a `Secret` of its kind; None if it is left out."""
        value: str | None = attrgetter(self.given)(secret)
        return value


@dataclass(frozen=True, kw_only=True)
class AuthKind:
    """The facts of one auth type.

    `grant`: the secret is tokens, which the hub renews; None if a person enters the secret. `addresses` are those
    that a definition of this type must have.
    """

    credential: Callable[..., Credential]
    parts: tuple[Part, ...] = ()
    grant: GrantType | None = None
    addresses: tuple[str, ...] = ()

    @property
    def needs_connection(self) -> bool:
        """Whether calls need a secret at all."""
        return bool(self.parts)

    @property
    def entered(self) -> tuple[Part, ...]:
        """The parts that a person enters; empty for tokens."""
        return () if self.renewed else self.parts

    @property
    def renewed(self) -> bool:
        """Whether the hub renews the credential."""
        return self.grant is not None

    @property
    def asks_for_consent(self) -> bool:
        """Whether a user connects on the vendor's consent page, and grants scopes there."""
        return self.grant is GrantType.AUTHORIZATION_CODE

    @property
    def needs_no_user(self) -> bool:
        """Whether the hub gets the first token by itself, with the integration's own client."""
        return self.grant is GrantType.CLIENT_CREDENTIALS

    @property
    def has_key_name(self) -> bool:
        """Whether the integration names the header or query parameter for the credential."""
        return self.credential is ApiKey

    @property
    def given_as(self) -> str | None:
        """The attribute of `Secret` that holds the parts."""
        return self.parts[0].given.partition(".")[0] if self.parts else None


_TOKENS: Final = (
    Part(name="accessToken", given="oauth2.access_token", sent_as="token"),
    Part(name="refreshToken", given="oauth2.refresh_token", shown=Shown.NOTHING, required=False),
)
#: A secret without an integration gets the first of two types with the same parts.
KINDS: Final[Mapping[AuthType, AuthKind]] = {
    AuthType.NONE: AuthKind(credential=NoCredential),
    AuthType.API_KEY: AuthKind(
        credential=ApiKey,
        parts=(Part(name="apiKey", given="api_key", sent_as="key", label="API key"),),
    ),
    AuthType.BASIC: AuthKind(
        credential=Basic,
        parts=(
            Part(name="username", given="basic.username", sent_as="username", label="User name", shown=Shown.WHOLE),
            Part(
                name="password",
                given="basic.password",
                sent_as="password",
                label="Password",
                shown=Shown.NOTHING,
                required=False,
            ),
        ),
    ),
    AuthType.BEARER: AuthKind(
        credential=Bearer,
        parts=(Part(name="token", given="bearer_token", sent_as="token", label="Access token"),),
    ),
    AuthType.OAUTH2: AuthKind(
        credential=Bearer,
        parts=_TOKENS,
        grant=GrantType.AUTHORIZATION_CODE,
        addresses=("authorizationUrl", "tokenUrl"),
    ),
    AuthType.CLIENT_CREDENTIALS: AuthKind(
        credential=Bearer,
        parts=_TOKENS,
        grant=GrantType.CLIENT_CREDENTIALS,
        addresses=("tokenUrl",),
    ),
}
#: The place in an input of each part, by its stored name.
PLACES: Final[Mapping[str, Path]] = {part.name: part.place for kind in KINDS.values() for part in kind.parts}
