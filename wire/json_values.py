"""The number of values in a JSON text, without making them: short steps, between which other threads run."""

from __future__ import annotations

from typing import Final

_SLICE: Final = 64 * 1024
#: Of each value there is one of them before it, but for the outermost.
_SEPARATORS: Final = b",[{"
_OTHERS: Final = bytes(set(range(256)) - set(_SEPARATORS) - set(b'"'))


def has_more_values(raw: bytes, most: int) -> bool:
    """Whether a JSON text has more values than `most`. An empty array or object counts as two.

    A text that is no JSON may have any number.
    """
    if len(raw) <= most or sum(map(raw.count, (b",", b"[", b"{"))) < most:
        return False  # also if none of them is in a string
    count, inside, start = 1, False, 0
    while start < len(raw) and count <= most:
        end = _end(raw, start)
        quoted = raw[start:end].replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _OTHERS)
        texts = quoted.split(b'"')
        count += len(b"".join(texts[inside::2]))
        inside ^= len(texts) % 2 == 0
        start = end
    return count > most


def _end(raw: bytes, start: int) -> int:
    """The end of the next slice, which divides no escape."""
    end = start + _SLICE
    piece = raw[start:end]
    escapes = len(piece) - len(piece.rstrip(b"\\"))
    return end + escapes % 2
