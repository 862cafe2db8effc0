"""The secret of a connection: its kinds, their checks, and their credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from models.errors import Path
from models.vocabulary import AuthType
from proxy.auth import Credential, check_credential
from proxy.inputs.coerce import to_text
from resolvers.auth_kinds import KINDS, PLACES, Part, Shown
from resolvers.faults import Faults
from resolvers.unset import Unset

#: The end of each mask.
MASKED: Final = "..."
_MASK_LETTERS: Final = 5
_HINT_LETTERS: Final = 4
_SHOWN_FROM: Final = 12
_MOST_SCOPES: Final = 100
_LONGEST: Final = 64 * 1024
_FIELDS: Final[Path] = ("secret", "fields")


@dataclass(frozen=True, kw_only=True)
class BasicSecret:
    """A user name and its password."""

    username: str
    password: str


@dataclass(frozen=True, kw_only=True)
class OAuth2Secret:
    """Tokens from another place. `expires_at` in ms since 1970 UTC; None: used until the service refuses it."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: int | None = None
    scopes: Sequence[str] | None = None


#: The attributes of `Secret` that hold several parts.
_GROUPS: Final[Mapping[str, Callable[..., object]]] = {"basic": BasicSecret, "oauth2": OAuth2Secret}


@dataclass(frozen=True, kw_only=True)
class Secret:
    """Exactly one kind of secret.

    `fields` are those of the definition. The standard parts are composed of them (`definitions/secret.py`); fields in
    `shown` may be read. `kept`: the places of parts that were stored before and not entered now; with one, the secret
    goes to no origin that is new.
    """

    api_key: str | None = None
    basic: BasicSecret | None = None
    bearer_token: str | None = None
    oauth2: OAuth2Secret | None = None
    none: bool | None = None
    fields: Any = None
    shown: frozenset[str] = frozenset()
    kept: Sequence[Path] = ()

    @property
    def auth_type(self) -> AuthType:
        """The auth type of a connection with this secret."""
        given = (one for one, kind in KINDS.items() if kind.given_as and getattr(self, kind.given_as) is not None)
        return next(given, AuthType.NONE)

    def stored(self) -> dict[str, Any]:
        """The value that is encrypted."""
        return self.parts() if self.fields is None else {**self.parts(), "fields": self.fields}

    def parts(self) -> dict[str, str]:
        """The parts of the credential that were given, by their stored names."""
        values = {part.name: part.of(self) for part in KINDS[self.auth_type].parts}
        return {name: value for name, value in values.items() if value is not None}

    def masks(self) -> dict[str, str]:
        """Readable parts and fields as they are, others masked: keys and tokens by letters, passwords whole."""
        if self.fields is not None:
            texts = {key: to_text(value) for key, value in self.fields.items() if value not in (None, "")}
            return {key: text if key in self.shown else mask_of(text) for key, text in texts.items()}
        parts = self.parts()
        known = [part for part in KINDS[self.auth_type].parts if parts.get(part.name)]
        return {part.name: _masked(part, parts[part.name]) for part in known}

    def details(self) -> dict[str, str]:
        """The readable form: user names, the first letters of long keys and tokens, no part of passwords."""
        if self.fields is not None:
            return {
                key: to_text(value) if key in self.shown else _hint(to_text(value))
                for key, value in self.fields.items()
            }
        parts = self.parts()
        return {
            part.name: _readable(part, parts[part.name]) for part in KINDS[self.auth_type].parts if part.name in parts
        }


def mask_of(value: str) -> str:
    """The mask of a secret: its first five letters and `...`; nothing but `...` of one that has no more letters."""
    return f"{value[:_MASK_LETTERS]}{MASKED}" if len(value) > _MASK_LETTERS else MASKED


def secret_of(auth_type: AuthType, parts: Mapping[str, str]) -> Secret:
    """The secret with these parts, by their stored names; without parts, the secret NONE."""
    kind = KINDS[auth_type]
    if kind.given_as is None or not parts:
        return Secret(none=True)
    values = {part.given.rpartition(".")[2]: parts[part.name] for part in kind.parts if part.name in parts}
    group = _GROUPS.get(kind.given_as)
    given: dict[str, Any] = {kind.given_as: group(**values)} if group else values
    return Secret(**given)


def auth_type_at(integration: AuthType | None, secret: Secret) -> AuthType:
    """The auth type of a connection with this secret, made at an integration of that type or without one.

    It is the integration's type if both have the same parts, or if the secret NONE stands for a token that the hub
    will fetch.
    """
    if integration is None:
        return secret.auth_type
    fetched = KINDS[integration].needs_no_user and secret.auth_type is AuthType.NONE
    alike = KINDS[integration].parts == KINDS[secret.auth_type].parts
    return integration if fetched or alike else secret.auth_type


def credential_of(auth_type: AuthType, stored: Mapping[str, Any]) -> Credential:
    """The credential of a stored secret; an empty one if its token is not fetched yet."""
    kind = KINDS[auth_type]
    sent = {part.sent_as: part.name for part in kind.parts if part.sent_as}
    values = {field: stored.get(name, "") if kind.renewed else stored[name] for field, name in sent.items()}
    return kind.credential(**values)


def check_secret(faults: Faults, secret: Secret | Unset | None, places: Mapping[str, Path] = PLACES) -> None:
    """Add faults for the parts of a secret that no header could carry."""
    if not isinstance(secret, Secret):
        return
    parts = secret.parts()
    problem = check_credential(credential_of(secret.auth_type, parts))
    for part in KINDS[secret.auth_type].parts:
        if part.name not in parts:
            continue
        place = places[part.name] if secret.fields is None else _FIELDS
        fits = faults.text(place, parts[part.name], most=_LONGEST)
        if fits and problem is not None and problem[0] == part.sent_as:
            faults.add(place, problem[1])
    if secret.oauth2 is not None:
        faults.texts(("secret", "oauth2", "scopes"), secret.oauth2.scopes, most=_MOST_SCOPES)


def check_fits(faults: Faults, auth_type: AuthType, secret: Secret) -> None:
    """Add a fault if the integration's auth type needs another kind of secret."""
    wanted, given = KINDS[auth_type].parts, KINDS[secret.auth_type].parts
    fits = not wanted or not given or wanted == given
    faults.check(fits, "secret", f"The integration authorises with {auth_type}, not {secret.auth_type}.")


def _masked(part: Part, value: str) -> str:
    match part.shown:
        case Shown.WHOLE:
            return value
        case Shown.HINT:
            return mask_of(value)
        case Shown.NOTHING:
            return MASKED


def _readable(part: Part, value: str) -> str:
    match part.shown:
        case Shown.WHOLE:
            return value
        case Shown.HINT:
            return _hint(value)
        case Shown.NOTHING:
            return "…"


def _hint(value: str) -> str:
    return f"{value[:_HINT_LETTERS]}…" if len(value) >= _SHOWN_FROM else "…"
