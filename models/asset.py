"""Asset: an upload, from its promise to the stored icon or document; and its bytes, in pieces."""

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field

from models.row import Owned, Row, Scope, ref_field, text_field, time_field, word_field
from models.vocabulary import UploadPurpose


class Asset(Row, Owned, table=True):
    """An upload until it is claimed, when `expires_at` becomes null. Its pieces are written once.

    `content_type` is found from the bytes; the client's claim is ignored.
    """

    scope = Scope.ORGANIZATION

    __table_args__ = (Index(None, "expires_at"), Index(None, "integration_id"))

    integration_id: str | None = ref_field("integration.id", default=None)
    purpose: UploadPurpose = word_field(UploadPurpose)
    content_type: str | None = text_field(120, default=None)
    size: int = Field()
    sha256: str | None = text_field(64, default=None)
    filled_at: int | None = time_field(default=None)
    expires_at: int | None = time_field(default=None)


class AssetPiece(Row, Owned, table=True):
    """A part of an asset's bytes. Each may have a transaction of its own: SQLite has one writer at a time."""

    __tablename__ = "asset_piece"
    __table_args__ = (
        Index("uq_asset_piece_position", "asset_id", "position", unique=True),
        Index(None, "organization_id"),
    )

    asset_id: str = ref_field("asset.id")
    position: int = Field()
    content: bytes = Field(sa_type=LargeBinary, repr=False)
