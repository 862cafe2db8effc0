"""Icons: put as forms, read as bytes, fetched from an address."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select

from models.tables import Asset
from tests.files.pictures import SVG, png
from tests.harness.apps import Apps
from tests.informer.conftest import Informer, refused
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

ICON = "/integrations/stock/icon"


@pytest.fixture(autouse=True)
async def stock(client: Informer) -> None:
    await client.make()


async def assets(apps: Apps) -> list[Asset]:
    async with apps.database.read() as session:
        mine = select(Asset).where(col(Asset.organization_id) == apps.tenant.id)
        return list((await session.execute(mine.order_by(col(Asset.id)))).scalars())


def form(content: bytes, name: str = "icon", filename: str = "a.png") -> dict[str, Any]:
    return {"files": {name: (filename, content, "application/x-whatever")}}


def serve(upstream: FaultServer, path: str, content: bytes, content_type: str = "image/png") -> str:
    upstream.answers[path] = reply(content, content_type)
    return f"{upstream.url}{path}"


@pytest.mark.parametrize("part", ["icon", "file", "image", "ü"])
async def test_takes_a_file_whatever_its_part_is_called(part: str, client: Informer):
    answer = await client("PUT", ICON, **form(png(), part))
    shown = await client("GET", ICON)

    assert answer.status_code == 200
    assert (shown.status_code, shown.content) == (200, png())
    assert shown.headers["content-type"] == "image/png"


async def test_shows_a_picture_in_a_sandbox_to_whoever_may_see_the_integration(client: Informer, user: Informer):
    await client("PUT", ICON, **form(SVG))

    shown = await client("GET", ICON)

    assert shown.headers["content-type"] == "image/svg+xml"
    assert shown.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["cache-control"] == "private, no-cache"
    refused(await user("GET", ICON), 404)


async def test_who_has_it_is_told_so(client: Informer):
    await client("PUT", ICON, **form(png()))
    tag = (await client("GET", ICON)).headers["etag"]

    again = await client("GET", ICON, headers={"If-None-Match": tag})
    await client("PUT", ICON, **form(SVG))
    changed = await client("GET", ICON, headers={"If-None-Match": tag})

    assert (again.status_code, again.content) == (304, b"")
    assert (changed.status_code, changed.content) == (200, SVG)


async def test_the_document_names_an_address_that_needs_no_token(client: Informer):
    before = await client.ok("GET", "/integrations/stock")
    put = (await client("PUT", ICON, **form(png()))).json()

    picture = await client.http.get(put["imageUrl"])

    assert "imageUrl" not in before
    assert picture.content == png()


async def test_a_new_icon_takes_the_place_of_the_old_one(client: Informer, apps: Apps):
    for content in (png(), SVG):
        await client("PUT", ICON, **form(content))

    (asset,) = await assets(apps)

    assert (asset.content, asset.expires_at) == (SVG, None)


async def test_removes_the_icon(client: Informer, apps: Apps):
    await client("PUT", ICON, **form(png()))

    gone = await client("DELETE", ICON)
    again = await client("DELETE", ICON)

    assert (gone.status_code, gone.content, again.status_code) == (204, b"", 204)
    assert refused(await client("GET", ICON), 404) == "There is no such icon."
    assert "imageUrl" not in await client.ok("GET", "/integrations/stock")
    assert await assets(apps) == []


@pytest.mark.parametrize("name", ["../../x", "CON", "a" * 300, "x\x00y", "ü.png", ""])
async def test_neither_a_file_name_nor_a_type_is_looked_at(name: str, client: Informer):
    head = f'Content-Disposition: form-data; name="a"; filename="{name}"\r\nContent-Type: text/html'.encode()
    body = b"--b\r\n" + head + b"\r\n\r\n" + png() + b"\r\n--b--\r\n"

    answer = await client("PUT", ICON, content=body, headers={"Content-Type": 'multipart/form-data; boundary="b"'})

    assert answer.status_code == 200, answer.text
    assert (await client("GET", ICON)).content == png()


async def test_reads_the_picture_at_an_address_once(client: Informer, upstream: FaultServer):
    url = serve(upstream, "/a.png", png())

    made = await client.make(name="Shelf", imageUrl=url)
    shown = [(await client("GET", "/integrations/shelf/icon")).content for _ in range(2)]

    assert shown == [png(), png()]
    assert url not in made["imageUrl"]
    assert (await client.http.get(made["imageUrl"])).content == png()
    assert [one.target for one in upstream.requests] == ["/a.png"]


async def test_another_address_is_another_picture(client: Informer, apps: Apps, upstream: FaultServer):
    await client.make(name="Shelf", imageUrl=serve(upstream, "/a.png", png()))

    changed = await client.ok("PUT", "/integrations/shelf", {"imageUrl": serve(upstream, "/b.svg", SVG), "name": "S"})

    assert changed["name"] == "S"
    assert (await client("GET", "/integrations/shelf/icon")).content == SVG
    assert len(await assets(apps)) == 1


async def test_writing_the_shown_address_back_reads_nothing(client: Informer, upstream: FaultServer):
    made = await client.make(name="Shelf", imageUrl=serve(upstream, "/a.png", png()))

    written = await client.ok("PUT", "/integrations/shelf", made)

    assert written["imageUrl"] == made["imageUrl"]
    assert upstream.connections == 1


@pytest.mark.parametrize("nothing", [None, ""])
async def test_no_address_removes_the_icon(nothing: str | None, client: Informer, upstream: FaultServer):
    await client.make(name="Shelf", imageUrl=serve(upstream, "/a.png", png()))

    written = await client.ok("PUT", "/integrations/shelf", {"imageUrl": nothing})

    assert "imageUrl" not in written
    refused(await client("GET", "/integrations/shelf/icon"), 404)


@pytest.mark.parametrize(
    ("path", "status"), [("/missing", 502), ("/redirect", 502), ("/a.txt", 400), ("/reset", 502), ("/big", 502)]
)
async def test_makes_and_changes_nothing_where_there_is_no_picture(
    path: str, status: int, client: Informer, apps: Apps, upstream: FaultServer
):
    serve(upstream, "/a.txt", b"words", "image/png")
    upstream.answers["/missing"] = reply(b"", "text/plain", "404 Gone")
    url = f"{upstream.url}{path}"

    refused(await client("POST", "/integrations", {"name": "Shelf", "type": "custom", "imageUrl": url}), status)
    refused(await client("PUT", "/integrations/stock", {"name": "Renamed", "imageUrl": url}), status)

    assert await client.names() == ["Stock"]
    assert await assets(apps) == []


async def test_an_inner_address_is_not_read(client: Informer):
    answer = await client("POST", "/integrations", {"name": "A", "type": "b", "imageUrl": "http://169.254.169.254/x"})

    refused(answer, 502)
    assert await client.names() == ["Stock"]


async def test_reads_nothing_for_what_would_be_refused_anyway(
    client: Informer, user: Informer, upstream: FaultServer
):
    url = serve(upstream, "/a.png", png())

    refused(await client("POST", "/integrations", {"name": "", "type": "custom", "imageUrl": url}), 400)
    refused(await user("PUT", "/integrations/stock", {"imageUrl": url}), 404)

    assert upstream.connections == 0
