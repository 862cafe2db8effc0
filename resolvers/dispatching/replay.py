"""Keys of outbound calls: what guards one, and the earlier call that a key stands for."""

from __future__ import annotations

from models.errors import Conflict, TooMany
from models.tables import Dispatch
from resolvers.idempotency import LIFETIME_MS, key_owner, spent
from resolvers.recorder import Existing, Intent, Key
from resolvers.work import Work


def guarding(work: Work, operation: str, key: str | None, now: int) -> Key | None:
    """The key that an intent takes; None without one."""
    if key is None:
        return None
    return Key(owner_id=key_owner(work), operation=operation, key=key, expires_at=now + LIFETIME_MS)


async def earlier(work: Work, intent: Intent, existing: Existing) -> Dispatch:
    """The record of the call that holds the key. Raises Conflict for another input or a removed record,
    TooMany while the call is under way.
    """
    if existing.request_digest != intent.request_digest:
        raise Conflict("This key was used with another input.", path=("idempotency_key",))
    row = await work.find(Dispatch, existing.result_id or "")
    if row is None:
        raise spent("dispatch")
    if row.outcome is None:
        raise TooMany("A call with this key is under way; wait for it.", retry_after_seconds=1)
    return row
