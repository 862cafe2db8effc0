"""Events that a webhook takes, of those that were accepted earlier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from models.tables import Webhook
from resolvers.emission.matching import Match, Verdict, verdict, wants
from resolvers.emission.receivers import Origin, read_origins
from resolvers.work import Work

#: The hub's own events about a webhook, whose entity it is.
_ABOUT_WEBHOOKS: Final = "Hub.webhook."
_OWN_HEALTH: Final = Verdict(word=Match.OWN_HEALTH, sentence="The event is about this webhook itself.")
_Rule = Callable[[Any, Any, Origin | None], Verdict]


async def wanted(work: Work, webhook: Webhook, events: Sequence[Any]) -> list[Any]:
    """The events that the webhook takes by the rules of today, whether it is enabled or not; its filter unjudged."""
    origins = await _origins(work, events)
    return [event for event in events if _verdict(webhook, event, origins, wants).takes]


async def verdicts_on(work: Work, webhooks: Sequence[Webhook], event: Any) -> list[Verdict]:
    """Whether each of these webhooks takes an event now, and why not. UNJUDGED if its filter decides."""
    origins = await _origins(work, [event])
    return [_verdict(webhook, event, origins, verdict) for webhook in webhooks]


def _verdict(webhook: Webhook, event: Any, origins: Mapping[str, Origin], rule: _Rule) -> Verdict:
    """By a rule of `matching`, which knows of a draft that it is about a webhook; of a row its type says so."""
    if event.entity_id == webhook.id and str(event.type).startswith(_ABOUT_WEBHOOKS):
        return _OWN_HEALTH
    return rule(webhook, event, origins.get(event.integration_id or ""))


async def _origins(work: Work, events: Sequence[Any]) -> Mapping[str, Origin]:
    places = {event.integration_id for event in events if event.integration_id is not None}
    return await read_origins(work.session, places)
