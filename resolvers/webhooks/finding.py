"""A webhook and its gate, locked for a change."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlmodel import col

from models.errors import Path
from models.tables import Gate, Webhook
from resolvers.unset import Unset
from resolvers.work import Work


async def lock_webhook(
    work: Work, webhook_id: str, *, expected_version: int | Unset | None = None, path: Path
) -> Webhook:
    """A webhook of the caller's organization, locked until the end of the transaction.

    Its gate is locked after it: the end of a delivery writes both in that order. Raises NotFound and Stale.
    """
    webhook = await work.lock(Webhook, webhook_id, expected_version=expected_version, path=path)
    await work.first(_gate(work, webhook_id).with_for_update())
    return webhook


async def gate_of(work: Work, webhook: Webhook) -> Gate:
    """The gate of a webhook; a new one, open with room for one, if there is none."""
    gate = await work.first(_gate(work, webhook.id))
    return gate or work.add(Gate(id=webhook.id, organization_id=webhook.organization_id))


def _gate(work: Work, webhook_id: str) -> Select[Gate]:
    return select(Gate).where(col(Gate.id) == webhook_id, col(Gate.organization_id) == work.organization_id)
