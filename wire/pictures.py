"""Headers for pictures that users uploaded: the browser shows them in a sandbox."""

from __future__ import annotations

from typing import Final

_EXTENSIONS: Final = {
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/webp": "webp",
}
#: An SVG opened by itself is a document: the sandbox denies it scripts, an origin and external resources.
_SANDBOX: Final = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "cross-origin",
}


def picture_headers(content_type: str, sha256: str, *, cache: str) -> dict[str, str]:
    """`cache`: the Cache-Control. The content type is not included: a 304 has none."""
    return {
        **_SANDBOX,
        "cache-control": cache,
        "etag": f'"{sha256}"',
        "content-disposition": f'inline; filename="icon.{_EXTENSIONS[content_type]}"',
    }
