"""How to call the operations on the catalogue of events, and those that keep history."""

from __future__ import annotations

from typing import Final

from models.vocabulary import Permission
from resolvers.expiry import Sweep
from resolvers.page import SliceRequest
from tests.harness.matrix import Call, Foreign

_PAGE: Final = SliceRequest(size=100)

CALLS: Final = {
    "announce_failed_jobs": Call(given=lambda e: ()),
    "expire_events": Call(given=lambda e: (Sweep(),)),
    "expire_payloads": Call(given=lambda e: (Sweep(),)),
    "expire_deliveries": Call(given=lambda e: (Sweep(),)),
    "expire_dispatches": Call(given=lambda e: (Sweep(),)),
    "expire_entity_counters": Call(given=lambda e: ()),
    "list_event_types": Call(given=lambda e: (_PAGE,), foreign=Foreign.OWN),
    "list_hub_event_types": Call(given=lambda e: (), foreign=Foreign.OWN, lacks=Permission.EVENTS_READ),
    "read_event_catalogue": Call(given=lambda e: (), foreign=Foreign.OWN, lacks=Permission.EVENTS_READ),
}
