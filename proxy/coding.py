"""Content codings of answers: decoded as a whole or not at all, within a size (RFC 9110 §8.4)."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Generator, Sequence
from typing import Final

from proxy.inflight import Share

_FEED: Final = 64 * 1024
_SLICE: Final = 256 * 1024
_GZIP: Final = frozenset({"gzip", "x-gzip"})  # RFC 9110 §8.4.1.3
_MAGIC: Final = b"\x1f\x8b"
_MOST_CODINGS: Final = 3
_MOST_MEMBERS: Final = 1000

Pieces = Generator[bytes, None, None]


class BrokenCoding(Exception):
    """The body is not encoded as its head says, or ends early."""


class DecodedTooLarge(Exception):
    """The decoded body is larger than allowed."""


def codings_of(values: Sequence[str]) -> tuple[str, ...]:
    """The codings of `Content-Encoding` to undo, the last first; none if one of them is unknown: all stay."""
    found = [name.strip().lower() for value in values for name in value.split(",")]
    codings = tuple(name for name in reversed(found) if name not in ("", "identity"))
    known = len(codings) <= _MOST_CODINGS and all(name in _GZIP or name == "deflate" for name in codings)
    return codings if known else ()


async def decoded(body: bytes, codings: Sequence[str], most: int, share: Share) -> bytes:
    """The body without its codings; its bytes are counted in `share`. Lets others run between pieces.

    Raises BrokenCoding, and DecodedTooLarge for more than `most` bytes.
    """
    for coding in codings:
        if body:
            body = await _joined(_gunzipped(body) if coding in _GZIP else _inflated(body), most, share)
    return body


async def _joined(pieces: Pieces, most: int, share: Share) -> bytes:
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise DecodedTooLarge
        kept.append(piece)
        await share.room(len(piece))
        if len(kept) > 1:
            await asyncio.sleep(0)
    return kept[0] if len(kept) == 1 else b"".join(kept)


def _gunzipped(body: bytes) -> Pieces:
    """Every member with its checksum (RFC 1952 §2.2 and §2.3.1). Bytes after the last that are none are ignored."""
    rest = memoryview(body)
    for _ in range(_MOST_MEMBERS):
        used = yield from _unpacked(rest, zlib.MAX_WBITS | 16)
        rest = rest[used:]
        if bytes(rest[:2]) != _MAGIC:
            return
    raise BrokenCoding(f"more than {_MOST_MEMBERS} members of gzip")


def _inflated(body: bytes) -> Pieces:
    """With the head of zlib, as RFC 9110 §8.4.1.2 says, or without it, as some servers send it."""
    has_head = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    yield from _unpacked(memoryview(body), zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS)


def _unpacked(packed: memoryview, window: int) -> Generator[bytes, None, int]:
    """Pieces of at most a slice. Returns the number of bytes that belonged to the stream."""
    unpacking = zlib.decompressobj(window)
    place = 0
    while not unpacking.eof:
        fed: bytes | memoryview = unpacking.unconsumed_tail
        if not fed:
            fed = packed[place : place + _FEED]
            place += len(fed)
        try:
            piece = unpacking.decompress(fed, _SLICE)
        except zlib.error as error:
            raise BrokenCoding(str(error)) from error
        if not piece and not fed:
            raise BrokenCoding("it ends early")
        yield piece
    return place - len(unpacking.unused_data)
