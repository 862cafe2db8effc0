"""The catalogue of events: every type that an organization can get, the hub's own included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import and_, or_
from sqlmodel import col

from models.tables import EventType, Integration
from models.vocabulary import Permission
from resolvers.events.hub_events import HUB_EVENTS
from resolvers.operation import operation
from resolvers.work import Work

_PIECE: Final = 100
#: Bytes of schemas and examples in one catalogue, after which it ends.
_MOST_BYTES: Final = 4_000_000
HUB: Final = "HUB"


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """A type of events. `schema`: JSON Schema of its payload, None for any object. `deprecated_since` in ms, UTC."""

    name: str
    handler: str
    description: str
    version: int
    schema: Mapping[str, Any] | None = None
    example: Mapping[str, Any] | None = None
    deprecated_since: int | None = None


@dataclass(frozen=True, kw_only=True)
class EventCatalogue:
    """The types by name. `truncated`: there are more than fit into 4 MB; the graph lists them in pages."""

    entries: Sequence[CatalogueEntry]
    truncated: bool


@operation(needs=(Permission.EVENTS_READ, Permission.INTEGRATIONS_READ), reads=True)
async def read_event_catalogue(work: Work) -> EventCatalogue:
    """Read the hub's event types and those of every integration that exists for the caller, by name."""
    entries, size, after = list(hub_entries()), 0, ("", "")
    while True:
        rows = await _next(work, after)
        for declared, handler in rows:
            size += len(orjson.dumps([declared.payload_schema, declared.example, declared.description]))
            if size > _MOST_BYTES:
                return EventCatalogue(entries=entries, truncated=True)
            entries.append(_entry(declared, handler))
        if len(rows) < _PIECE:
            return EventCatalogue(entries=entries, truncated=False)
        after = (rows[-1][0].name, rows[-1][0].id)


@operation(needs=Permission.EVENTS_READ, reads=True)
async def list_hub_event_types(_work: Work) -> Sequence[CatalogueEntry]:
    """List the types of the hub's own events."""
    return hub_entries()


def hub_entries() -> Sequence[CatalogueEntry]:
    """The hub's own types."""
    return [
        CatalogueEntry(name=name, handler=HUB, description=one.when, version=one.version, example=one.example)
        for name, one in HUB_EVENTS.items()
    ]


async def _next(work: Work, after: tuple[str, str]) -> Sequence[tuple[EventType, str]]:
    name, identity = col(EventType.name), col(EventType.id)
    mine = work.mine(EventType).add_columns(col(Integration.handler))
    joined = mine.join(Integration, col(Integration.id) == col(EventType.integration_id))
    later = or_(name > after[0], and_(name == after[0], identity > after[1]))
    rows = await work.session.execute(joined.where(later).order_by(name, identity).limit(_PIECE))
    return [(row[0], row[1]) for row in rows]


def _entry(declared: EventType, handler: str) -> CatalogueEntry:
    return CatalogueEntry(
        name=declared.name,
        handler=handler,
        description=declared.description,
        version=declared.version,
        schema=declared.payload_schema,
        example=declared.example,
        deprecated_since=declared.deprecated_since,
    )
