"""Refusals as this vendor writes them: one member, `error`, with one sentence."""

from __future__ import annotations

from typing import Final

from models.errors import InvalidInput, Path, Unauthenticated
from rest.kit import Refusal

#: Where a value stands in our commands, and where the caller has put it. The first that fits counts.
_PLACES: Final[dict[Path, Path]] = {
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
        case InvalidInput(violations=violations):
            return " ".join(_violation(found.path, found.message) for found in violations)
    return refusal.message


def _violation(path: Path, message: str) -> str:
    place = ".".join(_place(path))
    return f"{place}: {message}" if place else message


def _place(path: Path) -> Path:
    for ours, theirs in _PLACES.items():
        if path[: len(ours)] == ours:
            return theirs + path[len(ours) :]
    return path
