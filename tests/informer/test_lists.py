"""The collection in pages, and the gallery with its tag."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.tables import Integration
from models.vocabulary import AuthType, IntegrationAccess
from resolvers.integrations.tags import SetIntegrationTags, set_integration_tags
from tests.harness.apps import Apps
from tests.harness.backends import both
from tests.informer.conftest import Informer, refused
from tests.informer.test_integrations import define


async def following(client: Informer, rel: str, found: dict[str, Any]) -> list[list[str]]:
    """The names on every page that is reached by a link."""
    pages = []
    while rel in found["_links"]:
        found = await client.ok("GET", found["_links"][rel]["href"])
        pages.append([row["name"] for row in found["_embedded"]["inf:integration"]])
    return pages


async def test_an_empty_collection_is_a_page(client: Informer):
    assert await client.ok("GET", "/integrations") == {
        "_links": {"self": {"href": "/informer/api/integrations"}},
        "_embedded": {"inf:integration": []},
        "start": 0,
        "count": 0,
        "total": 0,
    }


@both
async def test_lists_by_name_with_a_link_to_each(client: Informer, apps: Apps):
    for name in ("beta", "Alpha", "Gamma"):
        await client.make(name=name)

    found = await client.ok("GET", "/integrations")

    rows = found["_embedded"]["inf:integration"]
    assert [row["name"] for row in rows] == ["Alpha", "beta", "Gamma"]
    assert (found["start"], found["count"], found["total"]) == (0, 3, 3)
    for row in rows:
        whole = await client.ok("GET", row["_links"]["self"]["href"])
        assert {name: whole[name] for name in row if name != "_links"} == {
            k: v for k, v in row.items() if k != "_links"
        }
        assert {"clientId", "data", "imageUrl", "revocationUri"}.isdisjoint(row)


@both
async def test_pages_by_start_and_limit_and_links_to_what_is_beside(client: Informer):
    for number in range(5):
        await client.make(name=f"Store {number}")

    first = await client.ok("GET", "/integrations?limit=2&q=store")
    last = await client.ok("GET", "/integrations?limit=2&start=4&q=store")

    assert first["_links"]["self"]["href"] == "/informer/api/integrations?limit=2&q=store"
    assert (first["count"], first["total"], last["start"], last["count"]) == (2, 5, 4, 1)
    assert "prev" not in first["_links"]
    assert await following(client, "next", first) == [["Store 2", "Store 3"], ["Store 4"]]
    assert await following(client, "prev", last) == [["Store 2", "Store 3"], ["Store 0", "Store 1"]]


async def test_a_start_beyond_the_end_is_an_empty_page(client: Informer):
    await client.make()

    found = await client.ok("GET", "/integrations?start=7")

    assert (found["start"], found["count"], found["total"]) == (7, 0, 1)
    assert "next" not in found["_links"]


@both
async def test_looks_for_words_in_names_and_descriptions(client: Informer):
    await client.make(name="Drive", description="Files of the press")
    await client.make(name="Press office")
    await client.make(name="Till")

    assert await client.names("?q=PRESS") == ["Drive", "Press office"]
    assert await client.names("?q=press%20files") == ["Drive"]
    assert await client.names("?q=%25") == []


@both
async def test_narrows_by_what_takes_uploads(client: Informer, apps: Apps):
    await define(apps, "shelf", auth={"type": "BEARER"}, supports={"upload": True})
    await client.make(name="Shelf", type="shelf")
    await client.make(name="Till")

    assert await client.names("?supportsUpload=true") == ["Shelf"]
    assert await client.names("?supportsUpload=false") == ["Till"]


@both
async def test_lists_what_the_organization_owns_and_not_what_it_has_installed(
    client: Informer, apps: Apps, new_organization, hub, database
):
    others = Apps(hub=hub, database=database, tenant=await new_organization())
    await apps.install(await others.make("Theirs"), "THEIRS")
    await client.make(name="Ours")

    assert await client.names() == ["Ours"]
    assert [row["name"] for row in await client.ok("GET", "/integrations-list")] == ["Ours"]
    refused(await client("GET", "/integrations/theirs"), 404)


@both
async def test_the_gallery_has_tags_and_shares(client: Informer, apps: Apps, user: Informer):
    made = await client.make(description="Boxes", category="storage")
    tags = SetIntegrationTags(integration_id=made["id"], tags=["cold", "dry"])
    tagged = await apps.hub.run(set_integration_tags(apps._admin, tags))
    await client.ok("PUT", "/integrations/stock/shares/member", {"accessLevel": 3})

    (row,) = await client.ok("GET", "/integrations-list")

    assert len(row.pop("tags")) == 2
    assert row == {
        "id": tagged.id,
        "name": "Stock",
        "slug": "stock",
        "type": "custom",
        "category": "storage",
        "description": "Boxes",
        "mode": "per-user",
        "authType": "oauth2",
        "ownerId": "admin",
        "embedded": False,
        "shared": True,
        "sharing": [{"principalId": "member", "accessLevel": 3}],
    }


@both
async def test_everybody_sees_their_own_gallery_under_a_tag_of_their_own(client: Informer, user: Informer):
    await client.make(name="Hidden")
    await client.make(name="Shared")
    await client.ok("PUT", "/integrations/shared/shares/member")
    await user.make(name="Own")

    mine, theirs = [await one("GET", "/integrations-list") for one in (client, user)]

    assert [row["name"] for row in mine.json()] == ["Hidden", "Own", "Shared"]
    assert [row["name"] for row in theirs.json()] == ["Own", "Shared"]
    assert mine.headers["etag"] != theirs.headers["etag"]
    assert theirs.headers["cache-control"] == "private, no-cache"
    assert theirs.headers["vary"] == "authorization, x-hub-id"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
async def test_who_knows_the_gallery_is_told_so(form: str, client: Informer):
    await client.make()
    tag = (await client("GET", "/integrations-list")).headers["etag"]

    answer = await client("GET", "/integrations-list", headers={"If-None-Match": form.format(tag)})

    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


async def test_the_tag_changes_with_what_is_seen(client: Informer, user: Informer):
    await client.make()
    tag = (await client("GET", "/integrations-list")).headers["etag"]
    await client.ok("PUT", "/integrations/stock/shares/member")

    answer = await client("GET", "/integrations-list", headers={"If-None-Match": tag})

    assert answer.status_code == 200
    assert answer.json()[0]["shared"] is True


async def test_a_foreign_tag_tells_nobody_anything(client: Informer, user: Informer):
    await client.make()
    tag = (await client("GET", "/integrations-list")).headers["etag"]

    answer = await user("GET", "/integrations-list", headers={"If-None-Match": tag})

    assert (answer.status_code, answer.json()) == (200, [])


@both
async def test_what_others_made_without_restriction_is_everybodys(client: Informer, user: Informer, apps: Apps):
    await apps.make("Open")
    await apps.make("Closed", access=IntegrationAccess.RESTRICTED)

    assert await user.names() == ["Open"]
    assert await client.names() == ["Closed", "Open"]


async def test_shows_what_the_vendor_has_no_word_for_as_what_is_nearest(client: Informer, apps: Apps):
    await apps.make("None")
    made = await apps.make("Machine")
    async with apps.database.write() as session:
        machine = await session.execute(select(Integration).where(col(Integration.id) == made.id))
        machine.scalars().one().auth_type = AuthType.CLIENT_CREDENTIALS

    rows = await client.ok("GET", "/integrations-list")

    assert {row["name"]: row["authType"] for row in rows} == {"None": "bearer", "Machine": "oauth2"}
