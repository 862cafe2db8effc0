"""Content codings of answers: undone wholly or not at all, in pieces (RFC 9110 §8.4)."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Generator, Iterable, Sequence
from math import inf
from typing import Final, Protocol

from proxy.inflight import Share

_FEED: Final = 64 * 1024
_SLICE: Final = 256 * 1024
_GZIP: Final = frozenset({"gzip", "x-gzip"})  # RFC 9110 §8.4.1.3
#: What servers write of a body that is not encoded; the last two belong to other headers.
_NONE: Final = frozenset({"", "identity", "none", "utf-8", "binary"})
_MAGIC: Final = b"\x1f\x8b"
_HEAD_BYTES: Final = 2
_MOST_CODINGS: Final = 3
_MOST_MEMBERS: Final = 1000
_MOST_AFTER: Final = 1024 * 1024

Pieces = Generator[bytes, None, None]


class BrokenCoding(Exception):
    """The body is not encoded as its head says, or ends early."""


class DecodedTooLarge(Exception):
    """The decoded body is larger than allowed."""


def codings_of(values: Sequence[str]) -> tuple[str, ...]:
    """The codings of `Content-Encoding` to undo, the last first; none if one of them is unknown: all stay."""
    found = [name.strip().lower() for value in values for name in value.split(",")]
    codings = tuple(name for name in reversed(found) if name not in _NONE)
    known = len(codings) <= _MOST_CODINGS and all(name in _GZIP or name == "deflate" for name in codings)
    return codings if known else ()


class Decoding(Protocol):
    """Undoes one coding, piece by piece."""

    def feed(self, data: bytes | memoryview) -> Pieces:
        """The pieces that these bytes decode to, of at most 256 kB each. Raises BrokenCoding."""
        ...

    def end(self) -> None:
        """The body has ended. Raises BrokenCoding if the encoded one has not."""
        ...


def decoding_of(coding: str, *, most_members: float = inf) -> Decoding:
    """The decoding for a name that `codings_of` answers. `most_members`: of gzip, each of which costs time."""
    return _Gunzipping(most_members) if coding in _GZIP else _Inflating()


def is_plain(values: Iterable[str]) -> bool:
    """Whether `Content-Encoding` names no coding but `identity` (RFC 9110 §12.5.3), or words that are none."""
    return all(name.strip().lower() in _NONE for value in values for name in value.split(","))


async def decoded(body: bytes, codings: Sequence[str], most: int, share: Share) -> bytes:
    """The body without its codings; its bytes are counted in `share`. Lets others run between pieces.

    Raises BrokenCoding, and DecodedTooLarge for more than `most` bytes.
    """
    for coding in codings:
        if body:
            body = await _whole(body, decoding_of(coding, most_members=_MOST_MEMBERS), most, share)
    return body


async def _whole(body: bytes, decoding: Decoding, most: int, share: Share) -> bytes:
    kept: list[bytes] = []
    size = 0
    for start in range(0, len(body), _FEED):
        if start:
            await asyncio.sleep(0)
        for piece in decoding.feed(memoryview(body)[start : start + _FEED]):
            size += len(piece)
            if size > most:
                raise DecodedTooLarge
            kept.append(piece)
            await share.room(len(piece))
            if len(kept) > 1:
                await asyncio.sleep(0)
    decoding.end()
    return kept[0] if len(kept) == 1 else b"".join(kept)


class _Gunzipping:
    """Every member with its checksum (RFC 1952 §2.2 and §2.3.1). Bytes after the last that are none are ignored."""

    def __init__(self, most_members: float) -> None:
        self._member: _Unpacking | None = None
        self._most_members = most_members
        self._members = 0
        self._held = b""
        self._is_over = False
        self._after = 0

    def feed(self, data: bytes | memoryview) -> Pieces:
        data = b"".join((self._held, data)) if self._held else data
        self._held = b""
        while data and not self._is_over:
            if self._member is None:
                if self._members and len(data) < len(_MAGIC):
                    self._held = bytes(data)
                    return
                self._begin(data)
            if self._member is not None:
                data = yield from self._member.feed(data)
                self._member = None if self._member.is_over else self._member
        self._after += len(data)
        if self._after > _MOST_AFTER:
            raise BrokenCoding("more than 1 MB follows the end of the gzip")

    def end(self) -> None:
        if self._member is not None:
            raise BrokenCoding("the gzip ends early")

    def _begin(self, data: bytes | memoryview) -> None:
        if self._members and bytes(data[:2]) != _MAGIC:
            self._is_over = True
            return
        if self._members >= self._most_members:
            raise BrokenCoding(f"more than {self._most_members} members of gzip")
        self._members += 1
        self._member = _Unpacking(zlib.MAX_WBITS | 16, "gzip")


class _Inflating:
    """With the head of zlib, as RFC 9110 §8.4.1.2 says, or without it, as some servers send it."""

    def __init__(self) -> None:
        self._stream: _Unpacking | None = None
        self._held = b""

    def feed(self, data: bytes | memoryview) -> Pieces:
        if self._stream is None:
            data = b"".join((self._held, data))
            if len(data) < _HEAD_BYTES:
                self._held = bytes(data)
                return
            has_head = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._stream = _Unpacking(zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS, "deflate")
        if not self._stream.is_over:
            yield from self._stream.feed(data)

    def end(self) -> None:
        if self._held if self._stream is None else not self._stream.is_over:
            raise BrokenCoding("the deflate ends early")


class _Unpacking:
    """One compressed stream."""

    def __init__(self, window: int, name: str) -> None:
        self._stream = zlib.decompressobj(window)
        self._name = name

    @property
    def is_over(self) -> bool:
        return self._stream.eof

    def feed(self, data: bytes | memoryview) -> Generator[bytes, None, bytes]:
        """Pieces of at most a slice. Returns the bytes after the stream."""
        while True:
            try:
                piece = self._stream.decompress(data, _SLICE)
            except zlib.error as error:
                raise BrokenCoding(f"it is no sound {self._name}: {_words(error)}") from error
            if piece:
                yield piece
            if self._stream.eof:
                return self._stream.unused_data
            data = self._stream.unconsumed_tail
            if not data and len(piece) < _SLICE:
                return b""


def _words(error: zlib.error) -> str:
    """`incorrect header check` of `Error -3 while decompressing data: incorrect header check`."""
    return str(error).rpartition(": ")[2]
