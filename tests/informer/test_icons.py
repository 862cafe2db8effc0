"""Icons: put as forms, read as bytes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.files.pictures import SVG, png
from tests.harness.apps import Apps
from tests.harness.assets import stored_assets
from tests.informer.conftest import Informer, refused

ICON = "/integrations/stock/icon"


@pytest.fixture(autouse=True)
async def stock(client: Informer) -> None:
    await client.make()


async def assets(apps: Apps) -> list[SimpleNamespace]:
    return await stored_assets(apps.database, apps.tenant.id)


def form(content: bytes, name: str = "icon", filename: str = "a.png") -> dict[str, Any]:
    return {"files": {name: (filename, content, "application/x-whatever")}}


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


@pytest.mark.parametrize("shape", ["W/{0}", '"{1}-gzip"', 'W/"{1}--gzip", "x"', '"{1}"-gzip', "*"])
async def test_an_icon_is_known_by_a_tag_that_a_proxy_changed(shape: str, client: Informer):
    await client("PUT", ICON, **form(png()))
    tag = (await client("GET", ICON)).headers["etag"]

    again = await client("GET", ICON, headers={"If-None-Match": shape.format(tag, tag.strip('"'))})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


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
