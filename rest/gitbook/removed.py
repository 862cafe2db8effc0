"""Answers to calls that remove something: 205 when it was there. `NOTHING`, 204, when it was not."""

from __future__ import annotations

from typing import Final

from resolvers.publishing.withdraw import Unpublished
from rest.kit import Asked, Reply

_REMOVED: Final = 205
NOTHING: Final = Reply.empty(204)


def emptied(result: object, asked: Asked) -> Reply:
    """It is gone."""
    return Reply.empty(_REMOVED)


def integration(result: Unpublished, asked: Asked) -> Reply:
    """The app is withdrawn, or there was none."""
    return Reply.empty(_REMOVED) if result.withdrawn else NOTHING
