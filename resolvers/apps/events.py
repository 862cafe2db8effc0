"""Events of an app: those that it may be told of, in every organization, with the state of their delivery to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, select, text
from sqlmodel import col

from models.errors import Forbidden, NotFound
from models.tables import Attempt, Delivery, Event, Integration, Publication
from models.vocabulary import EventAppStatus, Permission, WorkState
from resolvers.apps.edges import app_deliveries, status_of
from resolvers.emission.feed import settled
from resolvers.find import IntegrationRef, get_integration
from resolvers.managing import require_own_app
from resolvers.operation import operation
from resolvers.page import Order, Slice, SliceRequest
from resolvers.work import Work

#: Newest first, by the stamp of the transaction: an event that commits late comes before those that were shown.
BY_FEED: Final = Order(columns=("feed", "id"), descending=True)


class LogLevel(StrEnum):
    """INFO: it was taken. WARN: it failed and is tried again. ERROR: it failed for good."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class AppLog:
    """A line about one attempt to tell an app of an event, without secrets. `at` in ms since 1970 UTC."""

    message: str
    at: int
    level: LogLevel


@dataclass(frozen=True, kw_only=True)
class AppEvent:
    """An event that an app may be told of. `status`: of its delivery to the app; `logs`: oldest first."""

    event: Event
    integration: Integration
    publication: Publication | None
    status: EventAppStatus
    logs: tuple[AppLog, ...] = ()

    @property
    def feed(self) -> int | None:
        """The stamp of the event, the first part of its place in the list."""
        return self.event.feed

    @property
    def id(self) -> str:
        """The second part of its place in the list."""
        return self.event.id


@dataclass(frozen=True, kw_only=True)
class AppEventRef:
    """An event of an app, by its id."""

    app: IntegrationRef
    id: str


@operation(needs=Permission.EVENTS_READ, refuses=(NotFound, Forbidden), reads=True)
async def list_app_events(work: Work, app: IntegrationRef, page: SliceRequest) -> Slice[AppEvent]:
    """List the events of an app, newest first. Later ones come before all that was shown, never between.

    Its owner sees those of every organization, an installer its own organization's, an installation's token those of
    its installation. An event appears as soon as no earlier transaction can bring one below it.
    """
    integration = await _app(work, app)
    found = await work.slice(_events(work, integration), Event, BY_FEED, page)
    return Slice(
        rows=await _shown(work, integration, found.rows),
        has_next=found.has_next,
        has_previous=found.has_previous,
        total=found.total,
    )


@operation(needs=Permission.EVENTS_READ, refuses=(NotFound, Forbidden), reads=True)
async def read_app_event(work: Work, event: AppEventRef) -> AppEvent:
    """Read one event of an app, under the rules of `list_app_events`."""
    integration = await _app(work, event.app)
    found = await work.first(_events(work, integration).where(col(Event.id) == event.id))
    if found is None:
        raise NotFound("event", path=("id",))
    (shown,) = await _shown(work, integration, [found])
    return shown


async def _app(work: Work, ref: IntegrationRef) -> Integration:
    integration = await get_integration(work, ref, path=("app",))
    require_own_app(work, integration, path=("app",))
    return integration


def _events(work: Work, integration: Integration) -> Select[Event]:
    # The first in the words of the index of an app's events; with the second, the few of one installation or
    # organization are sorted, since a walk along that index could pass all those of others.
    seen: list[Any] = [text("event.app_visible")]
    few = text("CASE WHEN event.app_visible THEN 1 ELSE 0 END = 1")
    if work.caller.installation_id is not None:
        seen = [few, col(Event.installation_id) == work.caller.installation_id]
    elif integration.organization_id != work.organization_id:
        seen = [few, col(Event.organization_id) == work.organization_id]
    return select(Event).where(col(Event.integration_id) == integration.id, settled(work.session, Event), *seen)


async def _shown(work: Work, integration: Integration, events: Sequence[Event]) -> list[AppEvent]:
    """The events with their deliveries and attempts, in three statements."""
    if not events:
        return []
    publication = await work.first(work.mine(Publication).where(col(Publication.integration_id) == integration.id))
    deliveries: dict[str, list[Delivery]] = {event.id: [] for event in events}
    for delivery in await work.all(app_deliveries(list(deliveries))):
        deliveries[delivery.event_id].append(delivery)
    attempts = await _attempts(work, [one.id for each in deliveries.values() for one in each])
    return [
        AppEvent(
            event=event,
            integration=integration,
            publication=publication,
            status=status_of([one.state for one in deliveries[event.id]]),
            logs=_logs(deliveries[event.id], attempts),
        )
        for event in events
    ]


async def _attempts(work: Work, deliveries: Sequence[str]) -> dict[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = {delivery_id: [] for delivery_id in deliveries}
    chosen = select(Attempt).where(col(Attempt.delivery_id).in_(deliveries)).order_by(col(Attempt.number))
    for attempt in await work.all(chosen) if deliveries else []:
        found[attempt.delivery_id].append(attempt)
    return found


def _logs(deliveries: Sequence[Delivery], attempts: dict[str, list[Attempt]]) -> tuple[AppLog, ...]:
    lines = []
    for delivery in deliveries:
        tried = attempts[delivery.id]
        for attempt in tried:
            is_last = attempt is tried[-1] and delivery.state is not WorkState.QUEUED
            lines.append(_log(attempt, is_last=is_last))
    return tuple(sorted(lines, key=lambda line: line.at))


def _log(attempt: Attempt, *, is_last: bool) -> AppLog:
    """The line of an attempt: its sentence has no address, header or answer."""
    at = attempt.created_at
    if attempt.failure is None:
        return AppLog(message=f"The app answered {attempt.external_status}.", at=at, level=LogLevel.INFO)
    level = LogLevel.ERROR if is_last else LogLevel.WARN
    return AppLog(message=attempt.error or "It failed.", at=at, level=level)
