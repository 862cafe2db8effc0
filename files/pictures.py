"""Pictures for browsers: kept for ever, and in a sandbox whatever is in them."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from resolvers.caller import Hub
from resolvers.queries.asset import read_picture
from resolvers.uploading.links import AssetLink, link_caller

_TAG: Final = re.compile(r'"([0-9a-f]{64})"')
_EXTENSIONS: Final = {
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/webp": "webp",
}
#: An SVG that is opened by itself is a document: it gets no scripts, no origin and nothing from outside.
_SANDBOX: Final = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "cross-origin",
}


async def serve(hub: Hub, link: AssetLink, if_none_match: str | None) -> Response:
    """The picture, or 304 where its digest is among those of `If-None-Match` (RFC 9110 §13.1.2).

    Raises NotFound, for a wrong signature too.
    """
    known = _TAG.findall(if_none_match or "")
    picture = await read_picture(link_caller(hub, link), link.asset_id, known)
    headers = {
        **_SANDBOX,
        "cache-control": "public, max-age=31536000, immutable",
        "etag": f'"{picture.sha256}"',
        "content-disposition": f'inline; filename="icon.{_EXTENSIONS[picture.content_type]}"',
    }
    if picture.content is None:
        return Response(status_code=304, headers=headers)
    return Response(picture.content, headers={**headers, "content-type": picture.content_type})
