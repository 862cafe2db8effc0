"""Work on webhooks that runs by itself: deliveries are sent."""

from __future__ import annotations

from typing import Final

from resolvers.background import Background
from resolvers.emission.addressing import DELIVER, DELIVERIES
from resolvers.webhooks.delivering import deliver

BACKGROUND: Final = {
    DELIVER: Background(run=deliver, queue=DELIVERIES, keep_when_done=False),
}
