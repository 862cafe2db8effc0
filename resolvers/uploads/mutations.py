"""Uploads: create and fill. The operation that uses an upload claims it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from models.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    TooLarge,
    TooMany,
    UpstreamFailed,
)
from models.row import new_id
from models.tables import Asset
from models.vocabulary import Permission, UploadPurpose
from resolvers.faults import ADDRESS, Faults
from resolvers.hub import Hub
from resolvers.operation import READS, WRITES, exchange
from resolvers.uploads.claim import open_upload, refuse_too_many
from resolvers.uploads.content import MOST_BYTES, Content
from resolvers.uploads.pieces import LIFETIME_MS, put_content
from resolvers.uploads.receive import fetch_content, judged, turn
from resolvers.work import Work

_SOURCE: Final = ("source_url",)


@dataclass(frozen=True, kw_only=True)
class CreateUpload:
    """A new upload: exactly one of `size`, in bytes to be put later, and `source_url`, which the hub reads now."""

    purpose: UploadPurpose
    size: int | None = None
    source_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class FillUpload:
    """The bytes of an upload. `receive` returns them, or raises TooLarge as soon as they exceed its argument."""

    id: str
    receive: Callable[[int], Awaitable[bytes]]


@dataclass(frozen=True, kw_only=True)
class Promised:
    """A checked command, and the organization of the upload."""

    new: CreateUpload
    organization_id: str


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The upload to fill, as it was before its bytes were received."""

    fill: FillUpload
    organization_id: str
    purpose: UploadPurpose
    size: int


async def load_promise(work: Work, new: CreateUpload) -> Promised:
    """Check the command. Nothing is fetched."""
    _check(new)
    await refuse_too_many(work)
    return Promised(new=new, organization_id=work.organization_id)


async def fetch(hub: Hub, promised: Promised) -> Content | None:
    """The bytes at `source_url`; None if they will be put later."""
    if promised.new.source_url is None:
        return None
    return await fetch_content(
        hub, promised.organization_id, promised.new.purpose, promised.new.source_url, path=_SOURCE
    )


@exchange(
    load_promise,
    fetch,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(InvalidInput, Forbidden, TooMany, UpstreamFailed),
)
async def create_upload(work: Work, promised: Promised, content: Content | None) -> Asset:
    """Create an upload: empty, to be filled later, or filled from an address."""
    await refuse_too_many(work)
    now = work.now()
    upload = Asset(
        id=new_id(now),
        organization_id=work.organization_id,
        purpose=promised.new.purpose,
        size=promised.new.size or 0,
        created_at=now,
        expires_at=now + LIFETIME_MS,
    )
    work.add(upload)
    if content is not None:
        await put_content(work, upload, content)
    return upload


async def load_opened(work: Work, fill: FillUpload) -> Opened:
    """Find the upload. No byte is read."""
    upload = await _empty_upload(work, fill.id)
    return Opened(fill=fill, organization_id=work.organization_id, purpose=upload.purpose, size=upload.size)


async def receive(hub: Hub, opened: Opened) -> Content:
    """Receive the bytes, never more than the promised size, and judge them."""
    async with turn(hub, opened.organization_id):
        raw = await opened.fill.receive(opened.size)
        if len(raw) != opened.size:
            raise InvalidInput.at("body", f"Expected {opened.size} bytes, got {len(raw)}.")
        return await judged(opened.purpose, raw, ("body",))


@exchange(
    load_opened,
    receive,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, TooLarge, TooMany),
)
async def fill_upload(work: Work, opened: Opened, content: Content) -> Asset:
    """Fill an upload, once, with exactly as many bytes as its size says."""
    upload = await _empty_upload(work, opened.fill.id)
    await put_content(work, upload, content)
    return upload


def _check(new: CreateUpload) -> None:
    faults = Faults()
    most = MOST_BYTES[new.purpose]
    faults.check((new.size is None) != (new.source_url is None), (), "Give exactly one of size and sourceUrl.")
    if new.size is not None:
        faults.check(1 <= new.size <= most, "size", f"It must be from 1 to {most} bytes for {new.purpose}.")
    faults.text("source_url", new.source_url, most=ADDRESS, least=1)
    faults.refuse()


async def _empty_upload(work: Work, upload_id: str) -> Asset:
    upload = await open_upload(work, upload_id)
    if upload.filled_at is not None:
        raise Conflict("This upload has its bytes already; create another one.")
    return upload
