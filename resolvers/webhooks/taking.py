"""Events that a webhook takes, of those that were accepted earlier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, select, true
from sqlmodel import col

from models.tables import Delivery, Integration, Webhook
from models.vocabulary import IntegrationAccess
from resolvers.emission.matching import Verdict, may_see, verdict, wants
from resolvers.emission.receivers import Origin, read_origins
from resolvers.expiry import DAY_MS
from resolvers.scope import PLACED_EVENTS
from resolvers.work import Work


async def wanted(work: Work, webhook: Webhook, events: Sequence[Any]) -> list[Any]:
    """The events that the webhook takes by the rules of today, whether it is enabled or not; its filter unjudged."""
    origins = await _origins(work, events)
    return [event for event in events if wants(webhook, event, _origin(event, origins)).takes]


async def verdicts_on(work: Work, webhooks: Sequence[Webhook], event: Any) -> list[Verdict]:
    """Whether each of these webhooks takes an event now, and why not. UNJUDGED if its filter decides."""
    origins = await _origins(work, [event])
    return [verdict(webhook, event, _origin(event, origins)) for webhook in webhooks]


async def tellable(work: Work, webhook: Webhook, event: Any) -> bool:
    """Whether the webhook may be told of an event, or of the event of a delivery: `may_see`, with what is stored."""
    return may_see(webhook, event, _origin(event, await _origins(work, [event])))


def may_be_told(webhook: Webhook) -> ColumnElement[bool]:
    """The condition that the webhook may be told of a delivery's event: `may_see` in SQL."""
    if webhook.sees_restricted:
        return true()
    place = col(Delivery.integration_id)
    others = or_(col(Integration.owner_id).is_(None), col(Integration.owner_id) != webhook.created_by)
    closed = select(col(Integration.id)).where(
        col(Integration.organization_id) == webhook.organization_id,
        col(Integration.access) == IntegrationAccess.RESTRICTED,
        *([] if webhook.integration_id is None else [col(Integration.id) != webhook.integration_id]),
        *([] if webhook.created_by is None else [others]),
    )
    unplaced = (not_(col(Delivery.event_type).startswith(prefix, autoescape=True)) for prefix in PLACED_EVENTS)
    return or_(and_(place.is_(None), *unplaced), and_(place.is_not(None), place.not_in(closed)))


def kept_since(work: Work) -> int:
    """From when on deliveries are kept, in ms since 1970 UTC: an earlier event may have had one that is gone."""
    return work.now() - work.hub.keeping.deliveries * DAY_MS


def _origin(event: Any, origins: Mapping[str, Origin]) -> Origin | None:
    return origins.get(event.integration_id or "")


async def _origins(work: Work, events: Sequence[Any]) -> Mapping[str, Origin]:
    places = {event.integration_id for event in events if event.integration_id is not None}
    return await read_origins(work.session, places)
