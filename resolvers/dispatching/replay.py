"""Replay: the earlier call that has the idempotency key of a new one."""

from __future__ import annotations

from sqlalchemy import select

from models.errors import Conflict, TooMany
from models.tables import Dispatch, Idempotency
from resolvers.idempotency import spent
from resolvers.recorder import Existing, Intent
from resolvers.work import Work


async def holder(work: Work, intent: Intent) -> Existing | None:
    """The earlier use of the intent's key, which has not been claimed; None if it is free."""
    if intent.key is None:
        return None
    held = await work.first(
        select(Idempotency).filter_by(
            organization_id=intent.organization_id,
            principal_or_token_id=intent.key.owner_id,
            operation=intent.key.operation,
            key=intent.key.key,
        )
    )
    if held is None or held.expires_at <= work.now():
        return None
    return Existing(request_digest=held.request_digest, result_id=held.result_id)


async def earlier(work: Work, intent: Intent, existing: Existing) -> Dispatch:
    """The record of the call that has the key.

    Raises Conflict for another input or a removed record, TooMany while the call is under way.
    """
    if existing.request_digest != intent.request_digest:
        raise Conflict("This key was used with another input; use a new key.", path=("idempotency_key",))
    row = await work.find(Dispatch, existing.result_id or "")
    if row is None:
        raise spent("dispatch")
    if row.outcome is None:
        raise TooMany("A call with this key is under way; wait for it.", retry_after_seconds=1)
    return row
