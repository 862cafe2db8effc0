"""The bytes of assets, in pieces of half a megabyte: SQLite's one writer is free again after each of them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlmodel import col

from models.row import new_id
from models.tables import Asset, AssetPiece
from models.vocabulary import UploadPurpose
from resolvers.hub import Hub
from resolvers.uploads.content import Content
from resolvers.work import Work

PIECE_BYTES: Final = 512 * 1024
#: An asset that is stored ahead and used by nobody goes after this time.
LIFETIME_MS: Final = 3_600_000


async def put_content(work: Work, asset: Asset, content: Content) -> None:
    """Write the content of an asset, once, in the present transaction."""
    _describe(asset, content)
    asset.filled_at = work.now()
    await work.flush()
    await work.session.execute(insert(AssetPiece), _pieces(asset, content.raw))


async def content_of(work: Work, asset_id: str) -> bytes | None:
    """The bytes of an asset; None if it has none, or is gone."""
    pieces = select(col(AssetPiece.content)).where(col(AssetPiece.asset_id) == asset_id)
    found = (await work.session.execute(pieces.order_by(col(AssetPiece.position)))).scalars().all()
    return b"".join(found) or None


async def store_ahead(hub: Hub, organization_id: str, purpose: UploadPurpose, content: Content) -> str:
    """Store an asset outside of any transaction, piece by piece. Answers its id; `claim_stored` puts it to use.

    Nobody can use it otherwise, and it expires like an upload.
    """
    now = hub.clock()
    asset = Asset(
        id=new_id(now),
        organization_id=organization_id,
        purpose=purpose,
        size=0,
        created_at=now,
        expires_at=now + LIFETIME_MS,
    )
    _describe(asset, content)
    asset_id, pieces = asset.id, _pieces(asset, content.raw)
    async with AsyncExitStack() as failed:
        failed.push_async_callback(forget_stored, hub, [asset_id])
        async with hub.database.write() as session:
            session.add(asset)
        for piece in pieces:
            async with hub.database.write() as session:
                await session.execute(insert(AssetPiece), [piece])
        failed.pop_all()
    return asset_id


async def forget_stored(hub: Hub, asset_ids: list[str]) -> None:
    """Remove assets that were stored ahead, unless they are in use."""
    if not asset_ids:
        return
    async with hub.database.write() as session:
        unused = col(Asset.id).in_(asset_ids), col(Asset.expires_at).is_not(None)
        await session.execute(delete(Asset).where(*unused))


def _describe(asset: Asset, content: Content) -> None:
    asset.size = len(content.raw)
    asset.content_type = content.content_type
    asset.sha256 = content.sha256


def _pieces(asset: Asset, raw: bytes) -> list[dict[str, Any]]:
    owner = {"organization_id": asset.organization_id, "asset_id": asset.id, "created_at": asset.created_at}
    return [
        {**owner, "id": new_id(), "position": position, "content": raw[start : start + PIECE_BYTES]}
        for position, start in enumerate(range(0, len(raw), PIECE_BYTES))
    ]
