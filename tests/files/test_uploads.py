"""Uploads that are put: what was promised arrives, once, from who may."""

import hashlib
from base64 import b64encode, encodebytes

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.errors import Forbidden
from models.row import new_id
from models.tables import Asset
from models.vocabulary import Permission, Source, UploadPurpose
from resolvers.caller import Caller
from resolvers.uploads.background import expire_uploads
from resolvers.uploads.claim import MOST_OPEN
from resolvers.uploads.content import MOST_BYTES
from resolvers.uploads.mutations import LIFETIME_MS
from tests.files.conftest import refused
from tests.files.pictures import GOOD, SVG, png
from tests.harness.backends import both
from tests.upstreams.faults import FaultServer


@pytest.mark.parametrize("name", GOOD)
async def test_takes_a_picture_and_tells_what_it_is(uploads, assets, name):
    content, content_type = GOOD[name]
    promised = await uploads.create(size=len(content))

    answer = await uploads.put(promised["url"], content)

    digest = hashlib.sha256(content).hexdigest()
    facts = {"id": promised["uploadId"], "contentType": content_type, "size": len(content), "sha256": digest}
    assert (answer.status_code, answer.json()) == (200, facts)
    (asset,) = await assets()
    assert (asset.id, asset.purpose, asset.content, asset.sha256) == (facts["id"], "ICON", content, digest)
    assert (asset.content_type, asset.size, asset.integration_id) == (content_type, len(content), None)
    assert asset.expires_at - asset.created_at == LIFETIME_MS
    assert promised["url"] == f"/uploads/{asset.id}"


@pytest.mark.parametrize("type_", ["text/html", "application/json", "image/png; charset=\xe4", "x" * 300])
async def test_believes_no_content_type(uploads, assets, type_):
    promised = await uploads.create(size=len(SVG))

    answer = await uploads.put(promised["url"], SVG, **{"Content-Type": type_.encode("latin-1")})

    assert answer.json()["contentType"] == "image/svg+xml"
    assert [asset.content_type for asset in await assets()] == ["image/svg+xml"]


@pytest.mark.parametrize("name", ["../../x", "a\\b", "COM1", "n" * 300, "..%2f..%2fx", "x\t%00"])
async def test_uses_no_file_name(uploads, assets, name):
    promised = await uploads.create(size=len(SVG))

    answer = await uploads.put(promised["url"], SVG, **{"Content-Disposition": f'attachment; filename="{name}"'})

    facts = {"id": promised["uploadId"], "contentType": "image/svg+xml", "size": len(SVG)}
    assert answer.json() == {**facts, "sha256": hashlib.sha256(SVG).hexdigest()}
    assert name not in str([{**vars(asset), "content": None} for asset in await assets()])


@pytest.mark.parametrize("path", ["a" * 300, "CON", "%2e%2e", "..;", "%C3%A4"])
async def test_a_name_in_the_address_is_no_upload(uploads, path):
    answer = await uploads.put(f"/uploads/{path}", SVG)

    assert answer.status_code == 404, answer.text


@pytest.mark.parametrize(
    "encoded",
    [b64encode(SVG), b64encode(SVG).rstrip(b"="), encodebytes(SVG), b"data:image/svg+xml;base64," + b64encode(SVG)],
)
async def test_takes_no_base64(uploads, assets, encoded):
    promised = await uploads.create(size=len(encoded))

    assert refused(await uploads.put(promised["url"], encoded), 400) == "INVALID_INPUT"
    assert [asset.filled_at for asset in await assets()] == [None]


async def test_takes_exactly_as_many_bytes_as_were_promised(uploads, assets):
    whole = SVG + b"\n"
    promised = await uploads.create(size=len(whole))

    async def without_a_length():
        yield whole
        yield b"\n"

    assert refused(await uploads.put(promised["url"], whole + b"\n"), 413) == "TOO_LARGE"
    assert refused(await uploads.put(promised["url"], without_a_length()), 413) == "TOO_LARGE"
    assert refused(await uploads.put(promised["url"], SVG), 400) == "INVALID_INPUT"
    assert refused(await uploads.put(promised["url"], b""), 400) == "INVALID_INPUT"
    assert [(asset.filled_at, asset.content) for asset in await assets()] == [(None, None)]
    assert (await uploads.put(promised["url"], whole)).status_code == 200


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, ["input"]),
        ({"size": 1, "sourceUrl": "https://a.example/"}, ["input"]),
        ({"size": 0}, ["input", "size"]),
        ({"size": -1}, ["input", "size"]),
        ({"size": MOST_BYTES[UploadPurpose.ICON] + 1}, ["input", "size"]),
        ({"sourceUrl": ""}, ["input", "sourceUrl"]),
        ({"sourceUrl": "https://a.example/" + "a" * 2048}, ["input", "sourceUrl"]),
    ],
)
async def test_refuses_a_promise_that_cannot_be_kept(uploads, assets, given, path):
    answer = await uploads.create(**given)

    assert (answer["__typename"], answer["path"]) == ("InvalidInput", path)
    assert await assets() == []


@pytest.mark.parametrize("purpose", UploadPurpose)
async def test_each_purpose_has_its_cap(uploads, purpose):
    assert (await uploads.create(purpose, size=MOST_BYTES[purpose]))["__typename"] == "UploadPayload"
    assert (await uploads.create(purpose, size=MOST_BYTES[purpose] + 1))["__typename"] == "InvalidInput"


async def test_refuses_a_second_put(uploads, assets):
    first, second = png(2, 2), png(3, 2)
    promised = await uploads.create(size=len(first))
    await uploads.put(promised["url"], first)

    assert refused(await uploads.put(promised["url"], second), 409) == "CONFLICT"
    assert [asset.content for asset in await assets()] == [first]


async def test_another_organizations_upload_is_no_upload(uploads, stranger, assets):
    promised = await uploads.create(size=len(SVG))

    theirs = await stranger.put(promised["url"], SVG)
    nobodys = await stranger.put(f"/uploads/{new_id()}", SVG)

    assert refused(theirs, 404) == refused(nobodys, 404) == "NOT_FOUND"
    assert theirs.content == nobodys.content
    assert [asset.filled_at for asset in await assets()] == [None]


async def test_asks_for_a_token_and_the_permission(uploads, speak, organization, assets):
    promised = await uploads.create(size=len(SVG))
    reader = speak(await organization.issue(Permission.INTEGRATIONS_READ))

    nobody = await speak(None).put(promised["url"], SVG)

    assert (refused(nobody, 401), nobody.headers["www-authenticate"]) == ("UNAUTHENTICATED", "Bearer")
    assert refused(await reader.put(promised["url"], SVG), 403) == "FORBIDDEN"
    assert (await reader.create(size=1))["__typename"] == "Forbidden"
    assert refused(await uploads.put(f"{promised['url']}?access_token=pb_x", SVG), 400) == "BAD_REQUEST"
    assert [asset.filled_at for asset in await assets()] == [None]


@both
async def test_an_expired_upload_is_no_upload_and_goes(uploads, assets, hub, database, apps):
    late, filled, kept, used = (
        (await uploads.create(size=len(SVG)))["uploadId"],
        *[await uploads.send(SVG) for _ in range(3)],
    )
    app = await apps.make("Box")
    await uploads.set_icon(app, used)
    await _expire(database, late, filled)

    assert refused(await uploads.put(f"/uploads/{late}", SVG), 404) == "NOT_FOUND"
    assert (await uploads.set_icon(app, filled))["__typename"] == "NotFound"
    assert await hub.run(expire_uploads(Caller.operator(hub.app.state.hub))) >= 2
    assert {asset.id for asset in await assets()} == {kept, used}


async def test_expiring_is_the_operators(hub, organization):
    caller = Caller(
        hub=hub.app.state.hub,
        source=Source.GRAPHQL,
        organization_id=organization.id,
        permissions=frozenset(Permission),
        actor_name="admin",
    )

    with pytest.raises(Forbidden):
        await hub.run(expire_uploads(caller))


@both
async def test_an_organization_has_so_many_open_uploads_and_no_more(uploads, stranger, assets, database):
    made = [(await uploads.create(size=1))["uploadId"] for _ in range(MOST_OPEN)]

    full = await uploads.create(size=1)
    others = await stranger.create(size=1)
    await _expire(database, made[0])
    again = await uploads.create(size=1)

    assert (full["__typename"], others["__typename"], again["__typename"]) == (
        "TooMany",
        "UploadPayload",
        "UploadPayload",
    )
    assert [asset.id for asset in await assets()] == [*made, again["uploadId"]]


async def test_a_full_organization_fetches_nothing(uploads, upstream: FaultServer):
    for _ in range(MOST_OPEN):
        await uploads.create(size=1)

    assert (await uploads.create(sourceUrl=f"{upstream.url}/ok"))["__typename"] == "TooMany"
    assert upstream.connections == 0


async def _expire(database, *ids):
    async with database.write() as session:
        await session.execute(update(Asset).where(col(Asset.id).in_(ids)).values(expires_at=1))
