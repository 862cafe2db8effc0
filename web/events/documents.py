"""The catalogue of events as documents: JSON of our own, and AsyncAPI 3.0 (https://www.asyncapi.com/docs/reference).

Pure functions of the catalogue.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from resolvers.events.catalogue import CatalogueEntry, EventCatalogue

Document = dict[str, Any]
_CHANNEL: Final = "webhooks"
_ID: Final = "65a1b2c30000000000000003"
_TIME: Final = "2024-01-15T12:30:00.000Z"
#: The members of a body around the payload, in their order.
_ENVELOPE: Final[Document] = {
    "id": {"type": "string", "pattern": "^[0-9a-f]{24}$", "description": "The event."},
    "type": {"type": "string"},
    "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
    "entityId": {"type": "string", "description": "What it is about."},
    "sequence": {"type": "integer", "description": "Its number in the organization, without gaps."},
    "entitySequence": {"type": "integer", "description": "Its number among the events of its entity."},
}


def catalogue_document(catalogue: EventCatalogue) -> Document:
    """The types with schema and example: `{eventTypes: [...], truncated}`."""
    return {"eventTypes": [_entry(one) for one in catalogue.entries], "truncated": catalogue.truncated}


def asyncapi_document(catalogue: EventCatalogue, own_url: str) -> Document:
    """The types as messages that the hub sends to webhooks. Bodies are whole, with the envelope."""
    messages: Document = {}
    for one in catalogue.entries:
        messages[_key(one, messages)] = _message(one)
    in_channel = {key: {"$ref": f"#/components/messages/{key}"} for key in messages}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events",
            "version": "1.0.0",
            "description": f"Events that {own_url or 'the hub'} sends to webhooks.",
        },
        "defaultContentType": "application/json",
        "channels": {
            _CHANNEL: {
                "address": None,
                "description": "The URL of a webhook. Requests are signed by Standard Webhooks.",
                "messages": in_channel,
            }
        },
        "operations": {"deliver": {"action": "send", "channel": {"$ref": f"#/channels/{_CHANNEL}"}}},
        "components": {"messages": messages},
    }


def _entry(one: CatalogueEntry) -> Document:
    return {
        "type": one.name,
        "integration": one.handler,
        "description": one.description,
        "version": one.version,
        "deprecatedSince": _time(one.deprecated_since),
        "schema": one.schema,
        "example": one.example,
    }


def _key(one: CatalogueEntry, taken: Document) -> str:
    """A free key of a component: letters, digits, `.`, `-` and `_` (AsyncAPI 3.0, Components Object)."""
    plain = one.name.replace(":", "_")
    key, number = plain, 2
    while key in taken:
        key, number = f"{plain}_{number}", number + 1
    return key


def _message(one: CatalogueEntry) -> Document:
    deprecated = {} if one.deprecated_since is None else {"x-deprecated-since": _time(one.deprecated_since)}
    examples = {} if one.example is None else {"examples": [{"name": "example", "payload": _body(one)}]}
    described = {"summary": one.description.splitlines()[0]} if one.description else {}
    return {
        "name": one.name,
        "title": one.name,
        **described,
        "contentType": "application/json",
        "payload": _schema(one),
        **examples,
        "x-version": one.version,
        **deprecated,
    }


def _schema(one: CatalogueEntry) -> Document:
    """The `$id` makes references inside of the declared schema its own (JSON Schema 2020-12, §8.2.1)."""
    data: Document = {"type": "object"}
    if one.schema is not None:
        data = {"$id": f"urn:patchbay:event:{one.name}:{one.version}", **one.schema}
    members = {**_ENVELOPE, "type": {"const": one.name}, "data": data}
    return {"type": "object", "required": list(members), "properties": members}


def _body(one: CatalogueEntry) -> Document:
    body = {"id": _ID, "type": one.name, "timestamp": _TIME, "entityId": one.handler, "sequence": 1}
    return {**body, "entitySequence": 1, "data": one.example}


def _time(at: int | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
