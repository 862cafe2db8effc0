"""Addresses of pictures that a browser can load without a token: signed, each for one asset of one organization."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from models.errors import NotFound
from models.secret import Keyring
from models.vocabulary import Source
from resolvers import base64url
from resolvers.caller import Caller
from resolvers.hub import Hub

_PURPOSE: Final = "asset"
_MAC_BYTES: Final = 16  # 128 bits cannot be guessed


@dataclass(frozen=True, kw_only=True)
class AssetLink:
    """The parts of an address, not yet verified."""

    organization_id: str
    asset_id: str
    signature: str


def asset_path(keyring: Keyring, organization_id: str, asset_id: str) -> str:
    """The path below the hub's own address. It always shows the same picture: an asset's content never changes."""
    return f"/assets/{organization_id}/{asset_id}/{_signature(keyring.derive(_PURPOSE), organization_id, asset_id)}"


def is_asset_address(address: str, organization_id: str) -> bool:
    """Whether this is the address of an asset of the organization, at any address that the hub has or had."""
    return f"/assets/{organization_id}/" in address


def link_caller(hub: Hub, link: AssetLink) -> Caller:
    """The holder of an address: a caller of the asset's organization without any permission.

    Raises NotFound for a signature that no key of the ring has made.
    """
    given = link.signature.encode()
    expected = [
        _signature(key, link.organization_id, link.asset_id).encode() for key in hub.keyring.derive_each(_PURPOSE)
    ]
    if not any(hmac.compare_digest(given, one) for one in expected):
        raise NotFound("asset")
    return Caller(hub=hub, source=Source.HUB, organization_id=link.organization_id, actor_name="link")


def _signature(key: bytes, organization_id: str, asset_id: str) -> str:
    mac = hmac.digest(key, f"{organization_id}/{asset_id}".encode(), "sha256")[:_MAC_BYTES]
    return base64url.encode(mac)
