"""Global ids: opaque, made of a type's name and the row's own id."""

from __future__ import annotations

import re
from typing import Final

from resolvers import base64url

_ROW_ID: Final = re.compile(r"[0-9a-f]{24}")
_GLOBAL: Final = re.compile(r"([A-Z][A-Za-z]*):([0-9a-f]{24})")


def global_id(type_name: str, row_id: str) -> str:
    """The opaque id of a row."""
    return base64url.encode(f"{type_name}:{row_id}".encode())


def parse_global_id(value: str) -> tuple[str, str] | None:
    """(type name, row id), or None if the text is not a global id."""
    raw = base64url.decode(value)
    found = _GLOBAL.fullmatch(raw.decode("ascii", "replace")) if raw else None
    return (found[1], found[2]) if found else None


def row_id(value: str) -> str:
    """The row id of a global id or of a row id. Ids are unique over all tables, so the type does not matter.

    Any other text is returned unchanged: no row has it as its id.
    """
    if _ROW_ID.fullmatch(value):
        return value
    found = parse_global_id(value)
    return found[1] if found else value
