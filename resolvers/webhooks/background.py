"""Work on webhooks that runs by itself: deliveries, replays, catching up, removal of a removed webhook's rows."""

from __future__ import annotations

from typing import Final

from jobs.queues import DELIVERIES
from models.vocabulary import Permission
from resolvers.background import Background
from resolvers.emission.addressing import DELIVER
from resolvers.webhooks.catching_up import CATCH_UP, run_catch_up
from resolvers.webhooks.delivering import deliver
from resolvers.webhooks.removal import REMOVE, remove_webhook
from resolvers.webhooks.replaying import REPLAY, run_replay
from resolvers.webhooks.settling import settle_deliveries

_CHANGES: Final = frozenset({Permission.WEBHOOKS_WRITE})

BACKGROUND: Final = {
    CATCH_UP: Background(run=run_catch_up, permissions=_CHANGES),
    DELIVER: Background(run=deliver, queue=DELIVERIES, keep_when_done=False),
    REMOVE: Background(run=remove_webhook, permissions=_CHANGES),
    REPLAY: Background(run=run_replay, permissions=_CHANGES),
    "webhook.settle": Background(
        run=lambda caller, _: settle_deliveries(caller), recurs="Settle abandoned deliveries"
    ),
}
