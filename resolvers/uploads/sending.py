"""Uploads that are sent or imported: read within the caller's organization, and left for the next call."""

from __future__ import annotations

from sqlmodel import col

from models.errors import InvalidInput, NotFound, Path
from models.row import is_id
from models.tables import Asset
from models.vocabulary import UploadPurpose
from resolvers.uploads.pieces import content_of
from resolvers.work import Work


async def upload_to_send(work: Work, upload_id: str, *, path: Path, most: int) -> tuple[bytes, str]:
    """The bytes of an upload for FILE, and their SHA-256.

    It stays until it expires: a call with the same key needs it again. Raises NotFound for an expired one too, and
    InvalidInput at `path` for one of another purpose, without bytes, or of more than `most` bytes.
    """
    upload = await _filled(work, upload_id, UploadPurpose.FILE, path)
    if upload.size > most:
        sentence = f"It has {upload.size} bytes; a body has at most 8 MiB, and {most} bytes of it are left."
        raise InvalidInput.at(path, sentence)
    return await content_of(work, upload.id) or b"", upload.sha256 or ""


async def document_of(work: Work, upload_id: str, *, path: Path, most: int) -> bytes:
    """The bytes of an upload for DOCUMENT, of at most `most` bytes. It stays until it expires. Raises as above."""
    upload = await _filled(work, upload_id, UploadPurpose.DOCUMENT, path)
    if upload.size > most:
        raise InvalidInput.at(path, f"It has {upload.size} bytes; a document has at most {most}. Give a smaller one.")
    return await content_of(work, upload.id) or b""


async def _filled(work: Work, upload_id: str, purpose: UploadPurpose, path: Path) -> Asset:
    mine = work.mine(Asset).where(col(Asset.id) == upload_id, col(Asset.expires_at) > work.now())
    upload = await work.first(mine) if is_id(upload_id) else None
    if upload is None:
        raise NotFound("upload", path=path)
    if upload.purpose is not purpose:
        raise InvalidInput.at(path, f"This upload is for {upload.purpose}, not for {purpose}.")
    if upload.filled_at is None:
        raise InvalidInput.at(path, "This upload has no bytes yet; put them at its address first.")
    return upload
