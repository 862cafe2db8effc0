"""Uploads as rows: find and count the open ones of an organization, and claim one for an integration."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlmodel import col

from models.errors import Conflict, InvalidInput, NotFound, Path, TooMany
from models.row import is_id
from models.tables import Asset, Integration
from models.vocabulary import UploadPurpose
from resolvers.work import Work

#: Limit of unused uploads of one organization.
MOST_OPEN: Final = 20


async def open_upload(work: Work, upload_id: str, *, path: Path | None = None) -> Asset:
    """An upload that waits to be filled or used, locked. Raises NotFound; Conflict if it was used."""
    mine = work.mine(Asset).where(col(Asset.id) == upload_id).with_for_update()
    found = await work.first(mine) if is_id(upload_id) else None
    if found is None:
        raise NotFound("upload", path=path)
    if found.expires_at is None:
        raise Conflict("This upload was used already; create another one.", path=path)
    if found.expires_at <= work.now():
        raise NotFound("upload", path=path)
    return found


async def claim_upload(
    work: Work, upload_id: str, purpose: UploadPurpose, integration: Integration, *, path: Path
) -> Asset:
    """Give an upload to an integration, once. Raises NotFound, Conflict, and InvalidInput at `path`."""
    upload = await open_upload(work, upload_id, path=path)
    if upload.purpose is not purpose:
        raise InvalidInput.at(path, f"This upload is for {upload.purpose}, not for {purpose}.")
    if upload.filled_at is None:
        raise InvalidInput.at(path, "This upload has no bytes yet; put them at its address first.")
    upload.integration_id = integration.id
    upload.expires_at = None
    return upload


async def claim_stored(work: Work, asset_id: str, integration: Integration) -> str:
    """Give an integration an asset that was stored ahead. Answers its id. Raises NotFound once it has expired."""
    asset = await open_upload(work, asset_id)
    asset.integration_id, asset.filled_at, asset.expires_at = integration.id, work.now(), None
    return asset.id


async def refuse_too_many(work: Work) -> None:
    """Raise TooMany if the organization has MOST_OPEN open uploads."""
    waiting = select(func.count()).where(
        col(Asset.organization_id) == work.organization_id, col(Asset.expires_at) > work.now()
    )
    if (await work.session.execute(waiting)).scalar_one() >= MOST_OPEN:
        raise TooMany(f"There are {MOST_OPEN} unused uploads already; use them, or wait until they expire.")
