"""Raster pictures: PNG, JPEG, GIF and WebP are known by their first bytes, and measured by their headers."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Final

from resolvers.uploads.unfit import Unfit

#: Longest side in pixels. A browser that shows many larger pictures would allocate gigabytes.
MOST_PIXELS_A_SIDE: Final = 4096

#: The next marker of a JPEG: programs skip what lies before it, and fill bytes (ITU T.81 §B.1.1.2).
_JPEG_MARKER: Final = re.compile(rb"\xff([^\x00\xff])")
_JPEG_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_NO_FRAME: Final = frozenset({0xC4, 0xC8, 0xCC})
_JPEG_ENDS: Final = frozenset({0xD9, 0xDA})
_BROKEN: Final = "The picture is broken, or cut off before its size."

#: Width and height in pixels.
Size = tuple[int, int]


def raster_type(content: bytes) -> str | None:
    """The content type; None if the bytes begin like none of these pictures.

    Programs show a picture that is padded, cut off, without its trailer or followed by other pictures (MPO): only
    its header is read. Raises Unfit for a header that is broken, or for a side longer than the limit.
    """
    for signature, content_type, measure in _FORMATS:
        if signature.match(content):
            try:
                _check(measure(content))
            except (struct.error, IndexError) as cause:
                raise Unfit(_BROKEN) from cause
            return content_type
    return None


def _check(size: Size) -> None:
    width, height = size
    most = MOST_PIXELS_A_SIDE
    if not (0 < width <= most and 0 < height <= most):
        raise Unfit(f"The picture is {width} x {height} pixels; at most {most} x {most} are allowed.")


def _png(content: bytes) -> Size:
    """W3C PNG §5: after the signature and a length the chunk IHDR."""
    kind, width, height = struct.unpack_from(">4sII", content, 12)
    if kind != b"IHDR":
        raise Unfit(_BROKEN)
    return width, height


def _jpeg(content: bytes) -> Size:
    """ITU T.81 Annex B: segments with lengths, among them a frame header before the first scan."""
    at = 2
    while found := _JPEG_MARKER.search(content, at):
        marker, at = found[1][0], found.end()
        if marker in _JPEG_ENDS:
            break
        if 0xC0 <= marker <= 0xCF and marker not in _JPEG_NO_FRAME:
            height, width = struct.unpack_from(">3xHH", content, at)
            return width, height
        if marker not in _JPEG_WITHOUT_LENGTH:
            at += struct.unpack_from(">H", content, at)[0]
    raise Unfit(_BROKEN)


def _gif(content: bytes) -> Size:
    """GIF89a §17-27: a screen, then extensions in sub-blocks, then the first picture, which browsers show whole."""
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while content[at] == 0x21:
        at += 2
        while count := content[at]:
            at += 1 + count
        at += 1
    if content[at] != 0x2C:
        raise Unfit(_BROKEN)
    _check((width, height))
    width, height = struct.unpack_from("<HH", content, at + 5)
    return width, height


def _webp(content: bytes) -> Size:
    """RFC 9649 §2: the first chunk of the RIFF has the size, in one of three forms."""
    measure = _WEBP.get(content[12:16])
    if measure is None:
        raise Unfit(_BROKEN)
    return measure(content)


def _vp8(content: bytes) -> Size:
    """RFC 6386 §9.1: the frame's tag, a start code, then 14 bits each."""
    code, width, height = struct.unpack_from("<3sHH", content, 23)
    if code != b"\x9d\x01\x2a":
        raise Unfit(_BROKEN)
    return width & 0x3FFF, height & 0x3FFF


def _vp8l(content: bytes) -> Size:
    """RFC 9649 §3.4: a signature, then 14 bits each, less one."""
    signature, bits = struct.unpack_from("<BI", content, 20)
    if signature != 0x2F:
        raise Unfit(_BROKEN)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _vp8x(content: bytes) -> Size:
    """RFC 9649 §2.7: flags, then 24 bits each of the canvas, less one."""
    low_width, high_width, low_height, high_height = struct.unpack_from("<HBHB", content, 24)
    return (low_width | high_width << 16) + 1, (low_height | high_height << 16) + 1


_WEBP: Final[dict[bytes, Callable[[bytes], Size]]] = {b"VP8X": _vp8x, b"VP8 ": _vp8, b"VP8L": _vp8l}
_FORMATS: Final[tuple[tuple[re.Pattern[bytes], str, Callable[[bytes], Size]], ...]] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", _png),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", _jpeg),
    (re.compile(rb"GIF8[79]a"), "image/gif", _gif),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp", _webp),
)
