"""Events that a webhook takes, of those that were accepted earlier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.tables import Webhook
from resolvers.emission.matching import Verdict, verdict, wants
from resolvers.emission.receivers import Origin, read_origins
from resolvers.work import Work


async def wanted(work: Work, webhook: Webhook, events: Sequence[Any]) -> list[Any]:
    """The events that the webhook takes by the rules of today, whether it is enabled or not; its filter unjudged."""
    origins = await _origins(work, events)
    return [event for event in events if wants(webhook, event, _origin(event, origins)).takes]


async def verdicts_on(work: Work, webhooks: Sequence[Webhook], event: Any) -> list[Verdict]:
    """Whether each of these webhooks takes an event now, and why not. UNJUDGED if its filter decides."""
    origins = await _origins(work, [event])
    return [verdict(webhook, event, _origin(event, origins)) for webhook in webhooks]


def _origin(event: Any, origins: Mapping[str, Origin]) -> Origin | None:
    return origins.get(event.integration_id or "")


async def _origins(work: Work, events: Sequence[Any]) -> Mapping[str, Origin]:
    places = {event.integration_id for event in events if event.integration_id is not None}
    return await read_origins(work.session, places)
