"""How to call operations and root fields that send deliveries again, bring older events, test and plan."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.tables import Webhook
from models.vocabulary import Permission
from resolvers.webhooks.replay import ReplayDeliveries, ReplaySelection
from resolvers.webhooks.replaying import Walk
from resolvers.webhooks.selection import ReplayKind, Selection
from schema.kit.ids import global_id
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign


def _replay(estate: Estate) -> tuple[ReplayDeliveries]:
    return (ReplayDeliveries(what=ReplaySelection(delivery_id=estate.hooked.delivery.id)),)


def _walk(estate: Estate) -> tuple[Walk]:
    webhook = estate.hooked.webhook
    chosen = Selection(kind=ReplayKind.ALL, webhook_id=webhook.id, organization_id=webhook.organization_id)
    return (Walk(selection=chosen, upto="f" * 24),)


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
    "catch_up": Call(given=lambda e: (e.hooked.webhook.id, 0), foreign=Foreign.OWN, prepare=_begin),
}

ROOTS: dict[str, Call] = {
    "replayDeliveries": Call(
        given=lambda e: _input(what={"deliveryId": _delivery(e)}), lacks=Permission.WEBHOOKS_WRITE
    ),
}
