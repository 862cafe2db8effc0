"""How to call operations and root fields that send deliveries again, bring older events, test and plan."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.tables import Webhook
from models.vocabulary import Permission
from resolvers.events.mutations import EmitEvent
from resolvers.find import IntegrationRef
from resolvers.webhooks.delivery_plan import PlanDelivery
from resolvers.webhooks.replay import ReplayDeliveries, ReplaySelection
from resolvers.webhooks.replaying import Walk
from resolvers.webhooks.selection import ReplayKind, Selection
from resolvers.webhooks.testing import TestWebhook
from schema.kit.ids import global_id
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign
from tests.harness.roles import Right


def _replay(estate: Estate) -> tuple[ReplayDeliveries]:
    return (ReplayDeliveries(what=ReplaySelection(delivery_id=estate.hooked.delivery.id)),)


def _emit(estate: Estate) -> tuple[EmitEvent]:
    return (EmitEvent(integration=IntegrationRef(id=estate.integration.id), type=estate.event_type),)


def _walk(estate: Estate) -> tuple[Walk]:
    webhook = estate.hooked.webhook
    chosen = Selection(kind=ReplayKind.ALL, webhook_id=webhook.id, organization_id=webhook.organization_id)
    return (Walk(selection=chosen, start=0, after=0, upto=2**40),)


async def _begin(estate: Estate) -> None:
    """Let the webhook catch up without its job, which would end that before the test does."""
    await estate.hub.run(_set_after(estate))


async def _set_after(estate: Estate) -> None:
    begun = update(Webhook).where(col(Webhook.id) == estate.hooked.webhook.id).values(catch_up_after=0)
    async with estate.hub.app.state.hub.database.write() as session:
        await session.execute(begun)


def _delivery(estate: Estate) -> str:
    return global_id("Delivery", estate.hooked.delivery.id)


def _input(**members: Any) -> dict[str, Any]:
    return {"input": members}


CALLS: dict[str, Call] = {
    "replay_deliveries": Call(given=_replay, audits=("delivery.replayed",)),
    "replay_bite": Call(given=_walk),
    "test_webhook": Call(given=lambda e: (TestWebhook(id=e.hooked.webhook.id),), audits=("webhook.tested",)),
    "plan_emit": Call(given=_emit),
    "plan_delivery": Call(
        given=lambda e: (PlanDelivery(delivery_id=e.hooked.delivery.id),), lacks=Permission.EVENTS_READ
    ),
    "catch_up": Call(given=lambda e: (e.hooked.webhook.id, 0), foreign=Foreign.OWN, prepare=_begin),
}

ROOTS: dict[str, Call] = {
    "planEmit": Call(
        given=lambda e: _input(integration={"id": e.integration.id}, type=e.event_type),
        lacks=Permission.WEBHOOKS_READ,
    ),
    "planDelivery": Call(given=lambda e: _input(deliveryId=_delivery(e)), lacks=Permission.WEBHOOKS_READ),
    "testWebhook": Call(
        given=lambda e: _input(id=global_id("Webhook", e.hooked.webhook.id)),
        lacks=Permission.WEBHOOKS_WRITE,
        right=Right.ANYONE,
    ),
    "replayDeliveries": Call(
        given=lambda e: _input(what={"deliveryId": _delivery(e)}), lacks=Permission.WEBHOOKS_WRITE
    ),
}
