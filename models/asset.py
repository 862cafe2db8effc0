"""Asset: an upload, from its promise to the stored icon or document."""

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field

from models.row import Owned, Row, Scope, ref_field, text_field, time_field, word_field
from models.vocabulary import UploadPurpose


class Asset(Row, Owned, table=True):
    """An upload until it is claimed, when `expires_at` becomes null. Its content is written once.

    `content_type` is found from the bytes; the client's claim is ignored.
    """

    scope = Scope.ORGANIZATION

    __table_args__ = (Index(None, "expires_at"), Index(None, "integration_id"))

    integration_id: str | None = ref_field("integration.id", default=None)
    purpose: UploadPurpose = word_field(UploadPurpose)
    content_type: str | None = text_field(120, default=None)
    size: int = Field()
    sha256: str | None = text_field(64, default=None)
    content: bytes | None = Field(default=None, sa_type=LargeBinary, repr=False)
    filled_at: int | None = time_field(default=None)
    expires_at: int | None = time_field(default=None)
