"""SQL for the driver itself: written once, translated for SQLite or PostgreSQL."""

from __future__ import annotations

import itertools
import re
from typing import Final

from models.job import NOW_POSTGRESQL, NOW_SQLITE
from models.row import FEED_POSTGRESQL, FEED_SQLITE

_POSTGRESQL: Final = {
    "NOW": NOW_POSTGRESQL,
    "FEED": FEED_POSTGRESQL,
    "AMONG ?": "= ANY(?)",
    "SKIP_LOCKED": "FOR UPDATE OF j SKIP LOCKED",
}
_SQLITE: Final = {
    "NOW": NOW_SQLITE,
    "FEED": FEED_SQLITE,
    "AMONG ?": "IN (SELECT value FROM json_each(?))",
    "SKIP_LOCKED": "",
}
_WORD: Final = re.compile(r"\b(?:NOW|FEED|SKIP_LOCKED)\b|\bAMONG \?")


def spelled(sql: str, *, sqlite: bool) -> str:
    """Translate a statement with `?` for parameters, NOW for the database's time in milliseconds, FEED for the stamp
    of a change, AMONG ? for a list (JSON text on SQLite), and SKIP_LOCKED.
    """
    words = _SQLITE if sqlite else _POSTGRESQL
    text = _WORD.sub(lambda found: words[found[0]], sql)
    if sqlite:
        return text
    numbers = itertools.count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", text)
