"""What a user fills in at an integration that wants no consent page: its vendor's fields, or the standard ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.definition import FieldGroup, FieldType
from models.errors import Path
from models.tables import Integration
from models.vocabulary import AuthType
from resolvers.definitions import parts
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.secret import check_fields, composed
from resolvers.faults import Faults
from resolvers.secret import BasicSecret, Secret, check_secret

_MISSING: Final = "Fill this in."


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field. `secret`: shown as dots and never sent back. `long`: of several lines."""

    key: str
    label: str
    help: str = ""
    secret: bool = True
    required: bool = True
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


def fields_of(integration: Integration, definition: VendorDefinition | None) -> tuple[FormField, ...]:
    """In the order of the form; none where there is nothing to ask for."""
    known = _known(integration, definition)
    return tuple(map(_shown, known)) if known else _STANDARD.get(integration.auth_type, ())


def read_form(
    faults: Faults, integration: Integration, definition: VendorDefinition | None, values: Mapping[str, str]
) -> Secret:
    """The secret that was filled in. Faults end in the key of their field; others are of the secret as a whole."""
    fields = fields_of(integration, definition)
    given = {field.key: values.get(field.key, "").strip() for field in fields}  # pasted with spaces, as often as not
    for field in fields:
        faults.check(bool(given[field.key]) or not field.required, field.key, _MISSING)
    if faults.found:
        return Secret(none=True)
    if not _known(integration, definition):
        secret = _standard(integration.auth_type, given)
        check_secret(faults, secret, _PLACES)
        return secret
    secret = Secret(fields={key: value for key, value in given.items() if value})
    if check_fields(faults, definition, secret):
        secret = composed(definition, secret)
        check_secret(faults, secret)
    return secret


def _known(integration: Integration, definition: VendorDefinition | None) -> Sequence[parts.FormField]:
    """The vendor's fields, unless the integration authorises in a way of its own."""
    if definition is None or definition.auth.type is not integration.auth_type:
        return ()
    return definition.of_group(FieldGroup.SECRET) if integration.auth_type in _STANDARD else ()


def _shown(field: parts.FormField) -> FormField:
    return FormField(
        key=field.key,
        label=field.label,
        help=field.description or "",
        secret=field.is_secret,
        required=field.required,
        options=("true", "false") if field.type is FieldType.BOOLEAN else field.options,
        long=field.type is FieldType.TEXT,
    )


def _standard(auth_type: AuthType, given: Mapping[str, str]) -> Secret:
    match auth_type:
        case AuthType.API_KEY:
            return Secret(api_key=given["apiKey"])
        case AuthType.BASIC:
            return Secret(basic=BasicSecret(username=given["username"], password=given["password"]))
        case AuthType.BEARER:
            return Secret(bearer_token=given["token"])
        case _:
            return Secret(none=True)
