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
from models.tables import Delivery, Event
from models.vocabulary import WorkState
from resolvers.emission.addressing import DELIVER
from resolvers.filters import at_least, before, equal, matching

_ENDED: Final[Mapping[str, tuple[WorkState, ...]]] = {
    "FAILED": (WorkState.FAILED,),
    "ALL": (WorkState.FAILED, WorkState.SUCCEEDED, WorkState.CANCELLED),
}


class ReplayKind(StrEnum):
    """FAILED: used up their tries, or wait for the next one. ALL: those, and delivered ones. An event goes once.

    MISSING: events that the webhook takes now and that have no delivery to it, as far back as deliveries are kept.
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


def deliveries(chosen: Selection, told: ColumnElement[bool], *, after: int, upto: int, most: int) -> Select[Any]:
    """Up to `most` deliveries by the sequence of their events, from `after`, exclusive, to `upto`; one of an event.

    `told`: the webhook may be told of it (`taking.may_be_told`). Rows of (delivery's columns, `sendable`: its event
    still has its body).
    """
    parts = [_part(chosen, told, after, upto, state, most) for state in states_of(chosen)]
    merged = union_all(*(select(part.subquery()) for part in parts)).subquery()
    return select(merged).order_by(merged.c.sequence, merged.c.id).limit(most)


def events(chosen: Selection, *, kept_since: int, after: int, upto: int, most: int) -> Select[Any]:
    """Up to `most` events without a delivery to the webhook, in the order of their sequence, with or without a body.

    `kept_since`: from when on deliveries are kept; earlier events may have had one.
    """
    has_one = exists().where(col(Delivery.webhook_id) == chosen.webhook_id, col(Delivery.event_id) == col(Event.id))
    return (
        select(*EVENT_COLUMNS, col(Event.body).is_not(None).label("sendable"))
        .where(
            col(Event.organization_id) == chosen.organization_id,
            *_bounds(Event, chosen, after, upto),
            col(Event.created_at) >= kept_since,
            *matching(col(Event.type), chosen.event_type),
            ~has_one,
        )
        .order_by(col(Event.sequence))
        .limit(most)
    )


def states_of(chosen: Selection) -> tuple[WorkState, ...]:
    """The states of the deliveries that are selected; of QUEUED those that wait for a retry."""
    return _ENDED[chosen.kind] if chosen.as_new else (*_ENDED[chosen.kind], WorkState.QUEUED)


#: The columns of an event without its body.
EVENT_COLUMNS: Final[Sequence[Any]] = [getattr(Event, name) for name in Event.model_fields if name != "body"]
_DELIVERY_COLUMNS: Final[Sequence[Any]] = [getattr(Delivery, name) for name in Delivery.model_fields]


def _part(
    chosen: Selection, told: ColumnElement[bool], after: int, upto: int, state: WorkState, most: int
) -> Select[Any]:
    """The deliveries of one state, each found along the index of webhook, state and sequence."""
    sendable = select(col(Event.id)).where(col(Event.id) == col(Delivery.event_id), col(Event.body).is_not(None))
    return (
        select(*_DELIVERY_COLUMNS, sendable.exists().label("sendable"))
        .where(
            col(Delivery.webhook_id) == chosen.webhook_id,
            col(Delivery.organization_id) == chosen.organization_id,
            col(Delivery.state) == state,
            *_bounds(Delivery, chosen, after, upto),
            *matching(col(Delivery.event_type), chosen.event_type),
            told,
            *([_waits_for_a_retry()] if state is WorkState.QUEUED else []),
            ~_sent_by_another(chosen, state),
        )
        .order_by(col(Delivery.sequence))
        .limit(most)
    )


def _bounds(model: Any, chosen: Selection, after: int, upto: int) -> list[ColumnElement[bool]]:
    """Position, times, entity and integrations."""
    place = model.integration_id
    return [
        model.sequence > after,
        model.sequence <= upto,
        *at_least(model.created_at, chosen.since),
        *before(model.created_at, chosen.until),
        *equal(model.entity_id, chosen.entity_id),
        *([or_(place.is_(None), place.not_in(chosen.hidden))] if chosen.hidden else []),
    ]


def _waits_for_a_retry() -> ColumnElement[bool]:
    job = select(col(Job.id)).where(
        col(Job.subject_id) == col(Delivery.id),
        col(Job.operation) == DELIVER,
        col(Job.state) == WorkState.QUEUED,
        col(Job.run_at) > database_now(),
    )
    return and_(col(Delivery.attempt_count) > 0, job.exists())


def _sent_by_another(chosen: Selection, state: WorkState) -> ColumnElement[bool]:
    """Whether another delivery of the event to the webhook makes this one needless: a copy, or the original.

    One that waits; of FAILED, one that was delivered; else one that is selected too, of which the original, or the
    first copy, is sent.
    """
    other = aliased(Delivery)
    first = or_(
        and_(col(other.original_id).is_(None), col(Delivery.original_id).is_not(None)),
        and_(
            col(other.original_id).is_(None) == col(Delivery.original_id).is_(None), col(other.id) < col(Delivery.id)
        ),
    )
    competes = and_(first, *at_least(other.created_at, chosen.since), *before(other.created_at, chosen.until))
    if state is WorkState.QUEUED:
        reasons = [and_(col(other.state) == WorkState.QUEUED, competes)]
    else:
        reasons = [
            col(other.state) == WorkState.QUEUED,
            and_(col(other.state).in_(_ENDED[chosen.kind]), competes),
        ]
    if chosen.kind is ReplayKind.FAILED:
        reasons.append(col(other.state) == WorkState.SUCCEEDED)
    return exists().where(
        col(other.event_id) == col(Delivery.event_id),
        col(other.webhook_id) == chosen.webhook_id,
        col(other.id) != col(Delivery.id),
        or_(*reasons),
    )


def counted(chosen: Select[Any]) -> Select[int, int]:
    """(number of rows, number of them that can be sent)."""
    rows = chosen.order_by(None).subquery()
    return select(func.count(), func.count().filter(rows.c.sendable))
