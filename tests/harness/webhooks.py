"""A webhook with a delivery and its attempt, as an estate has them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from models.database import Database
from models.tables import Attempt, Delivery, Event, Webhook
from models.vocabulary import WorkState
from resolvers.webhooks.change import CreateWebhook
from resolvers.webhooks.mutations import create_webhook
from tests.harness.server import RunningHub


@dataclass(frozen=True, kw_only=True)
class Hooked:
    """A webhook, and a delivery to it."""

    webhook: Webhook
    delivery: Delivery


async def hook_up(run: Callable[..., Awaitable[Any]], hub: RunningHub, event: Event, word: str) -> Hooked:
    """Make a webhook, and a delivery of an event that came before it."""
    webhook = (await run(create_webhook, quiet_webhook(word))).webhook
    delivery = await hub.run(delivered(hub.app.state.hub.database, event, webhook.id))
    return Hooked(webhook=webhook, delivery=delivery)


def quiet_webhook(word: str) -> CreateWebhook:
    """One that takes events which nobody emits, so that nothing is sent while a test looks."""
    return CreateWebhook(
        name=word, url=f"https://receiver.example.com/{word}", event_type_patterns=["Hub.webhook.test"]
    )


async def delivered(database: Database, event: Event, webhook_id: str, **facts: Any) -> Delivery:
    """A delivery of an event, which one attempt has brought there unless `facts` say otherwise."""
    delivery = Delivery(
        organization_id=event.organization_id,
        webhook_id=webhook_id,
        event_id=event.id,
        integration_id=event.integration_id,
        event_type=event.type,
        entity_id=event.entity_id,
        correlation_id=event.correlation_id,
        **{"sequence": 1, "state": WorkState.SUCCEEDED, "attempt_count": 1, "external_status": 200} | facts,
    )
    attempt = Attempt(
        organization_id=event.organization_id,
        delivery_id=delivery.id,
        webhook_id=webhook_id,
        integration_id=event.integration_id,
        number=1,
        url="https://receiver.example.com",
        request_headers=[{"name": "webhook-signature", "value": "***"}],
        external_status=200,
    )
    async with database.write() as session:
        session.add(delivery)
        await session.flush()
        session.add(attempt)
    return delivery
