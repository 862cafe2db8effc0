"""Pictures made by hand: right in every length and checksum, of any size in pixels."""

from __future__ import annotations

import struct
import zlib

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><title>Box</title><path d="M0 0h8v8z"/></svg>'


def png(width: int = 2, height: int = 2, *, body: bytes | None = None) -> bytes:
    """Of one grey; `body` in place of its compressed pixels."""
    pixels = zlib.compress(b"\0" * ((width + 1) * height)) if body is None else body
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg(width: int = 2, height: int = 2) -> bytes:
    """Baseline, with a thumbnail's end inside a segment, stuffed bytes and a restart in its scan."""
    exif = b"Exif\0\0\xff\xd9"
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    scan = b"\x01\x01\x00\x00\x3f\x00"
    parts = (b"\xff\xe1", exif), (b"\xff\xc0", frame), (b"\xff\xda", scan)
    segments = b"".join(marker + struct.pack(">H", len(body) + 2) + body for marker, body in parts)
    return b"\xff\xd8" + segments + b"\x12\xff\x00\x34\xff\xd0\x56" + b"\xff\xd9"


def gif(width: int = 2, height: int = 2, *, frame: tuple[int, int] | None = None, comment: bytes = b"") -> bytes:
    """With colours, a comment where one is given, and one frame."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    said = b"!\xfe" + bytes([len(comment)]) + comment + b"\0" if comment else b""
    picture = b"," + struct.pack("<HHHHB", 0, 0, *(frame or (width, height)), 0) + b"\x02\x02\x4c\x01\0"
    return screen + said + picture + b";"


def webp(width: int = 2, height: int = 2, *, kind: bytes = b"VP8L") -> bytes:
    """Lossless (VP8L), lossy (VP8 ) or extended (VP8X, with a picture inside)."""
    pictures = {
        b"VP8L": struct.pack("<BI", 0x2F, width - 1 | height - 1 << 14) + b"\0",
        b"VP8 ": b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height) + b"\0",
        b"VP8X": bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
    }
    body = riff(kind, pictures[kind])
    if kind == b"VP8X":
        body += riff(b"VP8L", struct.pack("<BI", 0x2F, 0))
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def riff(kind: bytes, body: bytes) -> bytes:
    """One even-padded chunk of a RIFF."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


GOOD = {
    "png": (png(), "image/png"),
    "jpeg": (jpeg(), "image/jpeg"),
    "gif": (gif(), "image/gif"),
    "webp lossless": (webp(), "image/webp"),
    "webp lossy": (webp(kind=b"VP8 "), "image/webp"),
    "webp extended": (webp(kind=b"VP8X"), "image/webp"),
    "svg": (SVG, "image/svg+xml"),
}
