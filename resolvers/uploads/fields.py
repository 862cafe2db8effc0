"""Fields of uploads that are not columns: pure functions of the row."""

from __future__ import annotations

from models.tables import Asset
from resolvers.caller import Caller


def upload_url(upload: Asset, caller: Caller) -> str | None:
    """The address for its bytes; None if the hub has them already."""
    return None if upload.filled_at is not None else f"{caller.hub.public_url}/uploads/{upload.id}"
