"""Integrations, icons and questions that are refused. Nothing is made, and nothing changes."""

from __future__ import annotations

import httpx
import pytest

from tests.files.pictures import png
from tests.harness.apps import Apps
from tests.harness.tenants import Tenant
from tests.informer.conftest import Informer, refused
from tests.informer.test_icons import ICON, assets, form


@pytest.fixture(scope="module")
async def organization(new_lasting_organization) -> Tenant:
    return await new_lasting_organization()


@pytest.fixture(scope="module", autouse=True)
async def stock(organization: Tenant, lasting_http: httpx.AsyncClient) -> None:
    client = Informer(lasting_http, organization.token)
    await client.make()
    assert (await client("PUT", ICON, **form(png()))).status_code == 200


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"name": None}, "name: It is required."),
        ({"type": None}, "type: It is required."),
        ({"name": ""}, "name: It must not be empty."),
        ({"name": 1}, "name: It must be text."),
        ({"name": "a\nb"}, "name: It must not hold control characters."),
        ({"type": "Über"}, "type: It must be lower-case ASCII letters and digits, joined by -, _ or a full stop."),
        ({"id": "4711"}, "id: It must be a UUID."),
        ({"mode": "mine"}, "mode: It must be one of per-user, shared."),
        ({"authType": "digest"}, "authType: It must be one of oauth2, apikey, basic, bearer."),
        ({"apiKeyLocation": "cookie"}, "apiKeyLocation: It must be one of header, query."),
        ({"basicTokenAuth": "yes"}, "basicTokenAuth: It must be true or false."),
        ({"data": []}, "data: It must be a JSON object."),
        ({"headers": {"X-A": 1}}, "headers: It must be a JSON object of texts."),
        ({"headers": {"Host": "evil"}}, "headers.0.name: The header Host is set by the hub and cannot be given."),
        ({"imageUrl": 1}, "imageUrl: It must be text."),
        ({"apiKey": "k-4711"}, "The integration authorises with OAUTH2, not API_KEY."),
        ({"apiKeyName": "a b", "authType": "apikey"}, "apiKeyName: "),
        ({"tokenUri": "x", "authType": "oauth2"}, "tokenUri: Give an absolute"),
        ({"apiBaseUri": "ftp://a"}, "apiBaseUri: Give an absolute https or http address"),
        ({"authUri": "//a", "tokenUri": "x"}, "authUri: Give an absolute https or http address"),
    ],
)
async def test_refuses_what_cannot_be_and_makes_nothing(members: dict, sentence: str, client: Informer):
    answer = await client("POST", "/integrations", {"name": "Stock", "type": "custom", **members})

    assert refused(answer, 400).startswith(sentence)
    assert await client.names() == ["Stock"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("start=-1", "start: It must be a whole number from 0."),
        ("start=x", "start: It must be a whole number from 0."),
        ("start=1&start=2", "start: It must be a whole number from 0."),
        ("start=10001", "start: Lists are paged to 10000 rows; use a filter for later rows."),
        ("limit=0", "limit: It must be a positive integer."),
        ("limit=ten", "limit: It must be a positive integer."),
        ("supportsUpload=maybe", "supportsUpload: It must be one of true, false."),
        ("supportsUpload=true&supportsUpload=true", "supportsUpload: Give it once."),
        ("q=a&q=b", "q: Give it once."),
        (f"q={'a' * 1001}", "q: At most 1000 characters."),
    ],
)
async def test_refuses_a_query_that_means_nothing(query: str, sentence: str, client: Informer):
    assert refused(await client("GET", f"/integrations?{query}"), 400) == sentence


@pytest.mark.parametrize(
    ("sent", "status", "sentence"),
    [
        (form(b"<html>"), 400, "This is XML, but not an SVG picture."),
        (form(b"GIF89a"), 400, ""),
        (form(b""), 400, "There are no bytes; send the content."),
        (form(png() + bytes(1024 * 1024)), 413, "The body is larger than 1048576 bytes."),
        ({"data": {"icon": "text"}}, 415, "Send a body of Content-Type: multipart/form-data."),
        ({"files": {"a": (None, b"x")}}, 400, "Send exactly one file, as a part with a file name."),
        ({"files": [("a", ("a", png())), ("b", ("b", png()))]}, 400, "Send exactly one file"),
        ({"body": {}}, 415, "Send a body of Content-Type: multipart/form-data."),
        ({"content": png(), "headers": {"Content-Type": "image/png"}}, 415, "Send a body of Content-Type: multi"),
        (
            {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
            400,
            "Missing boundary in multipart.",
        ),
        (
            {"content": b"--b\r\n\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
            400,
            "The Content-Disposition header field",
        ),
        ({}, 400, "Send exactly one file, as a part with a file name."),
    ],
)
async def test_refuses_what_is_no_icon_and_keeps_the_old_one(
    sent: dict, status: int, sentence: str, client: Informer, apps: Apps
):
    answer = await client("PUT", ICON, **sent)

    assert refused(answer, status).startswith(sentence)
    assert [asset.content for asset in await assets(apps)] == [png()]
