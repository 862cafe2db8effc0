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


def secret_names(publication: Publication, caller: Caller) -> list[str] | None:
    """The names of the stored secrets; None for another organization's app."""
    return publication.secret_names if published_by(publication, caller) else None


def events_url(publication: Publication, caller: Caller) -> str | None:
    """The app's own address for events; None without one, and for another organization's app."""
    return publication.events_url if published_by(publication, caller) else None


def in_development(publication: Publication, caller: Caller) -> Publication | None:
    """The publication while its tunnel takes events; None for another organization's app."""
    until = publication.tunnel_until
    goes_on = publication.tunnel_url is not None and until is not None and until > caller.hub.clock()
    return publication if goes_on and published_by(publication, caller) else None
