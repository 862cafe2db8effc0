"""Pictures to show: icons of integrations, and assets by signed address."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

from sqlmodel import col

from models.errors import NotFound
from models.tables import Asset
from models.vocabulary import Permission, UploadPurpose
from resolvers.find import IntegrationRef, get_integration
from resolvers.operation import operation
from resolvers.uploads.fields import image_address
from resolvers.uploads.pieces import content_of
from resolvers.work import Work

#: Purposes of public assets; scripts and documents are not public.
_PICTURES: Final = (UploadPurpose.ICON, UploadPurpose.PREVIEW)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture. `content` is None if the client has it already."""

    content_type: str
    sha256: str
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A picture at an absolute http(s) address that the hub never reads."""

    address: str


@operation(needs=Permission.INTEGRATIONS_READ, reads=True, refuses=(NotFound,))
async def read_icon(work: Work, ref: IntegrationRef, known: Container[str] = ()) -> Picture | Elsewhere:
    """The icon of an integration that the caller may see: the uploaded one, else the address of its `image_url`."""
    integration = await get_integration(work, ref)
    if integration.icon_asset_id is not None:
        return await _picture(work, integration.icon_asset_id, known)
    address = image_address(integration)
    if address is None:
        raise NotFound("icon")
    return Elsewhere(address=address)


@operation(reads=True, refuses=(NotFound,))
async def read_picture(work: Work, asset_id: str, known: Container[str] = ()) -> Picture:
    """A picture in use. `known`: the SHA-256 of contents that the client has, which are not read again."""
    return await _picture(work, asset_id, known)


async def _picture(work: Work, asset_id: str, known: Container[str]) -> Picture:
    used = work.mine(Asset).where(
        col(Asset.id) == asset_id, col(Asset.expires_at).is_(None), col(Asset.purpose).in_(_PICTURES)
    )
    found = await work.first(used)
    if found is None or found.content_type is None or found.sha256 is None:
        raise NotFound("asset")
    if found.sha256 in known:
        return Picture(content_type=found.content_type, sha256=found.sha256, content=None)
    content = await content_of(work, found.id)
    if content is None:  # replaced between the two reads
        raise NotFound("asset")
    return Picture(content_type=found.content_type, sha256=found.sha256, content=content)
