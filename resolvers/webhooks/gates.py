"""The gate of a webhook: open or closed, and the limits in the form of its row."""

from __future__ import annotations

from typing import Final

from models.tables import Gate, Webhook
from models.vocabulary import BreakerState

#: Up to this many requests a second they start one by one; above, a tenth of them may start together.
_ONE_BY_ONE: Final = 20
_SECOND_MS: Final = 1000


def new_gate(webhook: Webhook) -> Gate:
    """The gate of a new webhook, open with room for one request at first."""
    gate = Gate(id=webhook.id, organization_id=webhook.organization_id)
    limit_rate(gate, webhook)
    return gate


def open_gate(gate: Gate, webhook: Webhook) -> None:
    """Open it with room for one request, which doubles by successes."""
    gate.opens_at, gate.capacity = 0, 1
    limit_rate(gate, webhook)


def close_gate(gate: Gate) -> None:
    """Close it until somebody opens it."""
    gate.opens_at = None


def limit(gate: Gate, webhook: Webhook) -> None:
    """Apply changed limits: fewer requests in flight at once, more by successes. After an outage it stays slower."""
    gate.capacity = min(gate.capacity, webhook.concurrency)
    slow = gate.interval_ms if webhook.breaker is not BreakerState.CLOSED else 0
    limit_rate(gate, webhook)
    gate.interval_ms = max(gate.interval_ms, slow)


def limit_rate(gate: Gate, webhook: Webhook) -> None:
    """Set the webhook's own rate."""
    gate.interval_ms, gate.burst = rate_of(webhook)


def rate_of(webhook: Webhook) -> tuple[int, int]:
    """The time between two starts in milliseconds, and the number of those that may start together.

    In no second start more than the limit and one, above 20 a second than the limit and a tenth. The time is rounded
    up.
    """
    rate = webhook.rate_limit
    if rate is None:
        return 0, 1
    return -(-_SECOND_MS // rate), 1 if rate <= _ONE_BY_ONE else rate // 10
