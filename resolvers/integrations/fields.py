"""Fields of integrations that are not columns: pure functions of the row."""

from __future__ import annotations

from models.tables import Integration
from resolvers.caller import Caller
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
    """The hub's own address of the icon, for an `<img>` that has no token; None without an icon."""
    if integration.icon_asset_id is None:
        return None
    hub = caller.hub
    return hub.public_url + asset_path(hub.keyring, integration.organization_id, integration.icon_asset_id)
