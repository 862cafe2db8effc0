"""Notices about a webhook's health, as events of the hub: it fails, it was disabled, it has recovered.

Each is written in the transaction of the change that it tells. A webhook has at most one of a kind in an hour. The
delivery of a notice causes none: two dead webhooks would tell of each other for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import SecretUnreadable
from models.row import first_id
from models.tables import AuditEntry, Delivery, Event, Gate, Integration, Webhook
from models.vocabulary import HubEvent, IntegrationAccess
from proxy.redact import mask_url
from resolvers.history import audit_unreadable
from resolvers.operation import OPERATOR, operation
from resolvers.webhooks.gates import close_gate
from resolvers.webhooks.health import HOUR_MS
from resolvers.webhooks.sending import Exchange
from resolvers.work import Work

#: The types of notices begin with it.
OF_WEBHOOKS: Final = "Hub.webhook."
_SHOWN_LETTERS: Final = 200
_UNREADABLE: Final = "secret.unreadable"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The attempt that is the reason for a notice."""

    delivery: Delivery
    exchange: Exchange

    @property
    def is_of_a_notice(self) -> bool:
        """Whether a notice was delivered."""
        return self.delivery.event_type.startswith(OF_WEBHOOKS)


@operation(needs=OPERATOR)
async def tell_failing(work: Work, trial: Trial) -> None:
    """Announce that a webhook fails, unless that was told since its last success."""
    webhook = await _lock(work, trial)
    if webhook is None or webhook.noticed_at is not None or await _is_told(work, webhook, HubEvent.WEBHOOK_FAILING):
        return
    webhook.noticed_at = work.now()
    await _announce(work, webhook, HubEvent.WEBHOOK_FAILING, trial)


@operation(needs=OPERATOR)
async def tell_recovered(work: Work, trial: Trial) -> None:
    """Announce that a webhook, of which a failure was told, takes deliveries again."""
    webhook = await _lock(work, trial)
    if webhook is None or webhook.noticed_at is None:
        return
    webhook.noticed_at = None
    if not await _is_told(work, webhook, HubEvent.WEBHOOK_RECOVERED):
        await _announce(work, webhook, HubEvent.WEBHOOK_RECOVERED, trial)


@operation(needs=OPERATOR)
async def disable_dead_webhook(work: Work, trial: Trial, reason: str) -> None:
    """Disable a webhook that takes nothing any more, and announce it. Its waiting deliveries are held."""
    webhook = await _lock(work, trial)
    if webhook is None or not webhook.enabled:
        return
    gate = await work.first(select(Gate).where(col(Gate.id) == webhook.id).with_for_update())
    if gate is not None:
        close_gate(gate)
    webhook.enabled, webhook.disabled_reason, webhook.disabled_at = False, reason, work.now()
    webhook.version += 1
    webhook.noticed_at = work.now()
    work.audit(webhook, "webhook.disabled")
    told = trial.delivery.event_type == HubEvent.WEBHOOK_DISABLED
    if not told and not await _is_told(work, webhook, HubEvent.WEBHOOK_DISABLED):
        await _announce(work, webhook, HubEvent.WEBHOOK_DISABLED, trial)


@operation(needs=OPERATOR)
async def report_unreadable(work: Work, fault: SecretUnreadable) -> None:
    """Audit that a secret of a webhook does not open, once an hour: each waiting delivery meets it."""
    if fault.place is None:
        return
    lately = select(AuditEntry).where(
        col(AuditEntry.organization_id) == fault.place.organization_id,
        col(AuditEntry.resource_id) == fault.place.row_id,
        col(AuditEntry.id) >= first_id(work.now() - HOUR_MS),
        col(AuditEntry.action) == _UNREADABLE,
    )
    if await work.first(lately) is None:
        await audit_unreadable(work, fault.place)


async def _lock(work: Work, trial: Trial) -> Webhook | None:
    """The webhook of an attempt in the organization for which the hub acts."""
    row = select(Webhook).where(
        col(Webhook.id) == trial.delivery.webhook_id, col(Webhook.organization_id) == work.organization_id
    )
    return await work.first(row.with_for_update())


async def _is_told(work: Work, webhook: Webhook, kind: HubEvent) -> bool:
    """Whether the same was announced within the last hour."""
    lately = select(Event).where(
        col(Event.organization_id) == webhook.organization_id,
        col(Event.type) == kind,
        col(Event.id) >= first_id(work.now() - HOUR_MS),
        col(Event.entity_id) == webhook.id,
    )
    return await work.first(lately) is not None


async def _announce(work: Work, webhook: Webhook, kind: HubEvent, trial: Trial) -> None:
    payload = _facts(work, webhook) | _last(trial, is_open=await _is_open(work, trial.delivery.integration_id))
    work.announce(kind, webhook.id, payload)


def _facts(work: Work, webhook: Webhook) -> dict[str, Any]:
    public_url = work.hub.public_url
    return {
        "webhookId": webhook.id,
        "name": webhook.name,
        "url": mask_url(webhook.url),
        "enabled": webhook.enabled,
        "reason": webhook.disabled_reason,
        "failingSince": webhook.failing_since,
        "link": f"{public_url}/graphql" if public_url else None,
    }


def _last(trial: Trial, *, is_open: bool) -> dict[str, Any]:
    """The last attempt. Of an event of a restricted integration neither type nor answer: others get the notice."""
    delivery, outcome, excerpt = trial.delivery, trial.exchange.outcome, trial.exchange.excerpt
    return {
        "deliveryId": delivery.id,
        "eventType": delivery.event_type if is_open else None,
        "lastStatus": outcome.external_status,
        "lastError": outcome.error,
        "lastAnswer": excerpt[:_SHOWN_LETTERS] if is_open and excerpt else None,
    }


async def _is_open(work: Work, integration_id: str | None) -> bool:
    if integration_id is None:
        return True
    access = select(col(Integration.access)).where(col(Integration.id) == integration_id)
    found: IntegrationAccess | None = (await work.session.execute(access)).scalar()
    return found is IntegrationAccess.ORGANIZATION
