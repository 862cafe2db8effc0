"""Long strings of a JSON text: taken out, read in pieces and put back, since reading one holds other threads up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from secrets import token_hex
from typing import Any, Final

import orjson

from proxy.inputs.json_slices import SLICE, slices

#: The longest escape: a surrogate pair (RFC 8259 §7).
_LONGEST_ESCAPE: Final = len(r"\ud83d\ude00")
_BACKSLASH: Final = b"\\"
_CONTINUES = (0b1100_0000, 0b1000_0000)
_END_OF_NAME: Final = re.compile(rb'"[ \t\r\n]*:')


@dataclass(frozen=True, kw_only=True)
class Lifted:
    """A JSON text with a mark, which nobody can guess, in place of each long string; and those strings by mark."""

    raw: bytes
    texts: Mapping[str, str]

    def restored(self, value: object) -> object:
        """The value of `raw`, with the strings in place of their marks. The value itself is changed."""
        whole = [value]
        pending: list[Any] = [whole] if self.texts else []
        while pending:
            one = pending.pop()
            for place, inner in one.items() if isinstance(one, dict) else enumerate(one):
                if isinstance(inner, dict | list):
                    pending.append(inner)
                elif isinstance(inner, str) and inner in self.texts:
                    one[place] = self.texts[inner]
        return whole[0]


def lift_texts(raw: bytes) -> Lifted:
    """Take the long strings out of a JSON text, except names of members. Raises orjson.JSONDecodeError."""
    if len(raw) <= SLICE:
        return Lifted(raw=raw, texts={})
    mark, kept, texts, done = token_hex(16), list[bytes](), dict[str, str](), 0
    for start, end in _long_texts(raw):
        if _END_OF_NAME.match(raw, end):
            continue
        name = f"{mark}{len(texts)}"
        texts[name] = _read(raw, start, end)
        kept += (raw[done:start], name.encode())
        done = end
    return Lifted(raw=b"".join((*kept, raw[done:])) if texts else raw, texts=texts)


def _long_texts(raw: bytes) -> Iterator[tuple[int, int]]:
    """Where each string with a whole slice inside starts and ends, without its quotes."""
    start, opened, is_long = 0, -1, False
    for piece in slices(raw):
        plain = piece.replace(rb"\\", b"__").replace(rb"\"", b"__")
        quotes = plain.count(b'"')
        if quotes:
            if is_long:
                yield opened + 1, start + plain.find(b'"')
            is_inside = (opened >= 0) ^ (quotes % 2 == 1)
            opened = start + plain.rfind(b'"') if is_inside else -1
        is_long = quotes == 0 and opened >= 0
        start += len(piece)


def _read(raw: bytes, start: int, end: int) -> str:
    cuts = (_cut(raw, near) for near in range(start + SLICE, end, SLICE))
    places = [start, *(cut for cut in cuts if cut is not None), end]
    return "".join(orjson.loads(b'"%b"' % raw[one:other]) for one, other in pairwise(places))


def _cut(raw: bytes, near: int) -> int | None:
    """A place that divides neither an escape nor a character in UTF-8; None if there are escapes all over."""
    mask, continuation = _CONTINUES
    for place in range(near, near - SLICE // 2, -_LONGEST_ESCAPE - 1):
        if raw[place] & mask != continuation and _BACKSLASH not in raw[place - _LONGEST_ESCAPE : place]:
            return place
    return None
