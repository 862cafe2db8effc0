"""Definitions of vendors in this vendor's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.definition import FieldGroup, FieldType
from models.tables import Definition
from models.vocabulary import AuthType
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.fields import editable, supports_multiple, supports_verification
from resolvers.definitions.form import credential_form
from resolvers.definitions.parts import FormField, Option
from resolvers.definitions.stored import definition_of
from rest.cycle.words import names_of

Json = dict[str, Any]

_TYPES: Final = {
    FieldType.STRING: "string",
    FieldType.INTEGER: "int",
    FieldType.SELECT: "select",
    FieldType.BOOLEAN: "select",
    FieldType.TEXT: "blob",
}
_OPTION_TYPES: Final = {"BOOLEAN": "bool", "INTEGER": "int", "STRING": "string"}
_FLAG: Final = ("true", "false")
#: The address of nothing (RFC 6694): the vendor demands one, and a definition need not have any.
_NOWHERE: Final = "about:blank"


def definition(row: Definition, usable: bool, auth_type: AuthType | None = None) -> Json:
    """One definition, with the fields that `auth` and `extra` take, of an integration with this auth type.

    Without one, of a new integration. It is not usable if a required field has no key in `auth`.
    """
    known = definition_of(row)
    form = credential_form(known, auth_type or row.auth_type)
    names = names_of(form)
    return {
        "vendor": row.vendor,
        "name": row.name,
        "supports_verification": supports_verification(row),
        "supports_multiple": supports_multiple(row),
        "features": _list(known.features) if known else None,
        "extends": _list(known.extends) if known else None,
        "extended_configuration": _extended(known.options) if known else None,
        "fields": {"auth": _auth(form, names), "extra": _extra(known) if known else None},
        "url": row.body.get("docs") or _base(known) or _NOWHERE,
        "public": row.organization_id is None,
        "usable": usable and known is not None and _is_complete(form, names),
        "deprecated": row.deprecated,
        "editable": editable(row),
    }


def _base(known: VendorDefinition | None) -> str | None:
    """The address of the vendor's API, unless it needs parameters."""
    address = known.auth.api_base_url if known else None
    return None if address is None or "{" in address else address


def _auth(form: Sequence[FormField], names: Mapping[str, str]) -> Json | None:
    fields = {field.key: field for field in form}
    return {name: _field(fields[key]) for name, key in names.items()} or None


def _is_complete(form: Sequence[FormField], names: Mapping[str, str]) -> bool:
    return all(field.key in names.values() for field in form if field.required)


def _extra(known: VendorDefinition) -> Json | None:
    return {field.key: _field(field) for field in known.of_group(FieldGroup.PARAMETER)} or None


def _field(field: FormField) -> Json:
    """The label stands in both members: older clients show the one, newer the other."""
    options = _FLAG if field.type is FieldType.BOOLEAN else field.options
    return {
        "name": field.label,
        "description": field.description or field.label,
        "required": field.required,
        "regex": field.pattern,
        "type": _TYPES[field.type],
        "options": _list(options),
    }


def _extended(options: Sequence[Option]) -> Json | None:
    return {"options": [_option(option) for option in options]} if options else None


def _option(option: Option) -> Json:
    shown = {"title": option.title, "key": option.key, "type": _OPTION_TYPES[option.type]}
    return shown if option.default is None else {**shown, "default": option.default}


def _list(values: Sequence[str]) -> list[str] | None:
    return list(values) or None
