"""Conditions of filters: a list is OR, absent is no condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_

Conditions = list[ColumnElement[bool]]


def among(column: Any, values: Sequence[Any] | None) -> Conditions:
    """The column has one of the values."""
    return [] if values is None else [column.in_(values)]


def equal(column: Any, value: Any) -> Conditions:
    """The column has the value."""
    return [] if value is None else [column == value]


def at_least(column: Any, value: int | None) -> Conditions:
    """From a time on."""
    return [] if value is None else [column >= value]


def before(column: Any, value: int | None) -> Conditions:
    """Up to a time, exclusive."""
    return [] if value is None else [column < value]


def matching(column: Any, patterns: Sequence[str] | None) -> Conditions:
    """The column is one of the patterns, which may end in `*`."""
    if patterns is None:
        return []
    exact = [pattern for pattern in patterns if not pattern.endswith("*")]
    prefixes = [pattern[:-1] for pattern in patterns if pattern.endswith("*")]
    return [or_(column.in_(exact), *(column.startswith(prefix, autoescape=True) for prefix in prefixes))]


def searching(column: Any, words: str | None) -> Conditions:
    """Every word stands somewhere in a casefolded text."""
    return [column.contains(word, autoescape=True) for word in (words or "").casefold().split()]
