"""Levels of shares: the two words that all faces know, over the number that one of them keeps."""

from __future__ import annotations

from models.tables import Share
from models.vocabulary import ShareLevel
from resolvers.scope import MANAGE


def level(share: Share) -> ShareLevel:
    """1 is VIEW, 2 and more is MANAGE."""
    return ShareLevel.MANAGE if share.access_level >= MANAGE else ShareLevel.VIEW


def least_access(level: ShareLevel) -> int:
    """The lowest number of a level."""
    return MANAGE if level is ShareLevel.MANAGE else 1
