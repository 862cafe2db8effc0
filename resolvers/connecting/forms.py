"""What a user is asked for at an integration that wants no consent page: fields by how it authorises."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.errors import Path
from models.tables import Definition, Integration
from models.vocabulary import AuthType
from resolvers.faults import Faults
from resolvers.secrets import BasicSecret, Secret, check_secret


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field. `secret`: shown as dots and never sent back. `pattern`: the whole value matches."""

    key: str
    label: str
    help: str = ""
    secret: bool = True
    required: bool = True
    pattern: str | None = None
    options: Sequence[str] = ()
    long: bool = False


_PLACES: Final[Mapping[str, Path]] = {key: (key,) for key in ("apiKey", "username", "password", "token")}
_STANDARD: Final[Mapping[AuthType, tuple[FormField, ...]]] = {
    AuthType.API_KEY: (FormField(key="apiKey", label="API key"),),
    AuthType.BASIC: (
        FormField(key="username", label="User name", secret=False),
        FormField(key="password", label="Password", required=False),
    ),
    AuthType.BEARER: (FormField(key="token", label="Access token"),),
}


def fields_of(integration: Integration, definition: Definition | None) -> tuple[FormField, ...]:
    """In the order of the form; none where there is nothing to ask for."""
    return _STANDARD.get(integration.auth_type, ())


def read_form(
    faults: Faults, integration: Integration, definition: Definition | None, values: Mapping[str, str]
) -> Secret:
    """The secret that was filled in; faults at the fields by their keys."""
    fields = fields_of(integration, definition)
    given = {field.key: values.get(field.key, "").strip() for field in fields}  # pasted with spaces, as often as not
    for field in fields:
        _check(faults, field, given[field.key])
    secret = _secret(integration.auth_type, given)
    if not faults.found:
        check_secret(faults, secret, _PLACES)
    return secret


def _check(faults: Faults, field: FormField, value: str) -> None:
    if not value:
        faults.check(not field.required, field.key, "Fill this in.")
    elif field.options:
        faults.check(value in field.options, field.key, "Choose one of these.")
    elif field.pattern is not None:
        faults.check(re.fullmatch(field.pattern, value) is not None, field.key, "This does not have the right form.")


def _secret(auth_type: AuthType, given: Mapping[str, str]) -> Secret:
    match auth_type:
        case AuthType.API_KEY:
            return Secret(api_key=given["apiKey"])
        case AuthType.BASIC:
            return Secret(basic=BasicSecret(username=given["username"], password=given["password"]))
        case AuthType.BEARER:
            return Secret(bearer_token=given["token"])
        case _:
            return Secret(none=True)
