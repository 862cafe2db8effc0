"""Events: the list of them, and one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select
from sqlmodel import col

from models.row import first_id
from models.tables import Event
from models.vocabulary import Permission
from resolvers.filters import among, at_least, before, equal, matching, unindexed
from resolvers.merging import merged, names, parts
from resolvers.operation import operation
from resolvers.page import NEWEST_FIRST, Slice, SliceRequest
from resolvers.work import Work

#: An id is made within a second of the time that its event says.
_SECOND_MS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """Conditions on events; all must hold. Types may end in `*`. Times in ms since 1970 UTC."""

    type: tuple[str, ...] | None = None
    entity_id: str | None = None
    integration_id: tuple[str, ...] | None = None
    since: int | None = None
    until: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL. Times are also conditions on ids, whose index has the order of the list."""
        since = None if self.since is None else first_id(self.since - _SECOND_MS)
        until = None if self.until is None else first_id(self.until + 2 * _SECOND_MS)
        column = col if self.entity_id is None else unindexed
        return [
            *matching(column(Event.type), self.type, binary=True),
            *equal(col(Event.entity_id), self.entity_id),
            *among(column(Event.integration_id), self.integration_id),
            *at_least(col(Event.created_at), self.since),
            *before(col(Event.created_at), self.until),
            *([] if since is None else [col(Event.id) >= since]),
            *([] if until is None else [col(Event.id) < until]),
        ]


@operation(needs=Permission.EVENTS_READ, reads=True)
async def list_events(work: Work, filter: EventFilter, page: SliceRequest) -> Slice[Event]:
    """List events of the organization, newest first."""
    return await work.slice(await _chosen(work, filter, page), Event, NEWEST_FIRST, page)


@operation(needs=Permission.EVENTS_READ, reads=True)
async def read_event(work: Work, id: str) -> Event | None:
    """Read one event; None if there is none."""
    return await work.find(Event, id)


async def _chosen(work: Work, filter: EventFilter, page: SliceRequest) -> Select[Event]:
    """The events of a filter, or those of them that the slice needs."""
    chosen = work.mine(Event).where(*filter.conditions())
    if page.offset or page.count:
        return chosen
    return merged([work.mine(Event).where(*part.conditions()) for part in await _parts(work, filter)], Event, page)


async def _parts(work: Work, filter: EventFilter) -> Sequence[EventFilter]:
    """Filters that together have all events of a filter, each with an index in the order of ids."""
    if filter.entity_id is not None:
        return [filter]
    mine = col(Event.organization_id) == work.organization_id
    types = await names(work.session, col(Event.type), mine, filter.type, binary=True)
    return parts([filter], {"type": types, "integration_id": filter.integration_id})
