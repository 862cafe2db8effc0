"""Connect forms of integrations without a consent page: the fields of the vendor, or those of the auth type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.definition import FieldGroup, FieldType
from models.tables import Integration
from resolvers.auth_kinds import KINDS, Part, Shown
from resolvers.definitions import parts
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.secret import check_fields, composed
from resolvers.faults import Faults
from resolvers.secret import Secret, check_secret, secret_of

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


def fields_of(integration: Integration, definition: VendorDefinition | None) -> tuple[FormField, ...]:
    """The fields in the order of the form; none if there is nothing to ask for."""
    known = _known(integration, definition)
    return tuple(map(_shown, known)) if known else tuple(map(_field, KINDS[integration.auth_type].entered))


def read_form(
    faults: Faults, integration: Integration, definition: VendorDefinition | None, values: Mapping[str, str]
) -> Secret:
    """The secret from the form's values. A fault's path ends in the key of its field, or names the whole secret."""
    fields = fields_of(integration, definition)
    given = {field.key: values.get(field.key, "").strip() for field in fields}  # values are often pasted with spaces
    for field in fields:
        faults.check(bool(given[field.key]) or not field.required, field.key, _MISSING)
    if faults.found:
        return Secret(none=True)
    if not _known(integration, definition):
        secret = secret_of(integration.auth_type, given)
        check_secret(faults, secret, {key: (key,) for key in given})
        return secret
    secret = Secret(fields={key: value for key, value in given.items() if value})
    if check_fields(faults, definition, secret):
        secret = composed(definition, secret)
        check_secret(faults, secret)
    return secret


def _known(integration: Integration, definition: VendorDefinition | None) -> Sequence[parts.FormField]:
    """The vendor's fields; none if the integration's auth type differs from the definition's."""
    if definition is None or definition.auth.type is not integration.auth_type:
        return ()
    return definition.of_group(FieldGroup.SECRET) if KINDS[integration.auth_type].entered else ()


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


def _field(part: Part) -> FormField:
    return FormField(key=part.name, label=part.label, secret=part.shown is not Shown.WHOLE, required=part.required)
