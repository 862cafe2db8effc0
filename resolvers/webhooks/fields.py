"""Fields of webhooks and deliveries that are not columns: pure functions of the row and of its webhook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from models.tables import Delivery, Webhook
from models.vocabulary import BreakerState, WorkState
from proxy.redact import mask_url
from resolvers.caller import Caller
from resolvers.webhooks.secrets import live_count, overlap_until


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The facts of a webhook that decide whether a delivery may start, at the time `now`; times in ms since 1970 UTC.

    `opens_at`: of its gate. `behind`: an earlier delivery of the same entity comes first.
    """

    now: int
    enabled: bool
    disabled_reason: str | None
    breaker: BreakerState
    breaker_until: int | None
    opens_at: int | None
    behind: bool = False


def shown_url(webhook: Webhook) -> str:
    """The URL without the values of its query: receivers' keys stand there."""
    return mask_url(webhook.url)


def message_id(delivery: Delivery) -> str:
    """The header `webhook-id`: the same in every attempt and replay."""
    return f"msg_{delivery.id}"


def original_message_id(delivery: Delivery) -> str | None:
    """The `webhook-id` of the delivery of which this one is a copy under a new id."""
    return None if delivery.original_id is None else f"msg_{delivery.original_id}"


def state_of(delivery: Delivery, standing: Standing | None) -> WorkState:
    """The stored state; HELD for a waiting delivery of a disabled webhook."""
    held = delivery.state is WorkState.QUEUED and standing is not None and not standing.enabled
    return WorkState.HELD if held else delivery.state


def state_reason(delivery: Delivery, standing: Standing | None) -> str | None:
    """A sentence why a delivery waits, failed or was cancelled; None if it is on its way or has arrived."""
    if delivery.state is not WorkState.QUEUED:
        return delivery.error
    if standing is None:
        return None
    if not standing.enabled:
        return f"The webhook is disabled. {standing.disabled_reason or ''} Enable it, and it is sent.".replace(
            "  ", " "
        )
    if standing.breaker is BreakerState.OPEN:
        return f"The webhook failed many times in a row; it is tried again{_at(standing.breaker_until)}."
    if standing.opens_at is not None and standing.opens_at > standing.now:
        return f"The endpoint asked for a pause; it is tried again{_at(standing.opens_at)}."
    retried = delivery.attempt_count > 0 and delivery.next_attempt_at is not None
    if retried and (delivery.next_attempt_at or 0) > standing.now:
        return f"The last attempt failed; the next one is{_at(delivery.next_attempt_at)}."
    if standing.behind:
        return f"An earlier delivery of the entity {delivery.entity_id} comes first."
    if standing.breaker is BreakerState.HALF_OPEN:
        return "The webhook recovers from failures: few requests are sent at once, more after each success."
    return "It waits for its turn: the webhook has as many requests in flight, or starts as many a second, as it may."


def overlap_end(webhook: Webhook, caller: Caller) -> int | None:
    """The time until which a former secret signs too, in ms since 1970 UTC."""
    return overlap_until(webhook, caller.hub.clock())


def secret_count(webhook: Webhook, caller: Caller) -> int:
    """The number of secrets that sign now."""
    return live_count(webhook, caller.hub.clock())


def is_catching_up(webhook: Webhook) -> bool:
    """Whether it gets older events first."""
    return webhook.catch_up_after is not None


def _at(moment: int | None) -> str:
    if moment is None:
        return ""
    return datetime.fromtimestamp(moment / 1000, UTC).strftime(" at %Y-%m-%d %H:%M:%S UTC")
