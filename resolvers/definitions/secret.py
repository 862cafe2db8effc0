"""Secrets given as SECRET fields of a definition: check them, and compose the standard parts when they are stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from models.definition import FieldGroup
from models.errors import Path
from resolvers.auth_kinds import KINDS
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.values import check_values, compose
from resolvers.faults import Faults
from resolvers.secret import Secret, secret_of
from resolvers.unset import Unset

_WHERE: Final[Path] = ("secret", "fields")
_UNKNOWN: Final = "This vendor has no fields for a secret; give the secret in one of the other forms."


def check_fields(faults: Faults, definition: VendorDefinition | None, secret: Secret | Unset | None) -> bool:
    """Add faults of a secret given as fields, at `secret.fields` and below. Answers whether there are none."""
    before = len(faults.found)
    if isinstance(secret, Secret) and secret.fields is not None:
        _check_fields(faults, definition, secret)
    return len(faults.found) == before


def composed(definition: VendorDefinition | None, secret: Secret) -> Secret:
    """The secret with its standard parts, if it was given as fields. Call `check_fields` first."""
    if definition is None or not isinstance(secret.fields, dict):
        return secret
    parts = compose(definition, secret.fields)
    readable = frozenset(field.key for field in definition.of_group(FieldGroup.SECRET) if not field.is_secret)
    whole = secret_of(definition.auth.type, parts)
    return replace(whole, fields=secret.fields, shown=readable, kept=secret.kept)


def _check_fields(faults: Faults, definition: VendorDefinition | None, secret: Secret) -> None:
    known = definition.of_group(FieldGroup.SECRET) if definition else []
    if definition is None or not known:
        faults.add(_WHERE, _UNKNOWN)
    elif KINDS[definition.auth.type].renewed:
        faults.add(_WHERE, f"{definition.name} authorises with {definition.auth.type}, not with fields.")
    elif not isinstance(secret.fields, dict):
        faults.add(_WHERE, "It must be a JSON object.")
    else:
        names = {field.key for field in known}
        for name in secret.fields.keys() - names:
            faults.add((*_WHERE, name), f"There is no such field; the fields are {', '.join(sorted(names))}.")
        check_values(faults, known, secret.fields, _WHERE)
