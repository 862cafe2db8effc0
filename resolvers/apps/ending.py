"""The end of a development mode: by hand, of a dead tunnel, or after a day. No event of the time is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, select, text
from sqlmodel import col

from jobs.job import NewJob
from jobs.kind import JobContext
from models.tables import Delivery, Event, Integration, Publication, Webhook
from models.vocabulary import HubEvent, Permission, WebhookKind, WorkState
from resolvers.announcing import announce_integration, own_work
from resolvers.apps.receiver import app_webhook
from resolvers.caller import Caller
from resolvers.operation import OPERATOR, operation
from resolvers.webhooks.checkpoint import keep_position
from resolvers.webhooks.finding import gate_of
from resolvers.webhooks.queueing import deliver_events
from resolvers.webhooks.removal import ask_to_remove, withdraw
from resolvers.webhooks.selection import EVENT_COLUMNS
from resolvers.work import Work

HAND_OVER: Final = "app.hand_over"
#: Deliveries of one transaction of the job.
BITE: Final = 500
_AT_ONCE: Final = 50
_EVERY_MS: Final = 30_000
_TRIES: Final = 1_000_000
_OVER: Final = "It lasted for 24 hours, the longest time."


@dataclass(frozen=True, kw_only=True)
class DeadTunnel:
    """A tunnel of the caller's organization, in this version, and the sentence why it is dead."""

    webhook_id: str
    version: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """The tunnel of a development mode that has ended. `after`: the id of the last delivery that was handed over."""

    webhook_id: str
    after: str = ""


async def end_development(work: Work, publication: Publication, integration: Integration, reason: str) -> None:
    """End a development mode. Its publication is locked. A job hands over the events that the tunnel did not take.

    Events that are accepted meanwhile wait for the counter that the announcement holds: each goes either to the
    tunnel, and is handed over, or to the app's own address.
    """
    publication.tunnel_url = publication.tunnel_until = None
    publication.tunnel_all = False
    work.audit(publication, "integration.development_ended")
    announce_integration(work, integration, HubEvent.INTEGRATION_DEVELOPMENT_ENDED, {"reason": reason})
    tunnel = await app_webhook(work, integration.id, WebhookKind.TUNNEL)
    if tunnel is None:
        return
    await withdraw(work, tunnel, await gate_of(work, tunnel))
    await work.enqueue(
        NewJob(
            operation=HAND_OVER,
            caption=f"Hand over the events of {integration.name}"[:255],
            organization_id=integration.organization_id,
            payload={"webhook": tunnel.id, "after": ""},
            subject_kind="Integration",
            subject_id=integration.id,
            integration_id=integration.id,
            dedupe_key=f"{HAND_OVER}:{tunnel.id}",
            max_attempts=_TRIES,
        )
    )


async def run_hand_over(caller: Caller, context: JobContext) -> None:
    """The job: queue the events that a tunnel did not take for the app's own address, then remove the tunnel."""
    payload = context.job.payload
    order: HandOver | None = HandOver(webhook_id=payload["webhook"], after=payload["after"])
    while order is not None:
        context.progress.checkpoint()
        order = await hand_over(caller, order)


@operation(needs=Permission.INTEGRATIONS_PUBLISH)
async def hand_over(work: Work, order: HandOver) -> HandOver | None:
    """Queue the next events that a tunnel did not take. Answers the rest; None at the end, which ends the job."""
    tunnel = await work.first(
        select(Webhook).where(
            col(Webhook.id) == order.webhook_id,
            col(Webhook.organization_id) == work.organization_id,
            col(Webhook.kind) == WebhookKind.TUNNEL,
            col(Webhook.removed_at).is_not(None),
        )
    )
    if tunnel is None:
        await work.finish_job()
        return None
    address = await app_webhook(work, tunnel.integration_id or "", WebhookKind.APP)
    rows = await _untaken(work, order)
    if address is not None:
        await deliver_events(work, address, [row for row in rows if row.sendable])
    if len(rows) == BITE:
        rest = HandOver(webhook_id=tunnel.id, after=rows[-1].delivery)
        await keep_position(work, {"webhook": rest.webhook_id, "after": rest.after}, None)
        return rest
    await ask_to_remove(work, tunnel)
    await work.finish_job()
    return None


@operation(needs=Permission.INTEGRATIONS_PUBLISH)
async def end_dead_development(work: Work, dead: DeadTunnel) -> None:
    """End the development mode of a dead tunnel, unless it has ended or has been led to another address."""
    dying = (col(Webhook.id) == dead.webhook_id, col(Webhook.version) == dead.version)
    here = col(Publication.organization_id) == work.organization_id
    found = await work.first(_tunnels().where(*dying, here).with_for_update(key_share=True, of=Publication))
    if found is not None:
        await _end(work, found, dead.reason)
    await work.finish_job()


@operation(needs=OPERATOR)
async def end_old_developments(work: Work) -> int:
    """End development modes that were neither begun nor renewed for 24 hours, up to 50. Answers how many."""
    due = _tunnels().where(col(Publication.tunnel_until) <= work.now()).order_by(col(Publication.id)).limit(_AT_ONCE)
    # One that somebody changes now is left for the next time.
    old = await work.all(due.with_for_update(key_share=True, of=Publication, skip_locked=True))
    for publication in old:
        await _end(own_work(work, publication.organization_id), publication, _OVER)
    await work.repeat_job(0 if len(old) >= _AT_ONCE else _EVERY_MS)
    return len(old)


async def _end(work: Work, publication: Publication, reason: str) -> None:
    owned = select(Integration).where(col(Integration.id) == publication.integration_id)
    integration = await work.first(owned)
    if integration is not None:
        await end_development(work, publication, integration, reason)


def _tunnels() -> Select[Publication]:
    """The publications with a tunnel."""
    return (
        select(Publication)
        .join(Webhook, col(Webhook.integration_id) == col(Publication.integration_id))
        .where(
            text("webhook.kind <> 'ENDPOINT'"),  # in the words of the index
            col(Webhook.kind) == WebhookKind.TUNNEL,
            col(Webhook.removed_at).is_(None),
        )
    )


async def _untaken(work: Work, order: HandOver) -> Sequence[Any]:
    statement = (
        select(*EVENT_COLUMNS, col(Event.body).is_not(None).label("sendable"), col(Delivery.id).label("delivery"))
        .join(Delivery, col(Delivery.event_id) == col(Event.id))
        .where(
            col(Delivery.webhook_id) == order.webhook_id,
            col(Delivery.state) != WorkState.SUCCEEDED,
            col(Delivery.id) > order.after,
        )
        .order_by(col(Delivery.id))
        .limit(BITE)
    )
    return list(await work.session.execute(statement))
