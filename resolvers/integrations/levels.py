"""Levels of shares: VIEW and MANAGE for all faces, stored as a number that one face defines."""

from __future__ import annotations

from models.tables import Share
from models.vocabulary import ShareLevel
from resolvers.access import MANAGE


def level(share: Share) -> ShareLevel:
    """The level of a share: 1 is VIEW, 2 and more is MANAGE."""
    return ShareLevel.MANAGE if share.access_level >= MANAGE else ShareLevel.VIEW


def least_access(level: ShareLevel) -> int:
    """The lowest access level of a share level."""
    return MANAGE if level is ShareLevel.MANAGE else 1
