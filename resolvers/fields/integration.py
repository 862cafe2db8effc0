"""What faces show of an integration that is no column: pure functions of the row."""

from __future__ import annotations

from models.tables import Integration
from resolvers.caller import Caller


def identifier(integration: Integration) -> str:
    """Its identifier; the slug unless set."""
    return integration.identifier or integration.slug


def owned_by(integration: Integration, caller: Caller) -> bool:
    """Whether the caller's organization owns it."""
    return integration.organization_id == caller.organization_id


def has_client_secret(integration: Integration) -> bool:
    """Whether an OAuth client secret is stored."""
    return integration.client_secret is not None
