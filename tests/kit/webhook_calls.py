"""How to call operations and root fields about webhooks and deliveries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.errors import SecretUnreadable
from models.secret_column import secret_place
from models.tables import Webhook
from models.vocabulary import Permission
from proxy.message import OutboundRequest
from resolvers.outbound.request import Outbound
from resolvers.page import SliceRequest
from resolvers.webhooks.change import CreateWebhook, UpdateWebhook
from resolvers.webhooks.notices import Trial
from resolvers.webhooks.outcome import outcome_of
from resolvers.webhooks.queries import DeliveryFilter
from resolvers.webhooks.removal import RemovedWebhook, remove_deliveries
from resolvers.webhooks.secrets import RotateWebhookSecret
from resolvers.webhooks.sending import Exchange
from schema.kit.ids import global_id
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign
from tests.harness.roles import Right

_PAGE = SliceRequest(size=100, count=True)
_URL = "https://receiver.example.com/new"


async def _hide(estate: Estate) -> None:
    """Without the job, which would remove the rest before the test does."""
    await estate.hub.run(_set(estate, removed_at=1, enabled=False))


async def _empty(estate: Estate) -> None:
    await _hide(estate)
    await estate.run(remove_deliveries, _removed(estate))


async def _set(estate: Estate, **values: Any) -> None:
    async with estate.hub.app.state.hub.database.write() as session:
        await session.execute(update(Webhook).where(col(Webhook.id) == estate.hooked.webhook.id).values(**values))


def _removed(estate: Estate) -> RemovedWebhook:
    return RemovedWebhook(id=estate.hooked.webhook.id)


def _deliveries(estate: Estate) -> tuple[DeliveryFilter, SliceRequest]:
    return DeliveryFilter(webhook_id=(estate.hooked.webhook.id,)), _PAGE


def _id(estate: Estate) -> str:
    return global_id("Webhook", estate.hooked.webhook.id)


def _input(**members: Any) -> dict[str, Any]:
    return {"input": members}


def _trial(estate: Estate) -> Trial:
    """A failed attempt at the estate's delivery."""
    outbound = Outbound(request=OutboundRequest(method="POST", url=_URL, lane=estate.tenant.id))
    exchange = Exchange(outbound=outbound, at=0, outcome=outcome_of(500), latency_ms=0)
    return Trial(delivery=estate.hooked.delivery, exchange=exchange)


async def _trouble(estate: Estate) -> None:
    """The failure has been told."""
    await estate.hub.run(_set(estate, noticed_at=1))


def _fault(estate: Estate) -> SecretUnreadable:
    return SecretUnreadable("It does not open.", place=secret_place(estate.hooked.webhook, "secrets"))


#: The first three do nothing in the name of an operator without an organization.
CALLS: dict[str, Call] = {
    "tell_failing": Call(given=lambda e: (_trial(e),)),
    "tell_recovered": Call(given=lambda e: (_trial(e),), prepare=_trouble),
    "disable_dead_webhook": Call(given=lambda e: (_trial(e), "It is gone.")),
    "settle_deliveries": Call(given=lambda _: ()),
    "report_unreadable": Call(given=lambda e: (_fault(e),), audits=("secret.unreadable",)),
    "create_webhook": Call(
        given=lambda e: (CreateWebhook(name="New", url=_URL),), foreign=Foreign.AT_HOME, audits=("webhook.created",)
    ),
    "update_webhook": Call(
        given=lambda e: (UpdateWebhook(id=e.hooked.webhook.id, description="New"),), audits=("webhook.updated",)
    ),
    "delete_webhook": Call(given=lambda e: (e.hooked.webhook.id,), audits=("webhook.deleted",)),
    "rotate_webhook_secret": Call(
        given=lambda e: (RotateWebhookSecret(webhook_id=e.hooked.webhook.id),), audits=("webhook.secret_rotated",)
    ),
    "list_webhooks": Call(given=lambda e: (_PAGE,), foreign=Foreign.OWN),
    "read_webhook": Call(given=lambda e: (e.hooked.webhook.id,), foreign=Foreign.NONE),
    "list_deliveries": Call(given=_deliveries, foreign=Foreign.EMPTY),
    "read_delivery": Call(given=lambda e: (e.hooked.delivery.id,), foreign=Foreign.NONE),
    "remove_deliveries": Call(given=lambda e: (_removed(e),), foreign=Foreign.OWN, prepare=_hide),
    "finish_removal": Call(given=lambda e: (_removed(e),), foreign=Foreign.NONE, prepare=_empty),
}

ROOTS: dict[str, Call] = {
    "webhooks": Call(
        given=lambda e: {"first": 100}, foreign=Foreign.OWN, lacks=Permission.WEBHOOKS_READ, right=Right.ANYONE
    ),
    "webhook": Call(
        given=lambda e: {"id": _id(e)}, foreign=Foreign.NONE, lacks=Permission.WEBHOOKS_READ, right=Right.ANYONE
    ),
    "deliveries": Call(
        given=lambda e: {"filter": {"webhookId": [_id(e)]}}, foreign=Foreign.EMPTY, lacks=Permission.WEBHOOKS_READ
    ),
    "delivery": Call(
        given=lambda e: {"id": global_id("Delivery", e.hooked.delivery.id)},
        foreign=Foreign.NONE,
        lacks=Permission.WEBHOOKS_READ,
    ),
    "createWebhook": Call(
        given=lambda e: _input(name="New", url=_URL),
        foreign=Foreign.AT_HOME,
        lacks=Permission.WEBHOOKS_WRITE,
        right=Right.ANYONE,
    ),
    "updateWebhook": Call(
        given=lambda e: _input(id=_id(e), description="New"), lacks=Permission.WEBHOOKS_WRITE, right=Right.ANYONE
    ),
    "deleteWebhook": Call(given=lambda e: {"id": _id(e)}, lacks=Permission.WEBHOOKS_WRITE, right=Right.ANYONE),
    "rotateWebhookSecret": Call(
        given=lambda e: _input(webhookId=_id(e)), lacks=Permission.WEBHOOKS_WRITE, right=Right.ANYONE
    ),
}
