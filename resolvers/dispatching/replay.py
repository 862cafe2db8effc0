"""Replay: the earlier call that has the idempotency key of a new one."""

from __future__ import annotations

from models.errors import Conflict, TooMany
from models.tables import Dispatch
from resolvers.idempotency import spent
from resolvers.recorder import Existing, Intent
from resolvers.work import Work


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
