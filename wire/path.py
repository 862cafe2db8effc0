"""The path of a request, before anything is routed by it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from wire.refusal import BadRequest

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def check_path(scope: Scope) -> None:
    """Raises BadRequest 400 for an ambiguous path.

    The server has decoded it and replaced bytes that are not UTF-8. An encoded slash would shift the segments, and
    patterns of routes end at a line break.
    """
    raw: bytes = scope.get("raw_path") or b""
    if _CONTROLS.search(scope["path"]):
        raise BadRequest(400, "The path contains a control character; remove it.")
    if b"%" not in raw:
        return
    if b"%2f" in raw.lower():
        raise BadRequest(400, "The path contains an encoded slash (%2F); remove it.")
    try:
        unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as cause:
        raise BadRequest(400, "The path is not UTF-8; percent-encode it as UTF-8.") from cause
