"""Raster pictures: PNG, JPEG, GIF and WebP are walked from end to end and never decoded."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from typing import Final

from resolvers.uploads.unfit import Unfit

#: Longest side in pixels. A browser that shows many larger pictures would allocate gigabytes.
MOST_PIXELS_A_SIDE: Final = 4096

#: A marker in a JPEG's entropy-coded data that ends it: stuffed zeros and restarts do not (ITU T.81 §B.1.1.5).
_JPEG_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_NO_FRAME: Final = frozenset({0xC4, 0xC8, 0xCC})
_BROKEN: Final = "The picture is broken."


def raster_type(content: bytes) -> str | None:
    """The content type; None if the bytes begin like none of these pictures.

    Raises Unfit for a picture that is cut off, has bytes after its end, or has a side longer than the limit.
    """
    for signature, content_type, walk in _FORMATS:
        if signature.match(content):
            cursor = _Cursor(content)
            walk(cursor)
            if not cursor.measured:
                raise Unfit(_BROKEN)
            if cursor.rest:
                raise Unfit("There are bytes after the end of the picture.")
            return content_type
    return None


class _Cursor:
    """A position in the bytes, which only moves forward; it notes whether the picture has claimed a size."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0
        self.measured = False

    def take(self, count: int) -> bytes:
        """The next bytes."""
        piece = self.content[self.at : self.at + count]
        if len(piece) != count:
            raise Unfit("The picture is cut off.")
        self.at += count
        return piece

    def unpack(self, form: str) -> tuple[int, ...]:
        """The next numbers."""
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def measure(self, width: int, height: int) -> None:
        """Note a size that the picture claims."""
        if not (0 < width <= MOST_PIXELS_A_SIDE and 0 < height <= MOST_PIXELS_A_SIDE):
            most = MOST_PIXELS_A_SIDE
            raise Unfit(f"The picture is {width} x {height} pixels; at most {most} x {most} are allowed.")
        self.measured = True

    @property
    def rest(self) -> int:
        """The number of bytes left."""
        return len(self.content) - self.at


def _png(png: _Cursor) -> None:
    """W3C PNG §5: a signature, then chunks with checksums, IHDR first and IEND last."""
    png.take(8)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", png.take(8))
        body = png.take(length)
        if zlib.crc32(kind + body) != png.unpack(">I")[0] or (kind == b"IHDR") == png.measured:
            raise Unfit(_BROKEN)
        if kind == b"IHDR":
            png.measure(*_Cursor(body).unpack(">II"))


def _jpeg(jpeg: _Cursor) -> None:
    """ITU T.81 Annex B: segments with lengths, and after a scan's header data up to the next marker."""
    jpeg.take(2)
    while (marker := _jpeg_marker(jpeg)) != 0xD9:
        body = _Cursor(jpeg.take(max(jpeg.unpack(">H")[0] - 2, 0)))
        if 0xC0 <= marker <= 0xCF and marker not in _JPEG_NO_FRAME:
            _, height, width = body.unpack(">BHH")
            jpeg.measure(width, height)
        if marker == 0xDA:
            end = _JPEG_MARKER.search(jpeg.content, jpeg.at)
            jpeg.at = end.start() if end else len(jpeg.content)


def _jpeg_marker(jpeg: _Cursor) -> int:
    first, marker = jpeg.unpack("BB")
    while marker == 0xFF:  # any number of them may fill up (§B.1.1.2)
        marker = jpeg.unpack("B")[0]
    if first != 0xFF or marker == 0:
        raise Unfit(_BROKEN)
    return marker


def _gif(gif: _Cursor) -> None:
    """GIF89a §17–27: a screen, then extensions and pictures in sub-blocks, then the trailer."""
    gif.take(6)
    width, height, flags, _, _ = gif.unpack("<HHBBB")
    gif.measure(width, height)
    _skip_colours(gif, flags)
    while (kind := gif.take(1)) != b";":
        if kind == b",":
            _, _, width, height, flags = gif.unpack("<HHHHB")
            gif.measure(width, height)
            _skip_colours(gif, flags)
        elif kind != b"!":
            raise Unfit(_BROKEN)
        gif.take(1)
        while count := gif.take(1)[0]:
            gif.take(count)


def _skip_colours(gif: _Cursor, flags: int) -> None:
    if flags & 0x80:
        gif.take(3 << (flags & 7) + 1)


def _webp(webp: _Cursor) -> None:
    """RFC 9649 §2: a RIFF of even-padded chunks whose announced size is the file's."""
    size, _ = struct.unpack("<4xI4s", webp.take(12))
    if size != webp.rest + 4:
        raise Unfit("The picture is cut off, or there are bytes after its end.")
    while webp.rest:
        kind, length = struct.unpack("<4sI", webp.take(8))
        body = _Cursor(webp.take(length))
        webp.take(length & 1)
        if kind in _WEBP_SIZES:
            webp.measure(*_WEBP_SIZES[kind](body))


def _vp8(body: _Cursor) -> tuple[int, int]:
    """RFC 6386 §9.1: the frame's tag, a start code, then 14 bits each."""
    tag, width, height = struct.unpack("<3x3sHH", body.take(10))
    if tag != b"\x9d\x01\x2a":
        raise Unfit(_BROKEN)
    return width & 0x3FFF, height & 0x3FFF


def _vp8l(body: _Cursor) -> tuple[int, int]:
    """RFC 9649 §3.4: a signature, then 14 bits each, less one."""
    signature, bits = body.unpack("<BI")
    if signature != 0x2F:
        raise Unfit(_BROKEN)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _canvas(body: _Cursor) -> tuple[int, int]:
    """RFC 9649 §2.7: flags, then 24 bits each, less one. A frame of an animation has them two bytes further."""
    sizes = body.take(10)[4:]
    return int.from_bytes(sizes[:3], "little") + 1, int.from_bytes(sizes[3:], "little") + 1


def _frame(body: _Cursor) -> tuple[int, int]:
    body.take(2)
    return _canvas(body)


_WEBP_SIZES: Final = {b"VP8X": _canvas, b"VP8 ": _vp8, b"VP8L": _vp8l, b"ANMF": _frame}
_FORMATS: Final[tuple[tuple[re.Pattern[bytes], str, Callable[[_Cursor], None]], ...]] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", _png),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", _jpeg),
    (re.compile(rb"GIF8[79]a"), "image/gif", _gif),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp", _webp),
)
