"""Refusals in this vendor's form: one member, `error`, with one sentence."""

from __future__ import annotations

from typing import Final

from models.errors import Unauthenticated
from rest.kit import Places, Refusal

PLACES: Final[Places] = {
    ("inputs",): (),
    ("payload",): ("metadata",),
    ("event_types",): ("events",),
    ("event_type_patterns",): ("webhook", "events"),
    **{(name,): ("webhook", name) for name in ("name", "url", "description")},
    ("idempotency_key",): ("Idempotency-Key",),
}


def refuse(refusal: Refusal) -> dict[str, str]:
    """The same form for every status."""
    return {"error": "Invalid token" if isinstance(refusal.error, Unauthenticated) else refusal.message}
