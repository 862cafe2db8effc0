"""The content type of bytes: judged by the bytes alone, never by a file name or a declared type."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from models.vocabulary import UploadPurpose
from resolvers.uploads.raster import raster_type
from resolvers.uploads.svg import check_svg
from resolvers.uploads.unfit import Unfit

_MB: Final = 1024 * 1024

#: Largest size of an upload in bytes, by purpose.
MOST_BYTES: Final = {
    UploadPurpose.ICON: 1 * _MB,
    UploadPurpose.PREVIEW: 2 * _MB,
    UploadPurpose.SCRIPT: 16 * _MB,
    UploadPurpose.DOCUMENT: 64 * _MB,
    UploadPurpose.TEMPLATE: 64 * _MB,
    UploadPurpose.FILE: 8 * _MB,
}


@dataclass(frozen=True, kw_only=True)
class Content:
    """Bytes that fit their purpose."""

    raw: bytes = field(repr=False)
    content_type: str
    sha256: str


def judge(purpose: UploadPurpose, raw: bytes) -> Content:
    """Find the content type of bytes. Raises Unfit if the purpose does not allow them. Slow: run it in a thread."""
    if not raw:
        raise Unfit("There are no bytes; send the content.")
    return Content(raw=raw, content_type=_KINDS[purpose](raw), sha256=hashlib.sha256(raw).hexdigest())


def _icon(raw: bytes) -> str:
    found = raster_type(raw)
    if found is not None:
        return found
    if not raw.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise Unfit("It must be a PNG, JPEG, GIF, WebP or SVG picture.")
    check_svg(raw)
    return "image/svg+xml"


def _preview(raw: bytes) -> str:
    found = raster_type(raw)
    if found is None:
        raise Unfit("It must be a PNG, JPEG, GIF or WebP picture.")
    return found


def _script(raw: bytes) -> str:
    _check_text(raw)
    return "text/javascript"


def _document(raw: bytes) -> str:
    _check_text(raw)
    is_json = raw.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))
    return "application/json" if is_json else "application/yaml"


def _template(raw: bytes) -> str:
    if not raw.startswith(b"PK\x03\x04"):
        raise Unfit("It must be a zip file.")
    return "application/zip"


def _check_text(raw: bytes) -> None:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as cause:
        raise Unfit("It must be text in UTF-8.") from cause
    if b"\0" in raw:
        raise Unfit("It must be text, without the character NUL.")


_KINDS: Final[dict[UploadPurpose, Callable[[bytes], str]]] = {
    UploadPurpose.ICON: _icon,
    UploadPurpose.PREVIEW: _preview,
    UploadPurpose.SCRIPT: _script,
    UploadPurpose.DOCUMENT: _document,
    UploadPurpose.TEMPLATE: _template,
    UploadPurpose.FILE: lambda _: "application/octet-stream",
}
