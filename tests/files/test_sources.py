"""Uploads that the hub fetches: through the egress guard, capped, once."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.files.pictures import GOOD, SVG, png
from tests.harness.backends import on_sqlite
from tests.upstreams.canned import reply

SPELLINGS = json.loads((Path(__file__).parents[1] / "proxy/vectors/spellings.json").read_text())


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "svg"])
async def test_fetches_a_picture_that_others_drew(uploads, assets, httpbin, name):
    answer = await uploads.create(sourceUrl=f"{httpbin}/image/{name}")

    (asset,) = await assets()
    assert (answer["__typename"], answer["uploadId"], answer["url"]) == ("UploadPayload", asset.id, None)
    assert asset.content_type == {"svg": "image/svg+xml"}.get(name, f"image/{name}")
    assert (asset.size, asset.integration_id) == (len(asset.content), None)
    assert asset.filled_at is not None


async def test_believes_no_content_type_of_a_source(uploads, assets, upstream):
    upstream.answers["/lie"] = reply(SVG, "image/png")

    await uploads.create(sourceUrl=f"{upstream.url}/lie")

    assert [asset.content_type for asset in await assets()] == ["image/svg+xml"]


@on_sqlite
async def test_a_fetch_begins_while_another_process_writes(uploads, database, upstream):
    upstream.answers["/icon"] = reply(png(), "image/png")
    await uploads.client.query("{ viewer { organization { id } } }")  # the use of the token has been written down

    async with database.write():
        answer = asyncio.create_task(uploads.create(sourceUrl=f"{upstream.url}/icon"))
        await asyncio.wait_for(upstream.received(1), 5)

    assert (await answer)["__typename"] == "UploadPayload"


async def test_refuses_what_a_source_has_that_is_no_picture(uploads, assets, upstream):
    answer = await uploads.create(sourceUrl=f"{upstream.url}/ok")

    assert (answer["__typename"], answer["path"]) == ("InvalidInput", ["input", "sourceUrl"])
    assert await assets() == []


@pytest.mark.parametrize(
    ("path", "reason", "status"),
    [
        ("/redirect", "ERROR_STATUS", 302),
        ("/not-there", "ERROR_STATUS", 404),
        ("/big?bytes=1048577", "TOO_LARGE", 200),
        ("/big?bytes=1048577&length=1", "TOO_LARGE", 200),
        ("/bomb", "TOO_LARGE", 200),
        ("/short", "BAD_RESPONSE", 200),
        ("/reset", "UNREACHABLE", None),
    ],
)
async def test_refuses_what_a_source_answers_wrongly(uploads, assets, upstream, path, reason, status):
    upstream.answers["/not-there"] = reply(png(), "image/png", "404 Not Found")

    answer = await uploads.create(sourceUrl=upstream.url + path)

    assert (answer["__typename"], answer["reason"], answer["externalStatus"]) == ("UpstreamFailed", reason, status)
    assert await assets() == []


async def test_the_cap_is_the_purposes_not_the_dispatchs(uploads, assets, upstream):
    large = b"a: 1\n".ljust(11 * 1024 * 1024, b"#")
    upstream.answers["/large"] = reply(large, "text/plain")

    answer = await uploads.create("DOCUMENT", sourceUrl=f"{upstream.url}/large")

    assert answer["__typename"] == "UploadPayload"
    assert [asset.size for asset in await assets()] == [len(large)]


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "https://10.0.0.1/icon.png", "ftp://a.example/", "file:///etc/passwd", "icon"]
)
async def test_refuses_an_address_that_the_policy_refuses(uploads, assets, url):
    answer = await uploads.create(sourceUrl=url)

    assert (answer["__typename"], answer["reason"]) == ("UpstreamFailed", "BLOCKED")
    assert "169.254" not in answer["message"]
    assert await assets() == []


async def test_no_spelling_of_an_inner_address_is_fetched(strict, assets, canary):
    canary.answers["/"] = reply(GOOD["png"][0], "image/png")

    for spelling in SPELLINGS:
        answer = await strict.create(sourceUrl=spelling.format(port=canary.port))
        assert canary.connections == 0, spelling
        assert answer["__typename"] == "UpstreamFailed"
        assert answer["reason"] in {"BLOCKED", "UNREACHABLE"}  # the latter for names that nobody knows here

    assert await assets() == []
    assert len(SPELLINGS) == 55
