"""Webhooks of an app: the one at its address, and its tunnel. People neither make nor see them as webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, text
from sqlmodel import col

from models.tables import Integration, Webhook
from models.vocabulary import WebhookKind
from resolvers.webhooks.finding import gate_of
from resolvers.webhooks.removal import ask_to_remove, withdraw
from resolvers.webhooks.secrets import seal_secrets
from resolvers.work import Work

_PATTERNS: Final = ("Hub.*",)


async def own_webhooks(work: Work, integration_id: str) -> Sequence[Webhook]:
    """The webhooks of an app of the caller's organization, locked, in one order."""
    living = select(Webhook).where(
        text("webhook.kind <> 'ENDPOINT'"),  # in the words of the index
        col(Webhook.integration_id) == integration_id,
        col(Webhook.organization_id) == work.organization_id,
        col(Webhook.removed_at).is_(None),
    )
    # Deliveries are made for a locked webhook: their maker holds a counter that this transaction may need.
    return await work.all(living.order_by(col(Webhook.id)).with_for_update(key_share=True))


async def app_webhook(work: Work, integration_id: str, kind: WebhookKind) -> Webhook | None:
    """The webhook of this kind of an app of the caller's organization, locked; None if there is none."""
    return next((one for one in await own_webhooks(work, integration_id) if one.kind is kind), None)


def new_webhook(integration: Integration, kind: WebhookKind, url: str) -> Webhook:
    """A webhook of an app, without a secret yet. `url` in its one spelling."""
    return Webhook(
        organization_id=integration.organization_id,
        kind=kind,
        name=integration.name,
        url=url,
        event_patterns=list(_PATTERNS),
        integration_id=integration.id,
        sees_restricted=True,
        secrets=b"",
    )


def copy_secrets(work: Work, source: Webhook, target: Webhook) -> None:
    """Let the target sign with the secrets of the source."""
    seal_secrets(work, target, work.unseal(source, "secrets"))


async def remove_app_webhook(work: Work, webhook: Webhook) -> None:
    """Remove a webhook and its deliveries: hidden at once, removed by a job."""
    await withdraw(work, webhook, await gate_of(work, webhook))
    await ask_to_remove(work, webhook)
