"""Events of an app: those that it may be told of, in every organization, with the state of their delivery to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from models.errors import NotFound
from models.tables import Event, Integration, Publication
from models.vocabulary import EventAppStatus, Permission
from resolvers.find import IntegrationRef
from resolvers.operation import operation
from resolvers.page import Slice, SliceRequest
from resolvers.work import Work


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


@dataclass(frozen=True, kw_only=True)
class AppEventRef:
    """An event of an app, by its id."""

    app: IntegrationRef
    id: str


@operation(needs=Permission.EVENTS_READ, refuses=(NotFound,), reads=True)
async def list_app_events(work: Work, app: IntegrationRef, page: SliceRequest) -> Slice[AppEvent]:
    """List the events of an app, newest first. Later ones come before all that was shown, never between.

    Its owner sees those of every organization, an installer its own organization's, an installation's token those of
    its installation.
    """
    raise NotImplementedError


@operation(needs=Permission.EVENTS_READ, refuses=(NotFound,), reads=True)
async def read_app_event(work: Work, event: AppEventRef) -> AppEvent:
    """Read one event of an app, under the rules of `list_app_events`."""
    raise NotImplementedError
