"""The number of values in a JSON text, without making them: short steps, between which other threads run."""

from __future__ import annotations

from typing import Final

from proxy.inputs.json_slices import slices

#: Of each value there is one of them before it, but for the outermost.
_SEPARATORS: Final = b",[{"
_OTHERS: Final = bytes(set(range(256)) - set(_SEPARATORS) - set(b'"'))


def has_more_values(raw: bytes, most: int) -> bool:
    """Whether a JSON text has more values than `most`. An empty array or object counts as two.

    A text that is no JSON may have any number.
    """
    if len(raw) <= most or sum(map(raw.count, (b",", b"[", b"{"))) < most:
        return False  # also if none of them is in a string
    count, inside = 1, False
    for piece in slices(raw):
        quoted = piece.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _OTHERS)
        texts = quoted.split(b'"')
        count += len(b"".join(texts[inside::2]))
        inside ^= len(texts) % 2 == 0
        if count > most:
            break
    return count > most
