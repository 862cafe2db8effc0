"""The form of a credential: its fields, whichever way a definition or an auth type describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.definition import FieldGroup
from models.vocabulary import AuthType
from resolvers.auth_kinds import KINDS, Part, Shown
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.parts import FormField
from resolvers.secret import Secret, secret_of

CLIENT_ID: Final = "clientId"
CLIENT_SECRET: Final = "clientSecret"


def _field(key: str, label: str, *, required: bool, secret: bool) -> FormField:
    return FormField(key=key, group=FieldGroup.SECRET, label=label, required=required, secret=secret)


_CLIENT: Final = (
    _field(CLIENT_ID, "Client ID", required=True, secret=False),
    _field(CLIENT_SECRET, "Client secret", required=True, secret=True),
)


def credential_form(definition: VendorDefinition | None, auth_type: AuthType) -> Sequence[FormField]:
    """The fields that a person enters for calls with this auth type.

    They are the definition's, else the parts of the auth type; the client where the hub fetches tokens with it.
    """
    if KINDS[auth_type].renewed:
        return _CLIENT
    own = _own(definition) if definition is not None and definition.auth.type is auth_type else []
    if own:
        return own
    return [_of_part(part) for part in KINDS[auth_type].parts]


def is_of_client(form: Sequence[FormField]) -> bool:
    """Whether the fields are those of a client: its values belong to the integration, not to a connection."""
    return form is _CLIENT


def secret_in(
    definition: VendorDefinition | None, auth_type: AuthType, form: Sequence[FormField], values: Mapping[str, Any]
) -> Secret:
    """The secret with these values by field; not for the form of a client."""
    own = _own(definition) if definition else []
    if any(field in own for field in form):
        return Secret(fields=dict(values))
    return secret_of(auth_type, {part.name: values.get(part.name, "") for part in KINDS[auth_type].parts})


def values_in(form: Sequence[FormField], stored: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a form in a stored secret, by field; without those that it lacks."""
    fields = stored.get("fields")
    source = fields if isinstance(fields, dict) else stored
    return {field.key: source[field.key] for field in form if source.get(field.key) not in (None, "")}


def _own(definition: VendorDefinition) -> Sequence[FormField]:
    return definition.of_group(FieldGroup.SECRET)


def _of_part(part: Part) -> FormField:
    return _field(part.name, part.label, required=part.required, secret=part.shown is not Shown.WHOLE)
