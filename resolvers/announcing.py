"""Announcements of changes of integrations, installations and capabilities: the hub's own events and their payloads.

A payload has ids, names and words of closed sets. It never has a secret, a header, a parameter or a configuration.
`docs/events.md` shows each payload.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from models.tables import Installation, InstallationPlace, Integration
from models.vocabulary import HubEvent, InstallationStatus
from resolvers.changes import changes_of
from resolvers.work import Work

#: Columns of integrations by their words in payloads, if those differ. None: they follow another column.
_WORDS: Final[Mapping[str, str | None]] = {
    "client_secret_origins": "clientSecret",
    "definition_id": None,
    "header_hints": "headers",
    "headers_origins": "headers",
    "icon_asset_id": "icon",
    "state_changed_at": None,
}
#: The words with a value that anybody who sees the integration may read, and that is short.
_SHOWN: Final = frozenset(
    {"name", "slug", "identifier", "vendor", "category", "mode", "access", "state", "ownerId", "authType", "tags"}
)
#: Names in one list of a payload: an event has at most 256 kB, and a manifest 1,000 names.
_MOST_NAMES: Final = 200


@dataclass(frozen=True, kw_only=True)
class Differences:
    """A declaration beside the one before it. `audited`: changes for the audit; `breaking`: those that break callers.

    `changed`: names with other values than before, apart from descriptions of capabilities. `edited`: any value of
    a capability is new, its description and its place in the order included.
    """

    audited: Sequence[dict[str, Any]] = ()
    edited: bool = False
    added: Sequence[str] = ()
    changed: Sequence[str] = ()
    removed: Sequence[str] = ()
    breaking: Sequence[dict[str, str]] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def told(self) -> dict[str, Any]:
        """Its part of a payload: at most 200 names in each list, and `truncated` if there are more."""
        lists = {"added": self.added, "changed": self.changed, "removed": self.removed, "breaking": self.breaking}
        cut = {name: list(values[:_MOST_NAMES]) for name, values in lists.items()}
        return cut | {"truncated": any(len(values) > _MOST_NAMES for values in lists.values())}


def announce_integration(
    work: Work, integration: Integration, type: HubEvent, details: Mapping[str, Any] | None = None
) -> None:
    """Announce a fact about an integration, with its id, handler and name."""
    payload = _named(integration) | dict(details or {})
    own_work(work, integration.organization_id).announce(
        type, integration.handler, payload, integration_id=integration.id
    )


def announce_update(work: Work, integration: Integration, besides: Iterable[dict[str, Any]] = ()) -> None:
    """Announce the pending changes of an integration, if there are any. Call it before their flush.

    `besides`: changes in other tables that are shown with the row, as for `Work.audit`.
    """
    changed: dict[str, Any] = {}
    for change in (*changes_of(integration), *besides):
        word = _word(change["path"])
        if word is not None:
            changed.setdefault(word, change["oldValue"])
    if changed:
        previous = {word: value for word, value in changed.items() if word in _SHOWN}
        details = {"changed": sorted(changed), "previous": previous}
        announce_integration(work, integration, HubEvent.INTEGRATION_UPDATED, details)


def announce_installation(
    work: Work, installation: Installation, type: HubEvent, details: Mapping[str, Any] | None = None
) -> None:
    """Announce a fact about an installation in its organization and to its app, with its ids, handler and status."""
    payload = {
        "organizationId": installation.organization_id,
        "installationId": installation.id,
        "integrationId": installation.integration_id,
        "handler": installation.handler,
        "status": installation.status,
    }
    own_work(work, installation.organization_id).announce(
        type,
        installation.id,
        payload | dict(details or {}),
        integration_id=installation.integration_id,
        installation_id=installation.id,
        app_visible=True,
    )


def announce_place(
    work: Work,
    place: InstallationPlace,
    type: HubEvent,
    *,
    status: InstallationStatus,
    previous: InstallationStatus | None = None,
) -> None:
    """Announce a fact about an installation on a place, in its organization and to its app.

    `status`: on this place. `previous`: the status before, if it was another one.
    """
    payload = {
        "organizationId": place.organization_id,
        "installationId": place.installation_id,
        "integrationId": place.integration_id,
        "placeId": place.place_id,
        "kind": place.kind,
        "status": status,
        "previous": {} if previous in (None, status) else {"status": previous},
    }
    own_work(work, place.organization_id).announce(
        type,
        place.id,
        payload,
        integration_id=place.integration_id,
        installation_id=place.installation_id,
        app_visible=True,
    )


def announce_configuration(
    work: Work, installation: Installation, changed: Collection[str], previous: Mapping[str, Any]
) -> None:
    """Announce that values of an installation have changed, if any. `previous`: those that are no secret."""
    if changed:
        details = {"changed": sorted(changed), "previous": dict(previous)}
        announce_installation(work, installation, HubEvent.INSTALLATION_CONFIGURED, details)


def announce_capabilities(
    work: Work, integration: Integration, capabilities: Differences, event_types: Differences
) -> None:
    """Announce a declaration that changes anything but descriptions of capabilities."""
    if capabilities or event_types:
        details = {"capabilities": capabilities.told, "eventTypes": event_types.told}
        announce_integration(work, integration, HubEvent.CAPABILITIES_CHANGED, details)


def own_work(work: Work, organization_id: str) -> Work:
    """The same transaction in the organization of a row: the caller's, or else in the hub's name."""
    if organization_id == work.organization_id:
        return work
    return work.as_caller(type(work.caller).of_hub(work.hub, organization_id))


def _named(integration: Integration) -> dict[str, Any]:
    return {"integrationId": integration.id, "handler": integration.handler, "name": integration.name}


def _word(path: str) -> str | None:
    """The word of a changed column in payloads: `token_url` is `tokenUrl`."""
    if path in _WORDS:
        return _WORDS[path]
    head, *tail = path.split("_")
    return head + "".join(map(str.title, tail))
