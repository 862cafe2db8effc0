"""The faults of a document, with their places in it."""

from __future__ import annotations

from typing import Final

Place = tuple[str, ...]
_LONGEST: Final = 300


class BrokenError(ValueError):
    """A document that is no OpenAPI document. `place`: keys from its root; the message is a sentence."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place, self.message = place, message


class InexpressibleError(ValueError):
    """A part that no capability can express. The message is the reason, a sentence."""


def shown(place: Place) -> str:
    """A place for people: keys joined by ` › `, for paths have slashes and full stops. Empty for the root."""
    text = " › ".join(place)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
