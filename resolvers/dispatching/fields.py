"""Derived fields of a dispatch: pure functions of the row."""

from __future__ import annotations

from models.tables import Dispatch


def duration_ms(dispatch: Dispatch) -> int | None:
    """From intent to outcome; None while it is under way."""
    return None if dispatch.finished_at is None else dispatch.finished_at - dispatch.created_at
