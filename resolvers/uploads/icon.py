"""The icon of an integration, changed together with its row."""

from __future__ import annotations

from sqlalchemy import delete
from sqlmodel import col

from models.row import new_id
from models.tables import Asset, Integration
from models.vocabulary import UploadPurpose
from resolvers.announcing import announce_update
from resolvers.uploads.content import Content
from resolvers.uploads.pieces import put_content
from resolvers.work import Work


async def replace_icon(work: Work, integration: Integration, asset_id: str | None) -> None:
    """Set or remove the icon. The old icon and its address are removed; the integration's version grows by one."""
    before = integration.icon_asset_id
    integration.icon_asset_id = asset_id
    integration.version += 1
    integration.updated_by = work.caller.principal_id
    work.audit(integration, "integration.updated")
    announce_update(work, integration)
    await work.flush()
    await work.session.execute(delete(Asset).where(col(Asset.id) == before))


async def keep_icon(work: Work, integration: Integration, content: Content) -> str:
    """Store bytes as an icon asset of the integration, without an upload to claim. Answers its id."""
    now = work.now()
    asset = Asset(
        id=new_id(now),
        organization_id=integration.organization_id,
        integration_id=integration.id,
        purpose=UploadPurpose.ICON,
        size=0,
        created_at=now,
    )
    work.add(asset)
    await put_content(work, asset, content)
    return asset.id
