"""The files of an app are stored piece by piece before the transaction that publishes, and go if it is refused."""

from __future__ import annotations

import os

import pytest
from sqlmodel import col, select

from models.database import Database
from models.errors import NotFound
from models.row import new_id
from models.tables import Asset, AssetPiece
from models.vocabulary import UploadPurpose
from resolvers.caller import Caller
from resolvers.publishing.manifest import GivenFile
from resolvers.uploads.background import expire_uploads
from resolvers.uploads.content import judge
from resolvers.uploads.pieces import PIECE_BYTES, store_ahead
from tests.files.pictures import SVG
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.harness.statements import counted
from tests.publishing.conftest import Publisher, app_name

LONG = os.urandom(PIECE_BYTES).hex().encode() + b"//"  # two pieces, and two bytes of a third


@both
async def test_a_refused_publishing_leaves_nothing_of_its_files(publisher: Publisher, database: Database):
    before = await snapshot(database, publisher.tenant.id)

    with pytest.raises(NotFound):
        await publisher.publish(
            app_name(),
            icon=GivenFile(content=SVG),
            script=GivenFile(content=LONG),
            previews=(GivenFile(upload_id=new_id()),),
        )

    assert changes(before, await snapshot(database, publisher.tenant.id)) == []


@both
async def test_a_long_file_is_stored_in_pieces_each_in_a_transaction(publisher: Publisher, database: Database):
    hub = publisher.hub.app.state.hub

    with counted(hub.database, "INSERT INTO asset_piece", "UPDATE asset") as written:
        await publisher.publish(app_name(), script=GivenFile(content=LONG))

    rows = await snapshot(database, publisher.tenant.id)
    pieces = sorted(rows["asset_piece"].values(), key=lambda row: row["position"])
    assert [len(piece["content"]) for piece in pieces] == [PIECE_BYTES, PIECE_BYTES, 2]
    assert b"".join(piece["content"] for piece in pieces) == LONG
    assert len(written) == 4  # the last one claims the asset, whose row is small


async def test_a_file_that_the_app_has_already_is_not_stored_again(publisher: Publisher):
    name, hub = app_name(), publisher.hub.app.state.hub
    await publisher.publish(name, script=GivenFile(content=LONG), icon=GivenFile(content=SVG))

    with counted(hub.database, "INSERT INTO asset") as written:
        await publisher.publish(name, script=GivenFile(content=LONG), icon=GivenFile(content=SVG))

    assert written == []


@both
async def test_what_nobody_claims_expires(publisher: Publisher, database: Database):
    hub = publisher.hub.app.state.hub
    content = judge(UploadPurpose.SCRIPT, LONG)
    asset_id = await publisher.hub.run(store_ahead(hub, publisher.tenant.id, UploadPurpose.SCRIPT, content))

    async with database.write() as session:
        asset = (await session.execute(select(Asset).where(col(Asset.id) == asset_id))).scalar_one()
        asset.expires_at = 1
    await publisher.hub.run(expire_uploads(Caller.operator(hub)))

    async with database.read() as session:
        left = select(AssetPiece).where(col(AssetPiece.organization_id) == publisher.tenant.id)
        assert (await session.execute(left)).scalars().all() == []
