"""Refusals in this vendor's form: one member, `error`, with one sentence."""

from __future__ import annotations

from typing import Final

from models.errors import InvalidInput, Unauthenticated
from rest.kit import Places, Refusal, sentence_of

PLACES: Final[Places] = {
    ("inputs",): (),
    ("payload",): ("metadata",),
    ("event_types",): ("events",),
    ("idempotency_key",): ("Idempotency-Key",),
}


def refuse(refusal: Refusal) -> dict[str, str]:
    """The same form for every status."""
    return {"error": _sentence(refusal)}


def _sentence(refusal: Refusal) -> str:
    match refusal.error:
        case Unauthenticated():
            return "Invalid token"
        case InvalidInput() as error:
            return sentence_of(error)
    return refusal.message
