"""The names of queues. Each has workers of its own."""

from __future__ import annotations

from typing import Final

DEFAULT_QUEUE: Final = "default"
#: The queue of deliveries to webhooks.
DELIVERIES: Final = "deliveries"
#: The queue of runs of flows. Deliveries never wait behind them.
FLOWS: Final = "flows"
