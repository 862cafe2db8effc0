"""The vendor's words for those of the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from models.definition import FieldType
from models.tables import Integration, Job
from models.vocabulary import IntegrationState
from resolvers.definitions.parts import FormField

#: The vendor's categories, each with the hub's.
CATEGORIES: Final[Mapping[str, Sequence[str]]] = {
    "image-builders": ("image-builders", "builds"),
    "object-storage": ("object-storage",),
    "tls-certificate-generation": ("tls-certificate-generation", "certificates"),
    "infrastructure-provider": ("infrastructure-provider", "infrastructure"),
    "billing": ("billing",),
}
STATES: Final = {state.lower(): state for state in IntegrationState}
#: The time of an event that has not happened.
NEVER: Final = "0001-01-01T00:00:00Z"
#: The closed list of keys in `auth`.
AUTH_KEYS: Final = (
    *("region", "namespace", "api_key", "key_id"),
    *("secret", "subscription_id", "client_id", "base64_config"),
)
#: Keys for fields of the hub that have another name.
_ALIKE: Final = {
    "apiKey": "api_key",
    "apiToken": "api_key",
    "token": "api_key",
    "accessToken": "api_key",
    "keyId": "key_id",
    "accessKeyId": "key_id",
    "username": "key_id",
    "email": "key_id",
    "password": "secret",
    "secretKey": "secret",
    "secretAccessKey": "secret",
    "clientSecret": "secret",
    "applicationKey": "secret",
    "clientId": "client_id",
    "subscriptionId": "subscription_id",
    "base64Config": "base64_config",
    "config": "base64_config",
}
#: Keys for all other fields, in this order while they are free.
_SECRETS: Final = ("api_key", "secret", "base64_config")
_READABLE: Final = ("key_id", "client_id", "namespace", "subscription_id", "region")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def names_of(form: Sequence[FormField]) -> dict[str, str]:
    """The field of a form by the vendor's key. A field for which no key is left has none."""
    named: dict[str, str] = {}
    for field in form:
        exact = field.key if field.key in AUTH_KEYS else _ALIKE.get(field.key)
        if exact is not None:
            named.setdefault(exact, field.key)
    for field in form:
        if field.key not in named.values():
            named |= _free(field, named)
    return named


def creator(row: Integration | Job) -> dict[str, str | None]:
    """A user; else the token of an app; else the hub, which has the organization's id here."""
    if row.created_by is not None:
        return {"id": row.created_by, "type": "account"}
    if row.created_by_token is not None:
        return {"id": row.created_by_token, "type": "api-key"}
    return {"id": row.organization_id, "type": "platform"}


def time_of(milliseconds: int | None) -> str:
    """A time of the hub as RFC 3339; the zero time for None."""
    if milliseconds is None:
        return NEVER
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def _free(field: FormField, named: Mapping[str, str]) -> dict[str, str]:
    keys = _SECRETS if field.is_secret else _READABLE
    keys = (keys[-1], *keys) if field.type is FieldType.TEXT and field.is_secret else keys
    return next(({key: field.key} for key in keys if key not in named), {})
