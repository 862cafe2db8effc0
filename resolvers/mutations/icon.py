"""The icon of an integration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from models.tables import Asset, Integration
from models.vocabulary import Permission, UploadPurpose
from resolvers.find import managed_integration
from resolvers.operation import operation
from resolvers.unset import UNSET, Unset
from resolvers.uploading.claim import claim_upload
from resolvers.work import Work

_UPLOAD: Final = ("input", "uploadId")


@dataclass(frozen=True, kw_only=True)
class SetIntegrationIcon:
    """The upload that becomes the icon; None leaves none, and must be said."""

    integration_id: str
    upload_id: str | Unset | None = UNSET


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def set_integration_icon(work: Work, new: SetIntegrationIcon) -> Integration:
    """Set or remove the icon; the one before is gone with its address. Removing none changes nothing."""
    if isinstance(new.upload_id, Unset):
        raise InvalidInput.at(_UPLOAD, "Name an upload, or give null to remove the icon.")
    integration = await managed_integration(work, new.integration_id, path=("input", "integrationId"))
    before = integration.icon_asset_id
    if new.upload_id is None and before is None:
        return integration
    integration.icon_asset_id = await _claim(work, integration, new.upload_id)
    integration.version += 1
    integration.updated_by = work.caller.principal_id
    work.audit(integration, "integration.updated")
    await work.flush()
    await work.session.execute(delete(Asset).where(col(Asset.id) == before))
    return integration


async def _claim(work: Work, integration: Integration, upload_id: str | None) -> str | None:
    if upload_id is None:
        return None
    return (await claim_upload(work, upload_id, UploadPurpose.ICON, integration, path=_UPLOAD)).id
