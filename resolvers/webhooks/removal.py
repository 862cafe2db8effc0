"""Removing a webhook: hidden at once; a job removes its jobs, deliveries and attempts in bites, then the row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, exists, select
from sqlmodel import col

from jobs.job import NewJob, Retry
from jobs.kind import JobContext
from models.tables import Attempt, Delivery, Gate, Job, Webhook
from models.vocabulary import Permission, WorkState
from resolvers.caller import Caller
from resolvers.operation import operation
from resolvers.webhooks.gates import close_gate
from resolvers.webhooks.secrets import seal_secrets
from resolvers.work import Work

REMOVE: Final = "webhook.remove"
_DELIVER: Final = "webhook.deliver"
_MAX_ATTEMPTS: Final = 10
#: Deliveries that one transaction removes, with their attempts and jobs.
_BITE: Final = 500
_PAUSE_MS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class RemovedWebhook:
    """A webhook that is hidden already."""

    id: str


async def withdraw(work: Work, webhook: Webhook, gate: Gate) -> None:
    """Hide a webhook and forget its secrets: it sends nothing more at once. `ask_to_remove` removes its rows."""
    webhook.removed_at = work.now()
    webhook.enabled = False
    seal_secrets(work, webhook, [])
    webhook.headers = webhook.headers_origins = None
    webhook.header_hints = []
    webhook.version += 1
    close_gate(gate)
    await work.flush()


async def ask_to_remove(work: Work, webhook: Webhook) -> Job:
    """Enqueue the job that removes the rows of a hidden webhook, or return the unfinished one."""
    new = NewJob(
        operation=REMOVE,
        caption=f"Remove the webhook {webhook.name}"[:255],
        organization_id=webhook.organization_id,
        payload={"webhook": webhook.id},
        subject_kind="Webhook",
        subject_id=webhook.id,
        max_attempts=_MAX_ATTEMPTS,
        dedupe_key=f"{REMOVE}:{webhook.id}",
        created_by=work.caller.principal_id,
    )
    return await work.enqueue(new)


@operation(needs=Permission.WEBHOOKS_WRITE)
async def remove_deliveries(work: Work, gone: RemovedWebhook) -> int:
    """Remove up to 500 deliveries of a hidden webhook, with their attempts and jobs. Answers how many; 0 at the end.

    A delivery that is being sent right now stays until its job has ended.
    """
    bite = _bite(work, gone.id)
    waits = col(Job.state) == WorkState.QUEUED
    await _delete(work, Job, col(Job.operation) == _DELIVER, col(Job.subject_id).in_(bite), waits)
    await _delete(work, Attempt, col(Attempt.delivery_id).in_(bite))
    return await _delete(work, Delivery, col(Delivery.id).in_(bite))


@operation(needs=Permission.WEBHOOKS_WRITE)
async def finish_removal(work: Work, gone: RemovedWebhook) -> None:
    """Remove a hidden webhook without deliveries, and its gate. A second run changes nothing.

    Raises Retry if it has deliveries: `remove_deliveries` comes first.
    """
    left = select(Delivery).where(col(Delivery.webhook_id) == gone.id, *_of_organization(work, Delivery))
    if await work.first(left) is not None:
        raise Retry("A delivery is being sent, or was made meanwhile.", after_ms=_PAUSE_MS)
    if await _delete(
        work,
        Webhook,
        col(Webhook.id) == gone.id,
        col(Webhook.removed_at).is_not(None),
        *_of_organization(work, Webhook),
    ):
        await _delete(work, Gate, col(Gate.id) == gone.id, *_of_organization(work, Gate))
    await work.finish_job()


async def remove_webhook(caller: Caller, context: JobContext) -> None:
    """The job: remove the rows of the hidden webhook that is its subject."""
    gone = RemovedWebhook(id=context.job.subject_id or "")
    async with context.progress.task("Remove its deliveries"):
        while await remove_deliveries(caller, gone):
            pass
    await finish_removal(caller, gone)


def _bite(work: Work, webhook_id: str) -> Select[str]:
    """Ids of deliveries of a hidden webhook that are not being sent."""
    hidden = exists().where(col(Webhook.id) == webhook_id, col(Webhook.removed_at).is_not(None))
    sending = exists().where(col(Job.subject_id) == col(Delivery.id), col(Job.state) == WorkState.RUNNING)
    own = select(col(Delivery.id)).where(col(Delivery.webhook_id) == webhook_id, *_of_organization(work, Delivery))
    return own.where(hidden, ~sending).order_by(col(Delivery.id)).limit(_BITE)


def _of_organization(work: Work, model: Any) -> list[ColumnElement[bool]]:
    return [model.organization_id == work.organization_id]


async def _delete(work: Work, model: Any, *conditions: ColumnElement[bool]) -> int:
    statement = delete(model).where(*conditions)
    result: Any = await work.session.execute(statement, execution_options={"synchronize_session": False})
    return int(result.rowcount)
