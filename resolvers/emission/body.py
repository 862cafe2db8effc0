"""The frozen body of an event: the bytes that every attempt and replay sends, and every signature covers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from models.errors import Oversized, Path
from models.row import LONGEST_JSON
from resolvers.emission.draft import Draft

#: Bytes of a payload in UTF-8, as it stands in the body.
LARGEST_PAYLOAD: Final = LONGEST_JSON


def serialised(payload: Mapping[str, Any]) -> bytes:
    """A payload as JSON in UTF-8, its members in the order given."""
    return orjson.dumps(payload)


def check_size(payload: Mapping[str, Any], *, path: Path) -> None:
    """Raise Oversized at `path` for a payload that is too large. It is never cut."""
    if (size := len(serialised(payload))) > LARGEST_PAYLOAD:
        raise Oversized.of(path, size, LARGEST_PAYLOAD)


def frozen_body(draft: Draft, payload: bytes, sequence: int, entity_sequence: int) -> str:
    """The body of an event as text, in the order of members that receivers may rely on. `payload`: `serialised`.

    It is kept as text, since a JSON column of a database may sort members and change numbers.
    """
    members = {
        "id": draft.id,
        "type": draft.type,
        "timestamp": _timestamp(draft.created_at),
        "entityId": draft.entity_id,
        "sequence": sequence,
        "entitySequence": entity_sequence,
        "data": orjson.Fragment(payload),
    }
    return orjson.dumps(members).decode()


def _timestamp(milliseconds: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
