"""The icon of an integration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, TooLarge, TooMany
from models.tables import Integration
from models.vocabulary import Permission, UploadPurpose
from resolvers.find import IntegrationRef, managed_integration
from resolvers.hub import Hub
from resolvers.operation import READS, WRITES, exchange, operation
from resolvers.unset import UNSET, Unset
from resolvers.uploads.claim import claim_upload
from resolvers.uploads.content import MOST_BYTES, Content
from resolvers.uploads.icon import keep_icon, replace_icon
from resolvers.uploads.receive import judged, turn
from resolvers.work import Work

_UPLOAD: Final = ("upload_id",)


@dataclass(frozen=True, kw_only=True)
class SetIntegrationIcon:
    """The upload that becomes the icon. None removes the icon; absent is refused."""

    integration_id: str | IntegrationRef
    upload_id: str | Unset | None = UNSET


@dataclass(frozen=True, kw_only=True)
class UploadIntegrationIcon:
    """Bytes that become the icon."""

    integration: IntegrationRef
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Unjudged:
    """Bytes for an integration that the caller may change."""

    integration_id: str
    organization_id: str
    raw: bytes = field(repr=False)


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def set_integration_icon(work: Work, new: SetIntegrationIcon) -> Integration:
    """Set or remove the icon. The old icon and its address are removed. Without an icon, removing changes nothing."""
    if isinstance(new.upload_id, Unset):
        raise InvalidInput.at(_UPLOAD, "Name an upload, or give null to remove the icon.")
    integration = await managed_integration(work, new.integration_id, path=("integration_id",))
    if new.upload_id is None and integration.icon_asset_id is None:
        return integration
    await replace_icon(work, integration, await _claim(work, integration, new.upload_id))
    return integration


async def load_unjudged(work: Work, new: UploadIntegrationIcon) -> Unjudged:
    """Find the integration. The bytes are not read."""
    integration = await managed_integration(work, new.integration)
    return Unjudged(integration_id=integration.id, organization_id=integration.organization_id, raw=new.content)


async def judge_icon(hub: Hub, given: Unjudged) -> Content:
    """Judge the bytes. Raises TooLarge, TooMany and InvalidInput."""
    most = MOST_BYTES[UploadPurpose.ICON]
    if len(given.raw) > most:
        raise TooLarge(most)
    async with turn(hub, given.organization_id):
        return await judged(UploadPurpose.ICON, given.raw, ("content",))


@exchange(
    load_unjudged,
    judge_icon,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(NotFound, InvalidInput, Forbidden, TooLarge, TooMany),
)
async def upload_integration_icon(work: Work, given: Unjudged, content: Content) -> Integration:
    """Set the icon to bytes of the request. The old icon and its address are removed."""
    integration = await managed_integration(work, given.integration_id)
    await replace_icon(work, integration, await keep_icon(work, integration, content))
    return integration


async def _claim(work: Work, integration: Integration, upload_id: str | None) -> str | None:
    if upload_id is None:
        return None
    return (await claim_upload(work, upload_id, UploadPurpose.ICON, integration, path=_UPLOAD)).id
