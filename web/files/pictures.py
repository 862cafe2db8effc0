"""Pictures for browsers: cached for ever, shown in a sandbox."""

from __future__ import annotations

from starlette.responses import Response

from resolvers.hub import Hub
from resolvers.uploads.links import AssetLink, link_caller
from resolvers.uploads.queries import read_picture
from wire.etags import known_tags
from wire.pictures import picture_headers


async def serve(hub: Hub, link: AssetLink, if_none_match: str | None) -> Response:
    """The picture, or 304 if `If-None-Match` names its digest (RFC 9110 §13.1.2).

    Raises NotFound, also for a wrong signature.
    """
    picture = await read_picture(link_caller(hub, link), link.asset_id, known_tags(if_none_match))
    headers = picture_headers(picture.content_type, picture.sha256, cache="public, max-age=31536000, immutable")
    if picture.content is None:
        return Response(status_code=304, headers=headers)
    return Response(picture.content, headers={**headers, "content-type": picture.content_type})
