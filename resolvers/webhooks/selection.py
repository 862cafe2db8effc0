"""Selections of a replay: the deliveries of a webhook, or the events without one, that an order names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col

from models.job import Job, database_now
from models.row import first_id
from models.tables import Delivery, Event
from models.vocabulary import WorkState
from resolvers.emission.addressing import DELIVER
from resolvers.filters import at_least, before, equal, matching

# An id is made a little before or after the time of its row, which stands beside it.
_SLACK_MS: Final = 60_000
_ENDED: Final = {
    "FAILED": (WorkState.FAILED,),
    "ALL": (WorkState.FAILED, WorkState.SUCCEEDED, WorkState.CANCELLED),
}


class ReplayKind(StrEnum):
    """FAILED: used up their tries, or wait for the next one. ALL: those, and delivered ones.

    MISSING: events that the webhook takes now and that have no delivery to it.
    """

    FAILED = "FAILED"
    ALL = "ALL"
    MISSING = "MISSING"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Deliveries or events of one webhook from `since` to `until`, exclusive, in ms since 1970 UTC.

    The times are the deliveries' own; of MISSING the events'. Types may end in `*`. `hidden`: the integrations that
    the caller does not see, whose history is left out. `as_new`: the copies of deliveries that have ended.
    """

    kind: ReplayKind
    webhook_id: str
    organization_id: str
    since: int | None = None
    until: int | None = None
    event_type: tuple[str, ...] | None = None
    entity_id: str | None = None
    hidden: tuple[str, ...] = ()
    as_new: bool = False

    @property
    def stored(self) -> dict[str, Any]:
        """The selection as JSON of a job's payload."""
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Selection:
        """The selection of `stored`."""
        types = stored["event_type"]
        return cls(
            **{
                **stored,
                "kind": ReplayKind(stored["kind"]),
                "event_type": None if types is None else tuple(types),
                "hidden": tuple(stored["hidden"]),
            }
        )


def deliveries(chosen: Selection, *, after: str, upto: str, most: int) -> Select[Any]:
    """Up to `most` deliveries in the order of their ids, from `after`, exclusive, to `upto`.

    Rows of (delivery's columns, `sendable`: its event still has its body).
    """
    parts: list[Select[Any]] = [_part(chosen, after, upto, state, most) for state in _ENDED[chosen.kind]]
    if not chosen.as_new:
        parts.append(_part(chosen, after, upto, WorkState.QUEUED, most))
    merged = union_all(*(select(part.subquery()) for part in parts)).subquery()
    return select(merged).order_by(merged.c.id).limit(most)


def events(chosen: Selection, *, after: str, upto: str, most: int) -> Select[Any]:
    """Up to `most` events without a delivery to the webhook, in the order of their ids, with or without a body."""
    has_one = exists().where(col(Delivery.webhook_id) == chosen.webhook_id, col(Delivery.event_id) == col(Event.id))
    return (
        select(*EVENT_COLUMNS, col(Event.body).is_not(None).label("sendable"))
        .where(
            col(Event.organization_id) == chosen.organization_id,
            *_bounds(Event, chosen, after, upto),
            *matching(col(Event.type), chosen.event_type),
            ~has_one,
        )
        .order_by(col(Event.id))
        .limit(most)
    )


#: The columns of an event without its body.
EVENT_COLUMNS: Final[Sequence[Any]] = [getattr(Event, name) for name in Event.model_fields if name != "body"]
_DELIVERY_COLUMNS: Final[Sequence[Any]] = [getattr(Delivery, name) for name in Delivery.model_fields]


def _part(chosen: Selection, after: str, upto: str, state: WorkState, most: int) -> Select[Any]:
    """The deliveries of one state, each found along the index of webhook, state and id."""
    sendable = select(col(Event.id)).where(col(Event.id) == col(Delivery.event_id), col(Event.body).is_not(None))
    return (
        select(*_DELIVERY_COLUMNS, sendable.exists().label("sendable"))
        .where(
            col(Delivery.webhook_id) == chosen.webhook_id,
            col(Delivery.organization_id) == chosen.organization_id,
            col(Delivery.state) == state,
            *_bounds(Delivery, chosen, after, upto),
            *matching(col(Delivery.event_type), chosen.event_type),
            *_further(chosen.kind, state),
        )
        .order_by(col(Delivery.id))
        .limit(most)
    )


def _bounds(model: Any, chosen: Selection, after: str, upto: str) -> list[ColumnElement[bool]]:
    """Position, times, entity and integrations. The ids bound the search where times do."""
    least = max(after, first_id(chosen.since - _SLACK_MS)) if chosen.since is not None else after
    last = min(upto, first_id(chosen.until + _SLACK_MS)) if chosen.until is not None else upto
    place = model.integration_id
    return [
        model.id > least,
        model.id <= last,
        *at_least(model.created_at, chosen.since),
        *before(model.created_at, chosen.until),
        *equal(model.entity_id, chosen.entity_id),
        *([or_(place.is_(None), place.not_in(chosen.hidden))] if chosen.hidden else []),
    ]


def _further(kind: ReplayKind, state: WorkState) -> list[ColumnElement[bool]]:
    if state is WorkState.QUEUED:
        return [_waits_for_a_retry()]
    if kind is ReplayKind.ALL:
        return [col(Delivery.original_id).is_(None)]  # else an event that was copied would be sent twice
    return [~_delivered_by_a_copy()]


def _waits_for_a_retry() -> ColumnElement[bool]:
    job = select(col(Job.id)).where(
        col(Job.subject_id) == col(Delivery.id),
        col(Job.operation) == DELIVER,
        col(Job.state) == WorkState.QUEUED,
        col(Job.run_at) > database_now(),
    )
    return and_(col(Delivery.attempt_count) > 0, job.exists())


def _delivered_by_a_copy() -> ColumnElement[bool]:
    """Whether a copy of it was delivered or is on its way."""
    copy = aliased(Delivery)
    return exists().where(
        col(copy.event_id) == col(Delivery.event_id),
        col(copy.original_id) == col(Delivery.id),
        col(copy.state).in_((WorkState.QUEUED, WorkState.SUCCEEDED)),
    )


def counted(chosen: Select[Any]) -> Select[int, int]:
    """(number of rows, number of them that can be sent)."""
    rows = chosen.order_by(None).subquery()
    return select(func.count(), func.count().filter(rows.c.sendable))
