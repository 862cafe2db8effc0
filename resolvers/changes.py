"""Pending changes of a row for the audit: paths, old and new values, secrets masked."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from sqlalchemy import LargeBinary, inspect
from sqlmodel import SQLModel

MASK: Final = "***"
#: Unaudited columns of all tables; other columns are marked in their table (`models.row.UNAUDITED`).
_SILENT: Final = frozenset(
    {"id", "organization_id", "created_at", "updated_at", "version", "name_key", "search_text"}
    | {"created_by", "created_by_token", "updated_by"}
)


def changes_of(row: SQLModel, *, removed: bool = False) -> list[dict[str, Any]]:
    """`[{path, oldValue, newValue}]` in the order of the columns. A removed row has its old values."""
    state = inspect(row)
    changes = []
    for column in state.mapper.column_attrs:
        stored = column.columns[0]
        if column.key in _SILENT or "unaudited" in stored.info:
            continue
        secret = isinstance(stored.type, LargeBinary)
        old, new = _before_and_after(state, column.key, removed)
        if old != new:
            changes.append({"path": column.key, "oldValue": _shown(old, secret), "newValue": _shown(new, secret)})
    return changes


def changed(path: str, old: Any, new: Any) -> list[dict[str, Any]]:
    """The change of a value that is not a column; empty if it is equal."""
    return [] if old == new else [{"path": path, "oldValue": old, "newValue": new}]


def _before_and_after(state: Any, key: str, removed: bool) -> tuple[Any, Any]:
    history = state.attrs[key].history
    now = history.added[0] if history.added else (history.unchanged[0] if history.unchanged else None)
    before = history.deleted[0] if history.deleted else None
    if removed:
        return now if before is None else before, None
    if state.transient or state.pending:
        return None, (None if now in (None, "", [], {}, False) else now)
    return (before, now) if history.has_changes() else (None, None)


def _shown(value: Any, secret: bool) -> Any:
    if value is None:
        return None
    if secret:
        return MASK
    return value.value if isinstance(value, Enum) else value
