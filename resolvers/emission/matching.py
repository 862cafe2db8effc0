"""Matching: whether a webhook takes an event, and if not, the reason. Pure; the same for live events and plans.

A `filter` is not judged here, since it may take long: `filters.py` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from models.vocabulary import HubEvent, IntegrationAccess, WebhookKind
from resolvers.scope import PLACED_EVENTS

HUB: Final = "Hub."
UNSEEN: Final = "Its maker may not see this event: it is of a restricted integration or a user's own connection."
_EVERYTHING: Final = "*"
_OF_WEBHOOKS: Final = "Hub.webhook."


class Match(StrEnum):
    """MATCHES: the webhook takes the event. UNJUDGED: unless its filter says no. Other words are reasons why not."""

    MATCHES = "MATCHES"
    UNJUDGED = "UNJUDGED"
    REMOVED = "REMOVED"
    DISABLED = "DISABLED"
    CATCHING_UP = "CATCHING_UP"
    ORGANIZATION = "ORGANIZATION"
    APP = "APP"
    OWN_HEALTH = "OWN_HEALTH"
    PATTERN = "PATTERN"
    INTEGRATION = "INTEGRATION"
    RESTRICTED = "RESTRICTED"
    FILTER = "FILTER"
    FILTER_FAULT = "FILTER_FAULT"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A reason in a word and in a sentence for people."""

    word: Match
    sentence: str

    @property
    def takes(self) -> bool:
        """Whether a delivery is made. The filter may still be unjudged."""
        return self.word in (Match.MATCHES, Match.UNJUDGED)


class ReceiverFacts(Protocol):
    """The columns of a webhook that decide; a Webhook has them. `created_by`: its maker, if that is a user."""

    @property
    def id(self) -> str: ...
    @property
    def organization_id(self) -> str: ...
    @property
    def kind(self) -> WebhookKind: ...
    @property
    def event_patterns(self) -> Sequence[str]: ...
    @property
    def integration_id(self) -> str | None: ...
    @property
    def filter(self) -> str | None: ...
    @property
    def sees_restricted(self) -> bool: ...
    @property
    def created_by(self) -> str | None: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def removed_at(self) -> int | None: ...
    @property
    def catch_up_after(self) -> int | None: ...


class EventFacts(Protocol):
    """The facts of an event that decide; a Draft and an Event have them."""

    @property
    def organization_id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def integration_id(self) -> str | None: ...
    @property
    def entity_id(self) -> str: ...
    @property
    def app_visible(self) -> bool: ...


class IntegrationFacts(Protocol):
    """The facts of the event's integration that decide; an Integration has them."""

    @property
    def access(self) -> IntegrationAccess: ...
    @property
    def owner_id(self) -> str | None: ...


def verdict(webhook: ReceiverFacts, event: EventFacts, integration: IntegrationFacts | None) -> Verdict:
    """Whether a webhook takes an event that is accepted now. `integration`: the event's; None if there is none.

    UNJUDGED if everything but its filter says yes.
    """
    return _state(webhook) or wants(webhook, event, integration)


def wants(webhook: ReceiverFacts, event: EventFacts, integration: IntegrationFacts | None) -> Verdict:
    """Like `verdict`, whatever the state of the webhook: for replays and plans of one that is disabled."""
    if webhook.kind is not WebhookKind.ENDPOINT:
        return _of_app(webhook, event)
    if webhook.organization_id != event.organization_id:
        return Verdict(word=Match.ORGANIZATION, sentence="The event is another organization's.")
    if event.entity_id == webhook.id and event.type.startswith(_OF_WEBHOOKS):
        return Verdict(word=Match.OWN_HEALTH, sentence="The event is about this webhook itself.")
    if event.type == HubEvent.TASK_DUE:
        return Verdict(word=Match.APP, sentence="A task is told to its app alone.")
    if not takes_type(webhook.event_patterns, event.type):
        shown = ", ".join(webhook.event_patterns) or _EVERYTHING
        return Verdict(word=Match.PATTERN, sentence=f"{event.type} matches none of its patterns: {shown}.")
    if webhook.integration_id not in (None, event.integration_id):
        return Verdict(word=Match.INTEGRATION, sentence="It takes events of another integration only.")
    if not may_see(webhook, event, integration):
        return Verdict(word=Match.RESTRICTED, sentence=UNSEEN)
    if webhook.filter is not None:
        return Verdict(word=Match.UNJUDGED, sentence="It takes the event if its filter says so.")
    return Verdict(word=Match.MATCHES, sentence="It takes the event.")


def takes_type(patterns: Sequence[str], type: str) -> bool:
    """Whether patterns take an event type: each a declared name, or the start of names before `*`.

    None, or `*` alone, take every type but the hub's own; those need a pattern that begins with `Hub.`.
    """
    return any(_covers(pattern, type) for pattern in patterns or (_EVERYTHING,))


def _covers(pattern: str, type: str) -> bool:
    if not pattern.endswith(_EVERYTHING):
        return pattern == type
    start = pattern.removesuffix(_EVERYTHING)
    return type.startswith(start) and (start.startswith(HUB) or not type.startswith(HUB))


def _of_app(webhook: ReceiverFacts, event: EventFacts) -> Verdict:
    """An app takes the events about its installations in every organization, its tunnel those of its own one."""
    if not event.app_visible:
        return Verdict(word=Match.APP, sentence="The event is not told to apps.")
    if event.integration_id != webhook.integration_id:
        return Verdict(word=Match.INTEGRATION, sentence="It takes events of another integration only.")
    if webhook.kind is WebhookKind.TUNNEL and _organization_of(event) != webhook.organization_id:
        return Verdict(word=Match.ORGANIZATION, sentence="The event is another organization's.")
    return Verdict(word=Match.MATCHES, sentence="It takes the event.")


def _organization_of(event: EventFacts) -> str:
    """The organization that the event is about: that of its installation, if that is known to be another one."""
    return getattr(event, "for_organization", None) or event.organization_id


def _state(webhook: ReceiverFacts) -> Verdict | None:
    if webhook.removed_at is not None:
        return Verdict(word=Match.REMOVED, sentence="The webhook is being removed.")
    if not webhook.enabled:
        return Verdict(word=Match.DISABLED, sentence="The webhook is disabled; enable it first.")
    if webhook.catch_up_after is not None:
        sentence = "The webhook still gets older events; it gets this one after them."
        return Verdict(word=Match.CATCHING_UP, sentence=sentence)
    return None


def may_see(webhook: ReceiverFacts, event: EventFacts, integration: IntegrationFacts | None) -> bool:
    """Whether a webhook may be told of an event: as much as its maker may see.

    Asked again at each attempt: the webhook may have a new URL by somebody who may see less.
    """
    if webhook.sees_restricted:
        return True
    if event.integration_id is None:
        return not event.type.startswith(PLACED_EVENTS)
    if integration is None or integration.access is not IntegrationAccess.RESTRICTED:
        return True  # the history of an integration that is gone is everybody's, as in the list of events
    named = webhook.integration_id == event.integration_id
    return named or (webhook.created_by is not None and webhook.created_by == integration.owner_id)
