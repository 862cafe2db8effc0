"""Recurring work on history: events, payloads, deliveries and dispatches that are old enough are removed."""

from __future__ import annotations

from typing import Final

from resolvers.background import Background
from resolvers.events.keeping import (
    expire_deliveries,
    expire_dispatches,
    expire_entity_counters,
    expire_events,
    expire_payloads,
)
from resolvers.expiry import Sweep

BACKGROUND: Final = {
    "event.expire": Background(
        run=lambda caller, context: expire_events(caller, Sweep.read(context.job.payload)),
        recurs="Remove old events",
    ),
    "event.expire_payloads": Background(
        run=lambda caller, context: expire_payloads(caller, Sweep.read(context.job.payload)),
        recurs="Empty old events",
    ),
    "event.expire_counters": Background(
        run=lambda caller, _: expire_entity_counters(caller), recurs="Forget unused entities"
    ),
    "delivery.expire": Background(
        run=lambda caller, context: expire_deliveries(caller, Sweep.read(context.job.payload)),
        recurs="Remove old deliveries",
    ),
    "dispatch.expire": Background(
        run=lambda caller, context: expire_dispatches(caller, Sweep.read(context.job.payload)),
        recurs="Remove old dispatches",
    ),
}
