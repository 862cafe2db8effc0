"""Lists of this vendor: a page by `limit` and an opaque `page`, with the number of all rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from models.errors import InvalidInput
from resolvers.page import Slice, SliceRequest
from rest.kit import Asked

R = TypeVar("R")
Json = dict[str, Any]

USUAL_LIMIT: Final = 50
GREATEST_LIMIT: Final = 1000
_WHOLE: Final = re.compile(r"[0-9]{1,4}")


def request(asked: Asked) -> SliceRequest:
    """The page that `page` and `limit` ask for, and the number of all rows."""
    return SliceRequest(size=max(1, _limit(asked)), after=asked.cursor("page"), count=True)


def listed(
    found: Slice[R],
    asked: Asked,
    item: Callable[[R, Asked], Json],
    position: Callable[[R], tuple[Any, ...]],
) -> Json:
    """A page; `next` is left out of the last one. A limit of 0 asks for the count alone, and leads nowhere."""
    shown = found.rows if _limit(asked) else ()
    page: Json = {"items": [item(row, asked) for row in shown]}
    if shown and found.has_next:
        page["next"] = {"page": asked.next(position(shown[-1]))}
    return {**page, "count": found.total}


def _limit(asked: Asked) -> int:
    text = asked.single("limit")
    if text is None:
        return USUAL_LIMIT
    if not _WHOLE.fullmatch(text) or int(text) > GREATEST_LIMIT:
        raise InvalidInput.at("limit", f"It must be a whole number from 0 to {GREATEST_LIMIT}.")
    return int(text)
