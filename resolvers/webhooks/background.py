"""Work on webhooks that runs by itself: deliveries are sent, a removed webhook's rows are removed."""

from __future__ import annotations

from typing import Final

from models.vocabulary import Permission
from resolvers.background import Background
from resolvers.emission.addressing import DELIVER, DELIVERIES
from resolvers.webhooks.delivering import deliver
from resolvers.webhooks.removal import REMOVE, remove_webhook

BACKGROUND: Final = {
    DELIVER: Background(run=deliver, queue=DELIVERIES, keep_when_done=False),
    REMOVE: Background(run=remove_webhook, permissions=frozenset({Permission.WEBHOOKS_WRITE})),
}
