"""Events: the list of them, and one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col

from models.tables import Event
from models.vocabulary import Permission
from resolvers.filters import among, at_least, before, equal, matching
from resolvers.operation import operation
from resolvers.page import NEWEST_FIRST, Slice, SliceRequest
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """Conditions on events; all must hold. Types may end in `*`. Times in ms since 1970 UTC."""

    type: tuple[str, ...] | None = None
    entity_id: str | None = None
    integration_id: tuple[str, ...] | None = None
    since: int | None = None
    until: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return [
            *matching(col(Event.type), self.type),
            *equal(col(Event.entity_id), self.entity_id),
            *among(col(Event.integration_id), self.integration_id),
            *at_least(col(Event.created_at), self.since),
            *before(col(Event.created_at), self.until),
        ]


@operation(needs=Permission.EVENTS_READ, reads=True)
async def list_events(work: Work, filter: EventFilter, page: SliceRequest) -> Slice[Event]:
    """List events of the organization, newest first."""
    return await work.slice(work.mine(Event).where(*filter.conditions()), Event, NEWEST_FIRST, page)


@operation(needs=Permission.EVENTS_READ, reads=True)
async def read_event(work: Work, id: str) -> Event | None:
    """Read one event; None if there is none."""
    return await work.find(Event, id)
