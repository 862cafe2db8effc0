"""Fields of publications that are not columns: pure functions of the row."""

from __future__ import annotations

from models.tables import Publication
from resolvers.caller import Caller
from resolvers.uploads.links import asset_path


def preview_image_urls(publication: Publication, caller: Caller) -> tuple[str, ...]:
    """The hub's own addresses of the previews, which need no token."""
    hub = caller.hub
    paths = (asset_path(hub.keyring, publication.organization_id, one) for one in publication.preview_asset_ids)
    return tuple(hub.public_url + path for path in paths)


def published_by(publication: Publication, caller: Caller) -> bool:
    """Whether the caller's organization publishes it."""
    return publication.organization_id == caller.organization_id
