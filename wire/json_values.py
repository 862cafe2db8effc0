"""The shape of a JSON text, found without making its values: in short steps, between which other threads run."""

from __future__ import annotations

from typing import Final

from proxy.inputs.json_slices import SLICE, outside_texts, without_texts

#: Of each value there is one of them before it, but for the outermost.
_SEPARATORS: Final = (b",", b"[", b"{")
_BRACKETS: Final = b"[]{}"
_OTHERS: Final = bytes(set(range(256)) - set(_BRACKETS))


def bare_text(raw: bytes, *, most: int) -> bytes | None:
    """A JSON text without its strings; None if it has more than `most` values. A short one may keep its strings.

    An empty array or object counts as two. A text that is no JSON may have any number.
    """
    if len(raw) <= min(SLICE, most):
        return raw
    count, pieces = 1, []
    for piece in outside_texts(raw):
        count += sum(map(piece.count, _SEPARATORS))
        if count > most:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def is_deeper(bare: bytes, levels: int) -> bool:
    """Whether arrays and objects of a JSON text are nested deeper than so many levels."""
    if bare.count(b"[") + bare.count(b"{") <= levels:
        return False
    level = 0
    for sign in without_texts(bare).translate(None, _OTHERS):
        level += 1 if sign in b"[{" else -1
        if level > levels:
            return True
    return False
