"""`imageUrl`: a value of the client's, answered as given; the hub never fetches it."""

from __future__ import annotations

from typing import Any

import pytest

from models.vocabulary import Permission
from tests.files.pictures import SVG, png
from tests.harness.apps import Apps
from tests.informer.conftest import Informer, refused
from tests.informer.test_icons import assets, form
from tests.upstreams.faults import FaultServer

STOCK = "/integrations/stock"
ICON = f"{STOCK}/icon"
ICON_URL = 'query { integration(by: {slug: "stock"}) { iconUrl } }'
#: No address to send anybody to: relative, of another scheme, or one that parsers read differently.
NO_ADDRESS = [
    "/images/google-drive.png",
    "google-drive",
    "//cdn.example/a.png",
    "data:image/png;base64,iVBORw0KGgo=",
    "javascript:alert(1)",
    "https:/cdn.example/a.png",
    "https://",
    "https://user:pass@cdn.example/a.png",
    "https://cdn.example\\@evil.example/a.png",
    "https://cdn .example/a.png",
    "ftp://cdn.example/a.png",
    "ü",
]


async def icon_url(apps: Apps) -> Any:
    admin = await apps.tenant.signed_in(Permission.INTEGRATIONS_READ)
    return (await admin.query(ICON_URL))["integration"]["iconUrl"]


@pytest.mark.parametrize(
    "image_url", [*NO_ADDRESS, "https://cdn.example/a.png", "http://169.254.169.254/", "x" * 2048]
)
async def test_is_stored_and_answered_as_it_was_given(image_url: str, client: Informer):
    made = await client.make(imageUrl=image_url)
    await client.make(name="Other")
    put = await client.ok("PUT", "/integrations/other", {"imageUrl": image_url})

    assert made["imageUrl"] == put["imageUrl"] == (await client.ok("GET", STOCK))["imageUrl"] == image_url


async def test_is_never_fetched(client: Informer, upstream: FaultServer):
    await client.make(imageUrl=f"{upstream.url}/a.png")
    await client.ok("PUT", STOCK, {"imageUrl": f"{upstream.url}/b.png"})
    await client("GET", ICON)

    assert upstream.connections == 0


@pytest.mark.parametrize("nothing", [None, ""])
async def test_null_or_nothing_clears_it(nothing: str | None, client: Informer):
    await client.make(imageUrl="/a.png")

    written = await client.ok("PUT", STOCK, {"imageUrl": nothing})

    assert "imageUrl" not in written


@pytest.mark.parametrize(
    ("image_url", "sentence"),
    [
        ("x" * 2049, "imageUrl: It must not be longer than 2048 characters."),
        ("/a\r\nSet-Cookie: a=b", "imageUrl: It must not hold control characters."),
        ("/a\x7f", "imageUrl: It must not hold control characters."),
        ("/a\x00", "imageUrl: It must not hold the character NUL."),
    ],
)
async def test_has_two_limits(image_url: str, sentence: str, client: Informer):
    before = await client.make(imageUrl="/a.png")

    made = await client("POST", "/integrations", {"name": "New", "type": "custom", "imageUrl": image_url})
    put = await client("PUT", STOCK, {"name": "Renamed", "imageUrl": image_url})

    assert (refused(made, 400), refused(put, 400)) == (sentence, sentence)
    assert await client.names() == ["Stock"]
    assert await client.ok("GET", STOCK) == before


@pytest.mark.parametrize(
    ("image_url", "location"),
    [
        ("https://cdn.example/a.png?v=%2F2#x", "https://cdn.example/a.png?v=%2F2#x"),
        ("http://cdn.example/a.png", "http://cdn.example/a.png"),
        ("HTTPS://CDN.example/a.png", "HTTPS://CDN.example/a.png"),
        ("https://cdn.example/a b/ü.png", "https://cdn.example/a%20b/%C3%BC.png"),
    ],
)
async def test_the_icon_is_at_an_absolute_address(image_url: str, location: str, client: Informer, apps: Apps):
    await client.make(imageUrl=image_url)

    answer = await client("GET", ICON)

    assert (answer.status_code, answer.headers["location"], answer.content) == (302, location, b"")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert await icon_url(apps) == (location if location.lower().startswith("https:") else None)


@pytest.mark.parametrize("image_url", NO_ADDRESS)
async def test_sends_nobody_to_what_is_no_address(image_url: str, client: Informer, apps: Apps):
    await client.make(imageUrl=image_url)

    assert refused(await client("GET", ICON), 404) == "There is no such icon."
    assert await icon_url(apps) is None


async def test_an_icon_does_not_lead_to_itself(client: Informer, apps: Apps):
    own = f"{apps.hub.url}/informer/api{ICON}"
    made = await client.make(imageUrl=own)

    assert made["imageUrl"] == own
    refused(await client("GET", ICON), 404)


async def test_an_uploaded_icon_comes_first(client: Informer, apps: Apps):
    await client.make(imageUrl="https://cdn.example/a.png")

    put = (await client("PUT", ICON, **form(png()))).json()
    shown, address = await client("GET", ICON), await icon_url(apps)
    await client.ok("DELETE", ICON, status=204)

    assert put["imageUrl"] == "https://cdn.example/a.png"
    assert (shown.status_code, shown.content) == (200, png())
    assert "/assets/" in address
    assert (await client("GET", ICON)).status_code == 302


async def test_writing_back_what_was_read_changes_nothing(client: Informer, apps: Apps):
    await client.make()
    read = (await client("PUT", ICON, **form(png()))).json()
    await client("PUT", ICON, **form(SVG))

    written = await client.ok("PUT", STOCK, read)
    await client.ok("DELETE", ICON, status=204)

    assert "/assets/" in read["imageUrl"]
    assert written["imageUrl"] != read["imageUrl"]  # of the icon of now, not of the one that was read
    assert "imageUrl" not in await client.ok("GET", STOCK)
    assert await assets(apps) == []


async def test_whoever_may_not_see_an_integration_is_sent_nowhere(client: Informer, user: Informer):
    await client.make(imageUrl="https://cdn.example/a.png")

    refused(await user("GET", ICON), 404)
