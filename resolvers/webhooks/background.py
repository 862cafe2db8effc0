"""Background work on webhooks: a removed one's rows are removed."""

from __future__ import annotations

from typing import Final

from models.vocabulary import Permission
from resolvers.background import Background
from resolvers.webhooks.removal import REMOVE, remove_webhook

BACKGROUND: Final = {REMOVE: Background(run=remove_webhook, permissions=frozenset({Permission.WEBHOOKS_WRITE}))}
