"""Publishing and withdrawing apps: all of a manifest or nothing, and each field as it was sent."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import httpx
import pytest

from models.database import Database
from models.row import new_id
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.mutations import create_integration
from tests.gitbook.conftest import PICTURE, World, manifest, refused
from tests.gitbook.judged import NEW, OLD
from tests.harness.estate import caller_of
from tests.harness.rows import changes, snapshot
from tests.harness.server import PLAIN_HTTP

BLOCK = {
    "id": "card",
    "title": "Weather",
    "description": "A card",
    "icon": "card.png",
    "urlUnfurl": ["https://weather.example.com/**"],
    "markdown": {"codeblock": "weather", "body": "content"},
}
SOURCE = {"id": "feed", "title": "Feed", "configuration": {"componentId": "pick"}}
CONFIGURATIONS = {
    "account": {"properties": {"city": {"type": "string", "title": "City", "default": "Rome"}}, "required": ["city"]},
    "space": {"componentId": "space-form"},
}
#: Every member that is answered as it was sent, by another value than its default.
ECHOED: dict[str, Any] = {
    "title": "Other card",
    "description": "Shows other weather",
    "summary": "# Weather\n\nA card.",
    "visibility": "unlisted",
    "target": "space",
    "scopes": ["space:content:read", "site:script:inject"],
    "categories": ["content", "marketing"],
    "blocks": [BLOCK],
    "contentSources": [SOURCE],
    "configurations": CONFIGURATIONS,
    "externalLinks": [{"url": "https://weather.example.com/docs", "label": "Docs"}],
    "contentSecurityPolicy": {"default-src": "'self'", "img-src": "https://img.example.com"},
}
DEFAULTS: dict[str, Any] = {
    "target": "all",
    "summary": "",
    "categories": [],
    "blocks": [],
    "contentSources": [],
    "configurations": {},
    "externalLinks": [],
    "contentSecurityPolicy": None,
}


async def test_every_member_is_answered_as_it_was_sent_and_omitted_ones_go_back_to_defaults(world: World):
    first = await world.publish(**ECHOED)

    read = await world.client.ok("GET", f"/integrations/{first['name']}")
    second = await world.publish(first["name"])

    assert {name: first[name] for name in ECHOED} == ECHOED
    assert read == first
    assert (first["version"], second["version"]) == (1, 2)
    assert {name: second.get(name) for name in DEFAULTS} == DEFAULTS
    assert (second["title"], second["visibility"]) == ("Weather card", "public")


async def test_an_app_is_private_unless_its_manifest_says_otherwise(world: World, other: World):
    shown = await world.publish(visibility=None)

    assert shown["visibility"] == "private"
    refused(await other.client("GET", f"/integrations/{shown['name']}"), 404)


async def test_the_owner_is_shown_as_a_whole_and_permissions_are_the_callers(world: World, other: World):
    name = (await world.publish())["name"]

    own, foreign = [await one.client.ok("GET", f"/integrations/{name}") for one in (world, other)]

    assert own["owner"]["id"] == foreign["owner"]["id"] == world.tenant.id
    assert (own["permissions"], foreign["permissions"]) == ({"admin": True}, {"admin": False})
    assert own["owner"]["permissions"]["admin"] is True
    assert not any(foreign["owner"]["permissions"].values())


async def test_addresses_name_the_app(world: World):
    shown = await world.publish()

    urls = shown["urls"]
    base = world.hub.url
    assert urls["location"] == f"{base}/gitbook/v1/integrations/{shown['name']}"
    assert urls["publicEndpoint"] == urls["publicContentEndpoint"] == f"{base}/apps/{shown['name']}"
    assert urls["assets"] == f"{base}/apps/{shown['name']}/"
    assert urls["app"] == f"{base}/"
    assert "icon" not in urls


async def test_pictures_go_in_as_base64_and_come_out_as_addresses_that_need_no_token(world: World):
    shown = await world.publish(icon=PICTURE, previewImages=[PICTURE, PICTURE])

    async with httpx.AsyncClient(**PLAIN_HTTP) as nobody:
        got = [await nobody.get(url) for url in (shown["urls"]["icon"], *shown["previewImages"])]
    assert [(one.status_code, one.headers["content-type"]) for one in got] == [(200, "image/png")] * 3
    assert {b64encode(one.content).decode() for one in got} == {PICTURE}


async def test_pictures_stay_while_omitted_and_go_when_the_list_is_empty(world: World):
    first = await world.publish(icon=PICTURE, previewImages=[PICTURE])

    kept = await world.publish(first["name"])
    emptied = await world.publish(first["name"], previewImages=[])

    assert (kept["urls"]["icon"], kept["previewImages"]) == (first["urls"]["icon"], first["previewImages"])
    assert (emptied["urls"]["icon"], emptied["previewImages"]) == (first["urls"]["icon"], [])


async def test_script_and_secrets_are_never_answered(world: World):
    sent = {"script": "let a = 'planted-script'", "secrets": {"API_KEY": "planted-secret"}}

    shown = await world.client("POST", f"/integrations/app-{new_id()}", manifest(world.tenant, **sent))
    read = await world.client("GET", f"/integrations/{shown.json()['name']}")

    for answer in (shown, read):
        assert answer.status_code == 200
        assert "planted" not in answer.text
        assert "API_KEY" not in answer.text


@pytest.mark.parametrize(
    ("members", "document"),
    [
        ({"scopes": ["snippets:read", "space:views:read"], "categories": ["captures", "gitsync"]}, OLD),
        ({"scopes": ["conversations:ingest", "openapi:write", "site:adaptive:read"]}, NEW),
        ({"contentSources": [{"id": "feed", "title": "Feed"}]}, OLD),
    ],
)
async def test_the_words_of_each_published_version_are_taken(world: World, members: dict[str, Any], document: str):
    body = manifest(world.tenant, **members)

    shown = await world.client.ok("POST", f"/integrations/app-{new_id()}", body, documents=(document,))

    assert {name: shown[name] for name in members} == members


async def test_the_runtime_of_the_command_line_is_taken(world: World):
    assert (await world.publish(runtime="v2", previewImages=[], description=""))["description"] == ""


async def test_the_owner_may_be_named_by_its_hostname(world: World):
    shown = await world.client.ok(
        "POST", f"/integrations/app-{new_id()}", {**manifest(world.tenant), "organization": world.tenant.slug}
    )

    assert shown["owner"]["id"] == world.tenant.id


async def test_one_of_the_organization_that_is_not_published_is_found_by_its_id(world: World):
    new = CreateIntegration(name="Stock", description="All of it")
    own_id = (await world.hub.run(create_integration(caller_of(world.hub, world.tenant), new))).id

    shown = await world.client.ok("GET", f"/integrations/{own_id}")

    assert (shown["name"], shown["title"], shown["description"]) == (own_id, "Stock", "All of it")
    assert (shown["version"], shown["visibility"]) == (0, "private")


async def test_withdrawing_is_205_and_204_when_nothing_was_there(world: World):
    name = (await world.publish())["name"]

    first = await world.client("DELETE", f"/integrations/{name}")
    second = await world.client("DELETE", f"/integrations/{name}")

    assert (first.status_code, first.content, first.headers["content-length"]) == (205, b"", "0")
    assert (second.status_code, second.content) == (204, b"")
    refused(await world.client("GET", f"/integrations/{name}"), 404)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"title": None}, "title: It is required."),
    ({"title": "A"}, "title: "),
    ({"title": "A" * 31}, "title: "),
    ({"title": 7}, "title: It must be text."),
    ({"description": None}, "description: It is required."),
    ({"description": "a" * 101}, "description: "),
    ({"summary": "a" * 2049}, "summary: "),
    ({"script": None}, "script: It is required."),
    ({"script": {}}, "script: It must be text."),
    ({"scopes": None}, "scopes: It is required; it may be an empty list."),
    ({"scopes": "space:content:read"}, "scopes: It must be a list of texts."),
    ({"scopes": ["space:content:read", "no:such"]}, "scopes.1: It must be one of snippets:read, "),
    ({"scopes": [7]}, "scopes.0: It must be text."),
    ({"categories": ["gadgets"]}, "categories.0: It must be one of analytics, "),
    ({"visibility": "secret"}, "visibility: It must be one of public, unlisted, private."),
    ({"target": "galaxy"}, "target: It must be one of all, "),
    ({"runtime": "v3"}, "runtime: It must be one of v1, v2."),
    ({"icon": "%%%"}, "icon: It is not base64 with padding"),
    ({"icon": b64encode(b"no picture").decode()}, "icon: "),
    ({"icon": 7}, "icon: It must be text."),
    ({"previewImages": [PICTURE, PICTURE, "%"]}, "previewImages.2: It is not base64 with padding"),
    ({"previewImages": [PICTURE, PICTURE, b64encode(b"none").decode()]}, "previewImages.2"),
    ({"previewImages": [PICTURE] * 4}, "previewImages: "),
    ({"previewImages": PICTURE}, "previewImages: It must be a list of texts."),
    ({"blocks": {}}, "blocks: "),
    ({"blocks": [{"id": "card"}]}, "blocks.0.title: "),
    ({"blocks": [{"id": "card", "title": "A" * 41}]}, "blocks.0.title: "),
    ({"contentSources": [7]}, "contentSources.0: "),
    ({"externalLinks": [{"url": "https://x.example/"}]}, "externalLinks.0.label: It is required."),
    ({"externalLinks": [{"url": "javascript:alert(1)", "label": "Docs"}]}, "externalLinks.0.url: "),
    ({"externalLinks": [{"url": "https://x.example/", "label": "Docs"}] * 6}, "externalLinks: "),
    ({"configurations": {"planet": {}}}, "configurations"),
    ({"configurations": {"account": {"properties": {"a": {"type": "date"}}}}}, "configurations.account"),
    ({"contentSecurityPolicy": 7}, "contentSecurityPolicy: "),
    ({"contentSecurityPolicy": {"default-src": 7}}, "contentSecurityPolicy"),
    ({"secrets": {"A": 7}}, "secrets: It must be a JSON object of texts."),
    ({"secrets": {f"A{number}": "b" for number in range(21)}}, "secrets: "),
    ({"organization": None}, "organization: It is required."),
    ({"organization": 7}, "organization: It must be text."),
    ({"organization": ""}, "organization: It must not be empty"),
]


@pytest.mark.parametrize(("members", "sentence"), BAD, ids=lambda value: str(value)[:40])
async def test_a_bad_manifest_is_refused_and_leaves_no_row(
    world: World, database: Database, members: dict[str, Any], sentence: str
):
    before = await snapshot(database, world.tenant.id)
    body = {**manifest(world.tenant, icon=PICTURE, previewImages=[PICTURE]), **members}

    said = refused(await world.client("POST", f"/integrations/app-{new_id()}", body), 400)

    assert said.startswith(sentence)
    assert changes(before, await snapshot(database, world.tenant.id)) == []


async def test_a_bad_picture_leaves_the_published_version_as_it_was(world: World, database: Database):
    echoed = ECHOED | {"configurations": {}}  # others begin a job that rechecks installations beside this test
    name = (await world.publish(icon=PICTURE, previewImages=[PICTURE], **echoed))["name"]
    before = await snapshot(database, world.tenant.id)
    bad = manifest(world.tenant, title="New title", previewImages=[PICTURE, PICTURE, b64encode(b"none").decode()])

    refused(await world.client("POST", f"/integrations/{name}", bad), 400)

    differences = changes(before, await snapshot(database, world.tenant.id))
    assert [one for one in differences if not one.endswith(" job")] == []  # that of the former publishing ends


async def test_a_name_of_another_organization_is_taken(world: World, other: World, database: Database):
    name = (await world.publish())["name"]
    before = await snapshot(database, other.tenant.id)

    said = refused(await other.client("POST", f"/integrations/{name.upper()}", manifest(other.tenant)), 409)

    assert said == f"The name {name.upper()} is taken; choose another one."
    assert changes(before, await snapshot(database, other.tenant.id)) == []


@pytest.mark.parametrize("named", ["0" * 24, "no-such"])
async def test_an_organization_that_the_token_does_not_reach_does_not_exist(world: World, other: World, named: str):
    path = f"/integrations/app-{new_id()}"

    unknown = await world.client("POST", path, {**manifest(world.tenant), "organization": named})
    theirs = await world.client("POST", path, manifest(other.tenant))

    assert refused(unknown, 404) == refused(theirs, 404)
    refused(await world.client("GET", path), 404)


@pytest.mark.parametrize("name", ["a" * 101, "ä", "a b", "a:b", "~"])
async def test_a_bad_name_is_refused(world: World, name: str):
    refused(await world.client("POST", f"/integrations/{name}", manifest(world.tenant)), 400)


async def test_another_organization_cannot_withdraw_an_app(world: World, other: World):
    name = (await world.publish())["name"]

    refused(await other.client("DELETE", f"/integrations/{name}"), 403)

    await world.client.ok("GET", f"/integrations/{name}")
