"""Secrets given as a definition's SECRET fields: judged, and composed to the standard parts once, when stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from models.definition import FieldGroup
from models.errors import Path
from models.vocabulary import AuthType
from resolvers.definitions.consistency import STANDARD_PARTS
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.values import check_values, compose
from resolvers.faults import Faults
from resolvers.secret import BasicSecret, Secret
from resolvers.unset import Unset

_WHERE: Final[Path] = ("secret", "fields")
_UNKNOWN: Final = "Nothing is known of this vendor's fields; give the secret in one of the other ways."


def check_fields(faults: Faults, definition: VendorDefinition | None, secret: Secret | Unset | None) -> bool:
    """Faults of a secret that is given as fields: at `secret.fields` and below it. Answers whether there are none."""
    before = len(faults.found)
    if isinstance(secret, Secret) and secret.fields is not None:
        _check_fields(faults, definition, secret)
    return len(faults.found) == before


def composed(definition: VendorDefinition | None, secret: Secret) -> Secret:
    """The secret with its standard parts, where it was given as fields that `check_fields` has nothing against."""
    if definition is None or not isinstance(secret.fields, dict):
        return secret
    parts = compose(definition, secret.fields)
    readable = {field.key for field in definition.of_group(FieldGroup.SECRET) if not field.is_secret}
    return replace(secret, shown=frozenset(readable), **_standard(parts))


def _check_fields(faults: Faults, definition: VendorDefinition | None, secret: Secret) -> None:
    known = definition.of_group(FieldGroup.SECRET) if definition else []
    if definition is None or not known:
        faults.add(_WHERE, _UNKNOWN)
    elif definition.auth.type is not AuthType.NONE and definition.auth.type not in STANDARD_PARTS:
        faults.add(_WHERE, f"{definition.name} authorises with {definition.auth.type}, not with fields.")
    elif not isinstance(secret.fields, dict):
        faults.add(_WHERE, "It must be a JSON object.")
    else:
        names = {field.key for field in known}
        for name in secret.fields.keys() - names:
            faults.add((*_WHERE, name), f"There is no such field; there are {', '.join(sorted(names))}.")
        check_values(faults, known, secret.fields, _WHERE)


def _standard(parts: Mapping[str, str]) -> dict[str, Any]:
    if "username" in parts:
        return {"basic": BasicSecret(username=parts["username"], password=parts["password"])}
    if "apiKey" in parts:
        return {"api_key": parts["apiKey"]}
    return {"bearer_token": parts["token"]} if "token" in parts else {"none": True}
