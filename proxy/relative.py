"""Relative addresses from callers: they stay below the base address however a server reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from models.errors import InvalidInput, Path
from proxy.address import climbs

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\\\\\ud800-\udfff]")
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH_SAFE: Final = "/-._~!$&'()*+,;=:@%"  # RFC 3986 §3.3, and existing escapes
_QUERY_SAFE: Final = _PATH_SAFE + "?"
_LONGEST: Final = 8192


def below(base_url: str, relative: str, query: Sequence[tuple[str, str]], *, path: Path) -> str:
    """The absolute address of `relative`, with its own query and `query`, escaped as necessary.

    Existing escapes are passed on byte for byte: a segment may hold an encoded address (`/sites/https%3A%2F%2F…`).

    Raises InvalidInput at `path` if it is absolute, or if a server could read it as leaving the base: some decode
    before they route, some decode twice, some read a backslash as a slash.
    """
    objection = _objection(relative)
    if objection is not None:
        raise InvalidInput.at(path, objection)
    own, _, own_query = relative.partition("?")
    address = base_url if not own else f"{base_url.rstrip('/')}/{quote(own.removeprefix('/'), safe=_PATH_SAFE)}"
    pairs = [quote(own_query, safe=_QUERY_SAFE)] if own_query else []
    pairs += [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query]
    return f"{address}?{'&'.join(pairs)}" if pairs else address


def names_in_query(relative: str) -> frozenset[str]:
    """The names of the parameters in the query of a relative address."""
    return frozenset(name for name, _ in parse_qsl(relative.partition("?")[2], keep_blank_values=True))


def _objection(relative: str) -> str | None:
    own = relative.partition("?")[0]
    if len(relative) > _LONGEST:
        return f"It must not be longer than {_LONGEST} characters."
    if _UNFIT.search(relative) or "#" in relative:
        return "It must not contain a backslash, a fragment or control characters."
    if _BROKEN_ESCAPE.search(relative):
        return "It contains a % that does not begin an escape; write %25."
    if _SCHEME.match(own):
        return "Give a path below the address of the API, not an absolute address."
    once = unquote(own)
    if any(map(_leaves, (own, once, unquote(once)))):
        return "It must stay below the address of the API: no `..`, no `.`, no backslash, no slashes before it."
    if "//" in own:
        return "It must not have two slashes in a row; write an address inside of a segment with %2F in place of `/`."
    return None


def _leaves(reading: str) -> bool:
    """Whether a server that decodes so far reads another path than one below the base.

    Two slashes inside are those of an encoded address. At the beginning they could be read as those before a host.
    """
    if _UNFIT.search(reading) or reading.removeprefix("/").startswith("/"):
        return True
    return any(map(climbs, reading.split("/")))
