"""Events of an app in this vendor's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from models.tables import Event
from models.vocabulary import HubEvent, InstallationStatus, PlaceKind
from resolvers.apps.events import AppEvent
from resolvers.page import Slice
from rest.gitbook.facts import Json, time
from rest.gitbook.lists import listed
from rest.gitbook.words import PLACE_WORD, SHOWN_EVENT, SHOWN_EVENT_STATUS, SHOWN_STATUS
from rest.kit import Asked, without_nulls

_OF_PLACES: Final = (HubEvent.PLACE_CONFIGURED, HubEvent.PLACE_REMOVED)
_ENDS: Final = (HubEvent.INSTALLATION_UNINSTALLED, HubEvent.PLACE_REMOVED)


def events(found: Slice[AppEvent], asked: Asked) -> Json:
    """A page of events, newest first."""
    return listed(found, asked, _event, lambda one: (one.event.feed, one.event.id))


def event(found: AppEvent, asked: Asked) -> Json:
    """One event, and a line for each attempt to tell the app of it."""
    logs = [{"message": log.message, "timestamp": time(log.at), "level": log.level.value} for log in found.logs]
    return {"event": _event(found, asked), "trace": {"logs": logs}}


def _event(found: AppEvent, asked: Asked) -> Json:
    row = found.event
    return without_nulls(
        {
            "id": row.id,
            "integrationId": found.integration.id if found.publication is None else found.publication.name,
            "installationId": row.installation_id,
            "createdAt": time(row.created_at),
            "status": SHOWN_EVENT_STATUS[found.status],
            "payload": payload(row),
        }
    )


def payload(row: Event) -> Json:
    """An event as the vendor's types show it. Of one whose payload has expired only ids and status are left."""
    kind, facts = HubEvent(row.type), row.payload or {}
    head: Json = {"eventId": row.id}
    if kind is HubEvent.TASK_DUE:
        return {**head, "type": "task", "task": facts.get("task", {})}
    head |= {"type": SHOWN_EVENT[kind], "installationId": row.installation_id or facts.get("installationId", "")}
    if kind in _OF_PLACES:
        word = PLACE_WORD[PlaceKind(facts.get("kind", PlaceKind.SPACE))]
        head |= {"type": f"{word}_{SHOWN_EVENT[kind]}", f"{word}Id": facts.get("placeId", "")}
    if kind in _ENDS:
        return {**head, "previous": {}}
    return without_nulls({**head, "status": _status(facts), "previous": _previous(facts)})


def _previous(facts: Mapping[str, Any]) -> Json | None:
    """The status before; None for a change that did not touch it. Configurations are never told."""
    previous = facts.get("previous")
    return {"status": _status(previous)} if isinstance(previous, Mapping) and "status" in previous else None


def _status(facts: Mapping[str, Any]) -> str:
    return SHOWN_STATUS[InstallationStatus(facts.get("status", InstallationStatus.ACTIVE))]
