"""Pictures and scripts of an app: judged and stored outside of transactions, kept in the one that publishes."""

from __future__ import annotations

from collections.abc import Container, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import delete, select
from sqlmodel import col

from models.errors import InvalidInput, Path
from models.row import new_id
from models.tables import Asset, Integration
from models.vocabulary import UploadPurpose
from resolvers.hub import Hub
from resolvers.publishing.manifest import GivenFile, PublishIntegration
from resolvers.unset import UNSET, Unset
from resolvers.uploads.claim import claim_stored, claim_upload
from resolvers.uploads.content import MOST_BYTES, Content
from resolvers.uploads.pieces import forget_stored, put_content, store_ahead
from resolvers.uploads.receive import judged, turn
from resolvers.work import Work

MOST_PREVIEWS: Final = 3


@dataclass(frozen=True, kw_only=True)
class JudgedFile:
    """A file that fits its purpose: its content, or the id of an upload, which was judged when it was filled.

    `stored_id`: the asset that has the content already.
    """

    place: Path
    purpose: UploadPurpose
    content: Content | None = None
    upload_id: str | None = None
    stored_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class JudgedFiles:
    """The files of a manifest. UNSET: the former ones stay; none: there are none from now on."""

    icon: Sequence[JudgedFile] | Unset = UNSET
    previews: Sequence[JudgedFile] | Unset = UNSET
    script: Sequence[JudgedFile] | Unset = UNSET

    @property
    def stored(self) -> list[str]:
        """The assets that have contents already."""
        given = [files for files in (self.icon, self.previews, self.script) if not isinstance(files, Unset)]
        return [file.stored_id for files in given for file in files if file.stored_id is not None]


async def judge_files(hub: Hub, organization_id: str, new: PublishIntegration) -> JudgedFiles:
    """Judge all files in a thread, in a turn of the organization. Raises TooMany and InvalidInput."""
    previews = () if new.previews is None else new.previews
    if not isinstance(previews, Unset) and len(previews) > MOST_PREVIEWS:
        raise InvalidInput.at(("previews",), f"At most {MOST_PREVIEWS} of them.")
    if all(isinstance(value, Unset) or not value for value in (new.icon, new.previews, new.script)):
        return JudgedFiles(icon=_none(new.icon), previews=_none(new.previews), script=_none(new.script))
    async with turn(hub, organization_id):
        return JudgedFiles(
            icon=await _one(("icon",), UploadPurpose.ICON, new.icon),
            previews=previews if isinstance(previews, Unset) else await _each(previews or ()),
            script=await _one(("script",), UploadPurpose.SCRIPT, new.script),
        )


async def store_files(hub: Hub, organization_id: str, files: JudgedFiles, known: Container[str]) -> JudgedFiles:
    """Store contents ahead, so that the transaction that publishes writes little. `known`: digests that are there."""
    stored: list[str] = []

    async def ahead(file: JudgedFile) -> JudgedFile:
        if file.content is None or file.content.sha256 in known:
            return file
        stored.append(await store_ahead(hub, organization_id, file.purpose, file.content))
        return replace(file, stored_id=stored[-1])

    async def each(given: Sequence[JudgedFile] | Unset) -> Sequence[JudgedFile] | Unset:
        return given if isinstance(given, Unset) else [await ahead(file) for file in given]

    async with AsyncExitStack() as failed:
        failed.push_async_callback(forget_stored, hub, stored)
        icon, previews, script = [await each(given) for given in (files.icon, files.previews, files.script)]
        failed.pop_all()
    return JudgedFiles(icon=icon, previews=previews, script=script)


async def forget_files(hub: Hub, files: JudgedFiles) -> None:
    """Remove the contents that were stored ahead, unless they are in use."""
    await forget_stored(hub, files.stored)


async def keep_files(
    work: Work, integration: Integration, files: Sequence[JudgedFile], former: Sequence[str]
) -> Sequence[str]:
    """Store files as assets of an integration, and remove the former ones. Answers the ids, in order.

    A file with the same bytes as a former one stays that asset, at its address.
    """
    known = {digest: asset_id for asset_id, digest in (await _digests(work, former)).items()}
    kept: list[str] = []
    for file in files:
        same = None if file.content is None else known.pop(file.content.sha256, None)
        kept.append(same or await _keep(work, integration, file))
    gone = [one for one in former if one not in kept]
    await work.flush()
    await work.session.execute(delete(Asset).where(col(Asset.id).in_(gone)))
    return kept


async def digests_of(work: Work, asset_ids: Sequence[str]) -> Sequence[str]:
    """The SHA-256 of assets, in order."""
    known = await _digests(work, asset_ids)
    return [known[one] for one in asset_ids if one in known]


def _none(given: object) -> Sequence[JudgedFile] | Unset:
    return given if isinstance(given, Unset) else ()


async def _one(place: Path, purpose: UploadPurpose, file: GivenFile | Unset | None) -> Sequence[JudgedFile] | Unset:
    if isinstance(file, Unset):
        return file
    return [] if file is None else [await _judge(place, purpose, file)]


async def _each(files: Sequence[GivenFile]) -> Sequence[JudgedFile]:
    return [await _judge(("previews", str(index)), UploadPurpose.PREVIEW, file) for index, file in enumerate(files)]


async def _judge(place: Path, purpose: UploadPurpose, file: GivenFile) -> JudgedFile:
    if (file.content is None) == (file.upload_id is None):
        raise InvalidInput.at(place, "Give either the content or the id of an upload.")
    if file.content is None:
        return JudgedFile(place=place, purpose=purpose, upload_id=file.upload_id)
    most = MOST_BYTES[purpose]
    if len(file.content) > most:
        raise InvalidInput.at(place, f"It has {len(file.content)} bytes; at most {most} are allowed.")
    return JudgedFile(place=place, purpose=purpose, content=await judged(purpose, file.content, place))


async def _keep(work: Work, integration: Integration, file: JudgedFile) -> str:
    if file.stored_id is not None:
        return await claim_stored(work, file.stored_id, integration)
    if file.content is None:
        claimed = await claim_upload(work, file.upload_id or "", file.purpose, integration, path=file.place)
        return claimed.id
    now = work.now()
    asset = Asset(
        id=new_id(now),
        organization_id=integration.organization_id,
        integration_id=integration.id,
        purpose=file.purpose,
        size=0,
        created_at=now,
    )
    work.add(asset)
    await put_content(work, asset, file.content)
    return asset.id


async def _digests(work: Work, asset_ids: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of each asset that there is."""
    if not asset_ids:
        return {}
    columns = select(col(Asset.id), col(Asset.sha256)).where(col(Asset.id).in_(asset_ids))
    return {asset_id: digest or "" for asset_id, digest in await work.session.execute(columns)}
