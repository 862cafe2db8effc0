"""Reading an answer by a step's paging: its records, the vendor's flags and numbers, and the next cursor."""

from __future__ import annotations

import json
import re
from typing import Final

from proxy.answer_head import next_link
from proxy.paging.declared import Declared, Kind
from proxy.paging.places import Missing, Place
from proxy.paging.shapes import kind_of, named, names_of, near_name
from proxy.paging.turns import Faulty, Reply

#: Values that say that there is no next page, besides null, false, 0 and empty ones.
_ENDS: Final = frozenset({"", "false", "0", "null"})
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_OMITTED: Final = ". If the service leaves it out of its last page, set `missingNext` to END."
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
        raise Faulty(f"The answer is {kind_of(found)}, not a list; name its list in `items`; {_has(found)}")
    if isinstance(found, Missing):
        raise Faulty(f"no list at `{paging.items.text}`; {_there(paging.items, found)}")
    raise Faulty(f"no list at `{paging.items.text}`; there is {kind_of(found)}.")


def has_more(paging: Declared, reply: Reply, *, is_first: bool) -> bool | None:
    """The service's own word that there is a next page; None without `more`, and if the flag is not in the answer."""
    if paging.more is None:
        return None
    found = _reached(paging.more, reply, is_strict=is_first)
    return None if isinstance(found, Missing) else not is_end(found)


def next_of(paging: Declared, reply: Reply, *, is_first: bool) -> object:
    """The cursor or address that the answer names; None at the end.

    Raises Faulty if the way to `next` is not there in the first answer: a mistyped path must not pass for the end.
    """
    if paging.kind is Kind.LINK:
        return next_link(reply.headers)
    if paging.next is None:
        wanted = (paging.next_header or "").lower()
        found: object = next((value for name, value in reply.headers if name.lower() == wanted), None)
    else:
        found = _reached(paging.next, reply, is_strict=is_first and not paging.ends_unreachable, hint=_OMITTED)
    return None if isinstance(found, Missing) or is_end(found) else found


def is_end(value: object) -> bool:
    """Whether a next cursor, or a flag, says that there is no further page."""
    if isinstance(value, str):
        return value.strip().lower() in _ENDS
    return not value


def is_marked(paging: Declared, reply: Reply) -> bool:
    """Whether the value at the stop path is one of those of the last page, as exact texts."""
    if paging.stop.last is None:
        return False
    found = paging.stop.last.find(reply.body)
    return not isinstance(found, Missing) and text_of(found) in paging.stop.values


def are_all(count: int, place: Place | None, reply: Reply, *, is_first: bool) -> bool:
    """Whether a total in the answer, such as that of all pages, is at most `count`. Raises Faulty."""
    found = None if place is None else _reached(place, reply, is_strict=is_first)
    if place is None or found is None or isinstance(found, Missing):
        return False
    if isinstance(found, str) and _NUMBER.fullmatch(found.strip()):
        found = int(found)
    if isinstance(found, int) and not isinstance(found, bool):
        return count >= found
    raise Faulty(f"no whole number at `{place.text}`; there is {kind_of(found)}.")


def text_of(value: object) -> str:
    """A text as it is, another value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=str)


def _reached(place: Place, reply: Reply, *, is_strict: bool, hint: str = "") -> object:
    """The value at a place, or Missing. Raises Faulty, if it is strict, where the way to it is not there.

    A missing last name is none of the answer's faults, unless another one is almost the same.
    """
    found = place.find(reply.body)
    if isinstance(found, Missing) and is_strict:
        step = place.steps[found.depth]
        if found.unreachable or near_name(step, found.near):
            raise Faulty(f"nothing at `{place.text}`; {_there(place, found)}{hint}")
    return found


def _there(place: Place, missing: Missing) -> str:
    way = named(place.steps[: missing.depth])
    return f"`{way}` has: {names_of(missing.near)}" if way else _has(missing.near)


def _has(value: object) -> str:
    return f"the answer has: {names_of(value)}"
