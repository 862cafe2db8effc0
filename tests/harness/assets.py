"""Assets as they are stored, with their bytes put together."""

from __future__ import annotations

from types import SimpleNamespace

from sqlmodel import col, select

from models.database import Database
from models.tables import Asset, AssetPiece


async def stored_assets(database: Database, organization_id: str) -> list[SimpleNamespace]:
    """The assets of an organization, oldest first, each with its `content`; None if it has no bytes yet."""
    async with database.read() as session:
        mine = select(Asset).where(col(Asset.organization_id) == organization_id).order_by(col(Asset.id))
        assets = [one.model_dump() for one in (await session.execute(mine)).scalars()]
        order = col(AssetPiece.asset_id), col(AssetPiece.position)
        pieces = (await session.execute(select(AssetPiece).order_by(*order))).scalars().all()
    return [SimpleNamespace(**asset, content=_joined(asset["id"], pieces)) for asset in assets]


def _joined(asset_id: str, pieces: list[AssetPiece]) -> bytes | None:
    return b"".join(piece.content for piece in pieces if piece.asset_id == asset_id) or None
