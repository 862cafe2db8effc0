"""Reading an answer by a step's paging: its records, the vendor's flags and numbers, and the next cursor."""

from __future__ import annotations

import json
from typing import Final

from proxy.answer_head import next_link
from proxy.paging.declared import Declared, Kind
from proxy.paging.places import Missing, Place
from proxy.paging.shapes import kind_of, named, names_of, near_name
from proxy.paging.turns import Faulty, Reply

#: Values that say that there is no next page, besides null, false, 0 and empty ones.
_ENDS: Final = frozenset({"", "false", "0", "null"})
_WITHOUT_BODY: Final = frozenset({204, 205})  # RFC 9110 §15.3.5, §15.3.6


def require_page(reply: Reply) -> None:
    """Raise Faulty for an answer that is no page."""
    if not 200 <= reply.status < 300:
        raise Faulty(f"The answer has the status {reply.status}, and no page.")
    if reply.parse_error:
        raise Faulty(f"The answer is not JSON. {reply.parse_error}")


def records_of(paging: Declared, reply: Reply) -> list[object]:
    """The records of an answer. Null is none. Raises Faulty if there is no list at `items`."""
    if reply.status in _WITHOUT_BODY and reply.body is None:
        return []
    found = reply.body if paging.items is None else paging.items.find(reply.body)
    if isinstance(found, list):
        return found
    if found is None:
        return []
    if paging.is_whole:
        return [reply.body] if isinstance(found, Missing) else [found]
    if paging.items is None:
        raise Faulty(f"The answer is {kind_of(found)}, not a list; name its list in `items`. {_has(found)}")
    if isinstance(found, Missing):
        raise Faulty(f"no list at `{paging.items.text}`; {_there(paging.items, found)}")
    raise Faulty(f"no list at `{paging.items.text}`; there is {kind_of(found)}.")


def has_more(paging: Declared, reply: Reply) -> bool | None:
    """The vendor's own word that there is a next page; None without `more`."""
    if paging.more is None:
        return None
    return not is_end(_reached(paging.more, reply, is_lenient=False))


def next_of(paging: Declared, reply: Reply, *, is_lenient: bool) -> object:
    """The cursor or address that the answer names; None at the end.

    `is_lenient`: a way that breaks before its last name is an end too. Raises Faulty for one that breaks otherwise:
    a mistyped path must not pass for the end.
    """
    if paging.kind is Kind.LINK:
        return next_link(reply.headers)
    if paging.next_header is not None:
        wanted = paging.next_header.lower()
        found: object = next((value for name, value in reply.headers if name.lower() == wanted), None)
    else:
        found = paging.next and _reached(paging.next, reply, is_lenient=is_lenient or paging.ends_unreachable)
    return None if is_end(found) else found


def reaches_next(paging: Declared, reply: Reply) -> bool:
    """Whether the path of `next` leads somewhere in this answer."""
    return paging.next is None or not isinstance(paging.next.find(reply.body), Missing)


def is_end(value: object) -> bool:
    """Whether a next cursor, or a flag, says that there is no further page."""
    if isinstance(value, str):
        return value.strip().lower() in _ENDS
    return not value


def is_marked(paging: Declared, reply: Reply) -> bool:
    """Whether the value at the stop path is one of those of the last page, as exact texts."""
    if paging.stop.last is None:
        return False
    found = _reached(paging.stop.last, reply, is_lenient=True)
    return text_of(found) in paging.stop.values


def total_at(place: Place | None, reply: Reply) -> int | None:
    """A whole number in the answer, such as that of all pages; None if there is none. Raises Faulty."""
    if place is None:
        return None
    found = _reached(place, reply, is_lenient=False)
    if found is None or (isinstance(found, int) and not isinstance(found, bool)):
        return found
    if isinstance(found, str) and found.strip().isascii() and found.strip().isdigit():
        return int(found.strip()[:18])
    raise Faulty(f"At `{place.text}` there is {kind_of(found)}, not a whole number.")


def text_of(value: object) -> str:
    """A text as it is, another value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=str)


def _reached(place: Place, reply: Reply, *, is_lenient: bool) -> object:
    """The value at a place; None if its last name is missing there. Raises Faulty if the way to it is."""
    found = place.find(reply.body)
    if not isinstance(found, Missing):
        return found
    if is_lenient:
        return None
    if found.unreachable or near_name(place.steps[found.depth], found.near):
        raise Faulty(f"nothing at `{place.text}`; {_there(place, found)}")
    return None


def _there(place: Place, missing: Missing) -> str:
    way = named(place.steps[: missing.depth])
    return f"`{way}` has: {names_of(missing.near)}" if way else _has(missing.near)


def _has(value: object) -> str:
    return f"the answer has: {names_of(value)}"
