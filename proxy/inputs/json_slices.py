"""A JSON text in short pieces: work on each ends soon, and other threads run in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

SLICE: Final = 64 * 1024


def slices(raw: bytes) -> Iterator[bytes]:
    """The text in pieces of 64 kB, one byte more if that would divide an escape."""
    start = 0
    while start < len(raw):
        end = start + SLICE
        piece = raw[start:end]
        escapes = len(piece) - len(piece.rstrip(b"\\"))
        if escapes % 2:
            end += 1
            piece = raw[start:end]
        yield piece
        start = end


def outside_texts(raw: bytes) -> Iterator[bytes]:
    """A JSON text without its strings, piece by piece: numbers, words and signs of structure, in order."""
    inside = False
    for piece in slices(raw):
        texts = piece.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')
        yield b"".join(texts[inside::2])
        inside ^= len(texts) % 2 == 0


def without_texts(raw: bytes) -> bytes:
    """A JSON text without its strings, as a whole."""
    return b"".join(outside_texts(raw))
