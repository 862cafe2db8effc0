"""Fields of integrations that are not columns: pure functions of the row."""

from __future__ import annotations

from models.tables import Integration
from resolvers.caller import Caller
from resolvers.uploads.fields import image_address
from resolvers.uploads.links import asset_path


def identifier(integration: Integration) -> str:
    """The identifier; the slug if none is set."""
    return integration.identifier or integration.slug


def owned_by(integration: Integration, caller: Caller) -> bool:
    """Whether the caller's organization owns it."""
    return integration.organization_id == caller.organization_id


def has_client_secret(integration: Integration) -> bool:
    """Whether an OAuth client secret is stored."""
    return integration.client_secret is not None


def icon_url(integration: Integration, caller: Caller) -> str | None:
    """The address of a picture for an `<img>`: the uploaded icon, else `image_url` if it is an absolute https one."""
    uploaded = uploaded_icon_url(integration, caller)
    return uploaded or image_address(integration, schemes=("https",))


def image_url(integration: Integration, caller: Caller) -> str | None:
    """`image_url` as it was given; else the hub's own address of the uploaded icon; None without either."""
    return integration.image_url or uploaded_icon_url(integration, caller)


def uploaded_icon_url(integration: Integration, caller: Caller) -> str | None:
    """The hub's own address of the uploaded icon, which needs no token; None without one."""
    if integration.icon_asset_id is None:
        return None
    hub = caller.hub
    return hub.public_url + asset_path(hub.keyring, integration.organization_id, integration.icon_asset_id)
