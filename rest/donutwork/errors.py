"""Refusals as this vendor writes them: one member, `error`, with one sentence."""

from __future__ import annotations

from typing import Final

from models.errors import InvalidInput, Unauthenticated
from rest.kit import Places, Refusal, sentence_of

_PLACES: Final[Places] = {
    ("input", "inputs"): (),
    ("input", "payload"): ("metadata",),
    ("input", "entityId"): ("entity_id",),
    ("input", "eventTypes"): ("events",),
    ("input", "appToken"): ("app_token",),
    ("input", "idempotencyKey"): ("Idempotency-Key",),
    ("input",): (),
}


def refuse(refusal: Refusal) -> dict[str, str]:
    """Every refusal has this form, whatever its status."""
    return {"error": _sentence(refusal)}


def _sentence(refusal: Refusal) -> str:
    match refusal.error:
        case Unauthenticated():
            return "Invalid token"
        case InvalidInput() as error:
            return sentence_of(error, _PLACES)
    return refusal.message
