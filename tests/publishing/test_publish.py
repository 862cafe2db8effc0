"""Publishing: one call makes or updates an app, all or nothing."""

from __future__ import annotations

import httpx
import orjson
import pytest

from models.database import Database
from models.errors import DomainError, InvalidInput
from models.vocabulary import AuthType, ConnectionMode, PublicationTarget, PublicationVisibility
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.mutations import create_integration
from resolvers.publishing.manifest import ExternalLink, GivenFile
from tests.files.pictures import SVG, png
from tests.harness.backends import both
from tests.harness.rows import Rows, changes, snapshot
from tests.publishing.conftest import Publisher, app_name, picture

BLOCKS = [{"id": "card", "title": "Weather", "urlUnfurl": ["https://weather.example.com/**"]}]
CITY = {"account": {"properties": {"city": {"type": "string", "title": "City"}}, "required": ["city"]}}
FULL = {
    "summary": "# Weather",
    "visibility": PublicationVisibility.PUBLIC,
    "target": PublicationTarget.SITE,
    "categories": ("content",),
    "blocks": BLOCKS,
    "content_sources": [{"id": "feed", "title": "Feed", "configuration": {"componentId": "c"}}],
    "external_links": (ExternalLink(label="Docs", url="https://weather.example.com/docs"),),
    "configurations": CITY,
    "content_security_policy": {"default-src": "'self'"},
    "runtime": "v2",
}
STAYING = {
    "icon": GivenFile(content=SVG),
    "previews": (picture(3), picture(4)),
    "script": GivenFile(content=b"export default 1"),
    "secrets": {"KEY": "s3cr3t-value"},
}


@both
async def test_a_new_name_makes_an_integration_that_is_installed_nowhere(publisher: Publisher, database: Database):
    name = app_name()

    made = await publisher.publish(name, **FULL, **STAYING)

    integration, publication = made.integration, made.publication
    assert (integration.name, integration.description, integration.readme) == (
        "Weather",
        "Shows the weather.",
        "# Weather",
    )
    assert (integration.vendor, integration.mode, integration.auth_type) == (
        "custom",
        ConnectionMode.SHARED,
        AuthType.NONE,
    )
    assert integration.slug == name
    assert integration.handler == name.upper().replace("-", "_")
    assert publication is not None
    assert publication.made_integration
    shown = (publication.name, publication.version, publication.visibility, publication.target)
    assert shown == (name, 1, PublicationVisibility.PUBLIC, PublicationTarget.SITE)
    assert (publication.blocks, publication.configurations) == (BLOCKS, CITY)
    assert publication.external_links == [{"url": "https://weather.example.com/docs", "label": "Docs"}]
    assert publication.content_security_policy == {"default-src": "'self'"}
    assert publication.runtime == "v2"
    assert publication.secret_names == ["KEY"]
    assert (made.organization.id, made.is_admin) == (publisher.tenant.id, True)
    rows = await snapshot(database, publisher.tenant.id)
    assert rows["installation"] == {}
    assert sorted(row["purpose"] for row in rows["asset"].values()) == ["ICON", "PREVIEW", "PREVIEW", "SCRIPT"]
    assert "s3cr3t-value" not in repr(rows)


async def test_pictures_are_served_by_the_hub_and_scripts_are_not(publisher: Publisher, http: httpx.AsyncClient):
    made = await publisher.publish(app_name(), **STAYING)

    answers = [await http.get(url) for url in (made.icon_url, *made.preview_urls)]

    assert [answer.content for answer in answers] == [SVG, png(3, 2), png(4, 2)]
    script = made.publication.script_asset_id
    address = made.icon_url.replace(made.integration.icon_asset_id, script)
    assert (await http.get(address)).status_code == 404


@both
async def test_a_second_publishing_replaces_the_manifest_and_keeps_files_and_secrets(publisher: Publisher, database):
    name = app_name()
    first = await publisher.publish(name, **FULL, **STAYING)
    before = await snapshot(database, publisher.tenant.id)

    second = await publisher.publish(name.upper(), title="Rain")
    after = await snapshot(database, publisher.tenant.id)

    assert second.integration.id == first.integration.id
    assert (second.integration.name, second.integration.readme) == ("Rain", "")
    assert second.publication.name == name
    assert second.publication.version == 2
    shown = (second.publication.visibility, second.publication.target, second.publication.runtime)
    assert shown == (PublicationVisibility.PRIVATE, PublicationTarget.ALL, "v1")
    assert (second.publication.blocks, second.publication.categories, second.publication.external_links) == (
        [],
        [],
        [],
    )
    assert (second.publication.configurations, second.publication.content_security_policy) == ({}, None)
    assert (second.icon_url, second.preview_urls) == (first.icon_url, first.preview_urls)
    assert second.publication.script_asset_id == first.publication.script_asset_id
    assert after["asset"] == before["asset"]
    (old,), (new,) = before["publication"].values(), after["publication"].values()
    assert (new["secrets"], new["secret_names"]) == (old["secrets"], ["KEY"])
    assert [row["value"] for row in after["publication_facet"].values()] == ["space:content:read"]


async def test_none_removes_files_and_secrets(publisher: Publisher, database: Database):
    name = app_name()
    await publisher.publish(name, **STAYING)

    cleared = await publisher.publish(name, icon=None, previews=(), script=None, secrets=None)

    assert (cleared.icon_url, cleared.preview_urls) == (None, ())
    assert cleared.publication.script_asset_id is None
    rows = await snapshot(database, publisher.tenant.id)
    (row,) = rows["publication"].values()
    assert (rows["asset"], row["secrets"], row["secret_names"]) == ({}, None, [])


async def test_replaced_files_go_and_equal_ones_stay_at_their_addresses(publisher: Publisher, database: Database):
    name = app_name()
    first = await publisher.publish(name, previews=(picture(3), picture(4)))

    second = await publisher.publish(name, previews=(picture(4), picture(5)))

    assert second.preview_urls[0] == first.preview_urls[1]
    assert first.preview_urls[0] not in second.preview_urls
    assert len((await snapshot(database, publisher.tenant.id))["asset"]) == 2


@both
@pytest.mark.parametrize(
    "bad",
    [
        {"previews": (picture(3), picture(4), GivenFile(content=b"GIF87a no picture"))},
        {"icon": GivenFile(content=b"<html/>")},
        {"script": GivenFile(content=b"\xff\xfe")},
        {"icon": GivenFile(content=SVG, upload_id="0" * 24)},
        {"icon": GivenFile()},
        {"previews": (picture(),) * 4},
        {"script": GivenFile(upload_id="0" * 24)},
        {"title": "x"},
    ],
)
async def test_a_bad_part_leaves_the_old_publication_as_it_was(publisher: Publisher, database: Database, bad):
    name = app_name()
    await publisher.publish(name, **FULL, **STAYING)
    before = await snapshot(database, publisher.tenant.id)

    with pytest.raises(DomainError) as refused:
        await publisher.publish(name, **{"title": "Other", "icon": picture(8), **bad})

    assert refused.value.path[0] in bad
    assert _changed(before, await snapshot(database, publisher.tenant.id)) == []


@both
async def test_a_bad_picture_of_a_new_app_leaves_nothing(publisher: Publisher, database: Database):
    before = await snapshot(database, publisher.tenant.id)

    with pytest.raises(InvalidInput) as refused:
        await publisher.publish(app_name(), previews=(picture(), picture(), GivenFile(content=b"no")))

    assert refused.value.path == ("previews", "2")
    assert changes(before, await snapshot(database, publisher.tenant.id)) == []


async def test_a_publishing_that_changes_nothing_counts_and_is_not_announced(
    publisher: Publisher, database: Database
):
    name = app_name()
    await publisher.publish(name, **FULL, **STAYING)

    again = await publisher.publish(name, **FULL, **STAYING)
    await publisher.publish(name, **FULL, secrets={"KEY": "another"})
    last = await publisher.publish(name, **FULL, icon=picture(9))

    assert (again.publication.version, last.publication.version) == (2, 4)
    events = (await snapshot(database, publisher.tenant.id))["event"].values()
    published = [orjson.loads(event["body"])["data"] for event in events if event["type"].endswith(".published")]
    told = [data["publishedVersion"] for data in published]
    assert sorted(told) == [1, 3, 4]


@both
async def test_an_own_integration_is_published_and_keeps_all_else(publisher: Publisher):
    own = await publisher.run(create_integration, CreateIntegration(name="Shop", category="commerce"))

    made = await publisher.publish(app_name(), integration_id=own.id)

    assert made.integration.id == own.id
    kept = (made.integration.handler, made.integration.slug, made.integration.category)
    assert kept == ("SHOP", "shop", "commerce")
    assert made.integration.name == "Weather"
    assert made.publication is not None
    assert not made.publication.made_integration


async def test_secrets_are_sealed_and_never_shown(publisher: Publisher, database: Database):
    made = await publisher.publish(app_name(), secrets={"API_KEY": "s3cr3t-value"})
    rows = await snapshot(database, publisher.tenant.id)

    assert "s3cr3t-value" not in repr(made)
    assert "s3cr3t-value" not in repr(rows)
    (row,) = rows["publication"].values()
    assert row["secrets"]
    document = "query($n: String!) { integration(by: {publishedName: $n}) { publication { secretNames } } }"
    shown = await publisher.tenant.client.query(document, n=made.publication.name)
    assert shown["integration"]["publication"]["secretNames"] == ["API_KEY"]


def _changed(before: Rows, after: Rows) -> list[str]:
    """The changes, but for those of the job that rechecks installations."""
    return [change for change in changes(before, after) if " job" not in change]
