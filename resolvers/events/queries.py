"""Events: the list of them, and one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, literal, select, union_all
from sqlmodel import col

from models.row import first_id
from models.tables import Event
from models.vocabulary import Permission
from resolvers.filters import among, at_least, before, equal, matching
from resolvers.operation import operation
from resolvers.page import NEWEST_FIRST, Slice, SliceRequest, ordering, within
from resolvers.work import Work

#: An id is made within a second of the time that its event says.
_SECOND_MS: Final = 1000
#: Lists that are merged: each is read along its index. More values are looked for along the ids.
_MOST_LISTS: Final = 50


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
        return [
            *matching(col(Event.type), self.type, binary=True),
            *equal(col(Event.entity_id), self.entity_id),
            *among(col(Event.integration_id), self.integration_id),
            *at_least(col(Event.created_at), self.since),
            *before(col(Event.created_at), self.until),
            *([] if since is None else [col(Event.id) >= since]),
            *([] if until is None else [col(Event.id) < until]),
        ]


@operation(needs=Permission.EVENTS_READ, reads=True)
async def list_events(work: Work, filter: EventFilter, page: SliceRequest) -> Slice[Event]:
    """List events of the organization, newest first."""
    chosen = work.mine(Event).where(*filter.conditions())
    if not page.offset and not page.count and (lists := await _lists(work, filter)):
        chosen = _merged(chosen, lists, page)
    return await work.slice(chosen, Event, NEWEST_FIRST, page)


@operation(needs=Permission.EVENTS_READ, reads=True)
async def read_event(work: Work, id: str) -> Event | None:
    """Read one event; None if there is none."""
    return await work.find(Event, id)


async def _lists(work: Work, filter: EventFilter) -> Sequence[ColumnElement[bool]]:
    """Conditions of lists that together have all events of a filter, each with an index in the order of ids.

    Empty if one index does for the whole filter, or if there would be too many.
    """
    if filter.entity_id is not None:
        return ()
    if filter.type:
        values = await _types(work, filter.type)
        return [] if values is None else [col(Event.type) == value for value in values]
    if filter.integration_id and 1 < len(filter.integration_id) <= _MOST_LISTS:
        return [col(Event.integration_id) == value for value in dict.fromkeys(filter.integration_id)]
    return ()


async def _types(work: Work, patterns: Sequence[str]) -> list[str] | None:
    """The organization's types that match, each found by one step in the index; None if there are too many."""
    mine = col(Event.organization_id) == work.organization_id
    names: list[str] = []
    for pattern in patterns:
        here = [mine, *matching(col(Event.type), (pattern,), binary=True)]
        latest = literal("")
        while pattern.endswith("*") and len(names) <= _MOST_LISTS:
            following = select(col(Event.type)).where(*here, col(Event.type) > latest).order_by(col(Event.type))
            name = (await work.session.execute(following.limit(1))).scalar_one_or_none()
            if name is None:
                break
            names.append(name)
            latest = literal(name)
        if not pattern.endswith("*"):
            names.append(pattern)
    unique = list(dict.fromkeys(names))
    return unique if len(unique) <= _MOST_LISTS else None


def _merged(chosen: Select[Any], lists: Sequence[ColumnElement[bool]], page: SliceRequest) -> Select[Any]:
    """The events of the slice alone: the first ones of each list. Databases do not merge lists, they sort them."""
    firsts = []
    for condition in lists:
        ids = chosen.with_only_columns(col(Event.id)).where(condition, *within(Event, NEWEST_FIRST, page))
        first = ids.order_by(*ordering(Event, NEWEST_FIRST, page)).limit(page.size + 1).subquery()
        firsts.append(select(first.c.id))
    return select(Event).where(col(Event.id).in_(union_all(*firsts)))
