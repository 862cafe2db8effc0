"""Return addresses: allowed below a prefix that the organization lists, compared part by part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, unquote, urlencode, urlsplit, urlunsplit

from resolvers.faults import ADDRESS

_PORTS: Final = {"http": 80, "https": 443}
#: Visible ASCII without the characters that browsers and parsers read differently.
_PLAIN: Final = re.compile(r"[!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")


def is_allowed(url: str, prefixes: Sequence[str]) -> bool:
    """Whether the address is at or below one of the prefixes: the same origin, and the path up to a `/` or the end.

    An address with a user name, a backslash, a fragment, `//` or a step up in its path is never allowed.
    """
    parts = _split(url)
    if parts is None or not _stays(parts.path):
        return False
    return any(_is_below(parts, prefix) for prefix in map(_split, prefixes) if prefix is not None)


def with_result(url: str, status: str, session_id: str) -> str:
    """The address with `status` and `session` added to its query."""
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode({"status": status, "session": session_id})]))
    return urlunsplit(parts._replace(query=query))


def _split(url: str) -> SplitResult | None:
    if len(url) > ADDRESS or not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts


def _is_below(parts: SplitResult, prefix: SplitResult) -> bool:
    if _origin(parts) != _origin(prefix):
        return False
    path, base = parts.path or "/", prefix.path or "/"
    return path == base or path.startswith(base if base.endswith("/") else f"{base}/")


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS[parts.scheme]


def _stays(path: str) -> bool:
    """Whether a path has no step up, even after a server has decoded it once or twice."""
    for reading in (path, unquote(path), unquote(unquote(path))):
        if "//" in reading or "\\" in reading or any(part in (".", "..") for part in re.split(r"[/;]", reading)):
            return False
    return True
