"""What faces show of an upload that is no column: pure functions of the row."""

from __future__ import annotations

from models.tables import Asset
from resolvers.caller import Caller


def upload_url(upload: Asset, caller: Caller) -> str | None:
    """Where its bytes are to be put; None when the hub has them."""
    return None if upload.filled_at is not None else f"{caller.hub.public_url}/uploads/{upload.id}"
