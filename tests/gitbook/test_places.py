"""Apps on spaces and sites: enabled, configured, listed with their blocks, scripts and statuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from models.database import Database
from models.vocabulary import PlaceKind
from tests.gitbook.conftest import World, refused
from tests.gitbook.test_publishing import BLOCK
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.harness.server import PLAIN_HTTP
from tests.harness.waiting import eventually

#: The kind, the word of its paths, and the member of the body that enables an app on it.
KINDS = [(PlaceKind.SPACE, "space", "space"), (PlaceKind.SITE, "site", "siteId")]
each_kind = pytest.mark.parametrize(("kind", "word", "member"), KINDS, ids=["space", "site"])
SCRIPTED = {"scopes": ["site:script:inject", "site:script:cookies"], "script": "let weather = 1"}


async def installation(world: World, other: World, **members: Any) -> tuple[str, str]:
    """The name of a new app, and the path of its installation on the other organization."""
    name = (await world.publish(**members))["name"]
    made = await other.install(name)
    return name, f"/integrations/{name}/installations/{made['id']}"


@each_kind
async def test_enabling_answers_the_place_and_its_address(
    world: World, other: World, kind: PlaceKind, word: str, member: str
):
    name, one = await installation(world, other)
    place_id = await other.place(kind)

    answer = await other.client("POST", f"{one}/{word}s", {member: place_id})
    again = await other.client("POST", f"{one}/{word}s", {member: place_id})

    made = answer.json()
    assert (answer.status_code, again.status_code) == (201, 201)
    assert answer.headers["location"] == made["urls"]["location"]
    assert made["urls"]["location"] == f"{world.hub.url}/gitbook/v1{one}/{word}s/{place_id}"
    assert made["urls"]["publicEndpoint"].endswith(f"/{one.rpartition('/')[2]}/{word}s/{place_id}")
    assert (made["integration"], made["installation"], made[word]) == (name, one.rpartition("/")[2], place_id)
    assert (made["status"], made["configuration"], made["externalIds"]) == ("active", {}, [])
    assert again.json() == made == await other.client.ok("GET", f"{one}/{word}s/{place_id}")


@each_kind
async def test_extended_shows_the_whole_place(world: World, other: World, kind: PlaceKind, word: str, member: str):
    name, one = await installation(world, other)
    place_id = await other.place(kind, "Manual")
    made = await other.client.ok("POST", f"{one}/{word}s?extended=true", {member: place_id}, 201)
    client = await world.as_app(name)

    shown = await other.client.ok("GET", f"{one}/{word}s/{place_id}?extended=true")
    listed = await other.client.items(f"{one}/{word}s?extended=true")
    plain = await other.client.items(f"{one}/{word}s?extended=false")
    published = await client.ok("GET", f"{one}/{word}s/{place_id}?extended=true")

    assert made[word] == shown[word] == listed[0][word]
    assert (shown[word]["object"], shown[word]["title"]) == (word, "Manual")
    assert plain[0][word] == place_id
    assert published[word]["title"] == "Manual"
    assert not any(published[word]["permissions"].values())


@each_kind
async def test_a_place_has_configuration_and_external_ids_of_its_own(
    world: World, other: World, kind: PlaceKind, word: str, member: str
):
    schema = {word: {"properties": {"channel": {"type": "string"}}, "required": ["channel"]}}
    _, one = await installation(world, other, configurations=schema)
    place_id = await other.place(kind)
    made = await other.client.ok("POST", f"{one}/{word}s", {member: place_id, "externalIds": ["repo-1"]}, 201)

    path = f"{one}/{word}s/{place_id}"
    configured = await other.client.ok("PATCH", path, {"configuration": {"channel": "ops"}})
    named = await other.client.ok("PATCH", path, {"externalIds": ["repo-2", "repo-2"]})
    cleared = await other.client.ok("PATCH", path, {"configuration": {}})

    assert (made["status"], made["externalIds"]) == ("pending", ["repo-1"])
    assert (configured["status"], configured["configuration"]) == ("active", {"channel": "ops"})
    assert (named["configuration"], named["externalIds"]) == ({"channel": "ops"}, ["repo-2"])
    assert (cleared["status"], cleared["configuration"], cleared["externalIds"]) == ("pending", {}, ["repo-2"])
    assert (await other.client.ok("GET", one))["status"] == "active"


async def test_the_app_finds_spaces_by_external_ids_of_their_own(world: World, other: World):
    name, one = await installation(world, other)
    client = await world.as_app(name)
    spaces = [await other.place(PlaceKind.SPACE) for _ in range(2)]
    for number, place_id in enumerate(spaces):
        await other.client.ok("POST", f"{one}/spaces", {"space": place_id, "externalIds": [f"repo-{number}"]}, 201)
    await client.ok("PATCH", one, {"externalIds": ["repo-0"]})

    everything = await client.items(f"/integrations/{name}/spaces")
    found = await client.items(f"/integrations/{name}/spaces?externalId=repo-0")

    assert [each["space"] for each in everything] == spaces[::-1]
    assert [each["space"] for each in found] == [spaces[0]]


async def test_the_number_of_spaces_follows(world: World, other: World):
    _, one = await installation(world, other)
    space, site = await other.place(PlaceKind.SPACE), await other.place(PlaceKind.SITE)

    await other.client.ok("POST", f"{one}/spaces", {"space": space}, 201)
    await other.client.ok("POST", f"{one}/sites", {"siteId": site}, 201)
    some = await other.client.ok("GET", one)
    await other.client.ok("DELETE", f"{one}/spaces/{space}", status=205)

    assert (some["spaces"], (await other.client.ok("GET", one))["spaces"]) == (1, 0)


async def test_all_spaces_are_listed_once_all_are_selected(world: World, other: World):
    _, one = await installation(world, other)
    spaces = {await other.place(PlaceKind.SPACE) for _ in range(3)}

    shown = await other.client.ok("PATCH", one, {"space_selection": "all"})

    assert shown["spaces"] == 3
    assert {each["space"] for each in await other.client.items(f"{one}/spaces")} == spaces


@each_kind
async def test_taking_it_off_is_205_and_204_when_it_was_not_there(
    world: World, other: World, kind: PlaceKind, word: str, member: str
):
    _, one = await installation(world, other)
    path = f"{one}/{word}s/{await other.place(kind)}"
    await other.client.ok("POST", f"{one}/{word}s", {member: path.rpartition("/")[2]}, 201)

    first, second = await other.client("DELETE", path), await other.client("DELETE", path)

    assert (first.status_code, second.status_code) == (205, 204)
    refused(await other.client("GET", path), 404)


@each_kind
async def test_bad_places_are_refused_and_leave_no_row(
    world: World, other: World, database: Database, kind: PlaceKind, word: str, member: str
):
    _, one = await installation(world, other)
    theirs, own = await world.place(kind), await other.place(kind)
    wrong = await other.place(PlaceKind.SITE if kind is PlaceKind.SPACE else PlaceKind.SPACE)
    before = await snapshot(database, other.tenant.id)
    bad: list[tuple[Any, int]] = [
        *((body, 400) for body in (None, {}, [], {member: 7}, {member: None})),
        *(({member: place_id}, 404) for place_id in ("0" * 24, "x", theirs, wrong)),
        ({member: own, "externalIds": ["1", "2", "3", "4", "5", "6"]}, 400),
        ({member: own, "configuration": []}, 400),
    ]

    for body, status in bad:
        refused(await other.client("POST", f"{one}/{word}s", body), status)
    for place_id in ("0" * 24, theirs, own, wrong):
        refused(await other.client("GET", f"{one}/{word}s/{place_id}"), 404)
    refused(await other.client("GET", f"{one}/{word}s?extended=yes"), 400)

    assert changes(before, await snapshot(database, other.tenant.id)) == []


async def test_a_narrower_target_takes_the_app_off_other_places(world: World, other: World):
    name, one = await installation(world, other)
    space, site = await other.place(PlaceKind.SPACE), await other.place(PlaceKind.SITE)
    await other.client.ok("POST", f"{one}/spaces", {"space": space}, 201)
    await other.client.ok("POST", f"{one}/sites", {"siteId": site}, 201)

    await world.publish(name, target="site")

    async def is_off():
        return await other.client.items(f"{one}/spaces") == []

    await eventually(is_off)
    assert [each["site"] for each in await other.client.items(f"{one}/sites")] == [site]
    assert (await other.client.ok("GET", one))["spaces"] == 0
    refused(await other.client("GET", f"{one}/spaces/{space}"), 404)


@each_kind
async def test_a_place_that_the_app_is_not_for_is_refused_in_a_sentence(
    world: World, other: World, kind: PlaceKind, word: str, member: str
):
    _, one = await installation(world, other, target="organization")
    body = {member: await other.place(kind)}

    said = refused(await other.client("POST", f"{one}/{word}s", body), 400)

    assert said == f"This app cannot be enabled on {word}s; its publisher has not published it for them."
    assert await other.client.items(f"{one}/{word}s") == []


@each_kind
async def test_apps_of_a_place_are_those_that_work_there(
    world: World, other: World, kind: PlaceKind, word: str, member: str
):
    name, one = await installation(world, other)
    place_id = await other.place(kind)
    path = f"/spaces/{place_id}" if kind is PlaceKind.SPACE else f"/orgs/{other.tenant.id}/sites/{place_id}"
    before = await other.client.ok("GET", f"{path}/integrations")

    await other.client.ok("POST", f"{one}/{word}s", {member: place_id}, 201)

    after = await other.client.ok("GET", f"{path}/integrations")
    assert (before["items"], after["count"]) == ([], 1)
    assert after["items"] == [await other.client.ok("GET", f"/integrations/{name}")]
    assert await other.client.items(f"{path}/integrations?search=weather") == after["items"]
    assert await other.client.items(f"{path}/integrations?search=nothing-like-it") == []


async def test_blocks_of_a_space_are_a_plain_array(world: World, other: World):
    name, one = await installation(world, other, blocks=[BLOCK])
    space = await other.place(PlaceKind.SPACE)
    before = await other.client.ok("GET", f"/spaces/{space}/integration-blocks")

    await other.client.ok("POST", f"{one}/spaces", {"space": space}, 201)

    assert before == []
    shown = await other.client.ok("GET", f"/spaces/{space}/integration-blocks")
    assert shown == [{"name": name, "blocks": [BLOCK]}]


async def test_scripts_of_a_site_are_served_where_they_are_listed(world: World, other: World):
    policy = {"default-src": "'self'"}
    _, one = await installation(world, other, contentSecurityPolicy=policy, **SCRIPTED)
    site = await other.place(PlaceKind.SITE)
    await other.client.ok("POST", f"{one}/sites", {"siteId": site}, 201)

    (shown,) = await other.client.ok("GET", f"/orgs/{other.tenant.id}/sites/{site}/integration-scripts")

    assert (shown["contentSecurityPolicy"], shown["cookies"]) == ("default-src 'self'", True)
    async with httpx.AsyncClient(**PLAIN_HTTP) as browser:
        served = await browser.get(shown["script"])
    assert (served.status_code, served.text) == (200, SCRIPTED["script"])


@pytest.mark.parametrize(("scopes", "cookies"), [([], None), (["site:script:inject"], False)])
async def test_scripts_follow_the_scopes(world: World, other: World, scopes: list[str], cookies: bool | None):
    _, one = await installation(world, other, scopes=scopes)
    site = await other.place(PlaceKind.SITE)
    await other.client.ok("POST", f"{one}/sites", {"siteId": site}, 201)

    shown = await other.client.ok("GET", f"/orgs/{other.tenant.id}/sites/{site}/integration-scripts")

    assert [each["cookies"] for each in shown] == ([] if cookies is None else [cookies])


async def test_statuses_of_an_organization_and_of_its_places(world: World, other: World):
    schema = {"site": {"properties": {"channel": {"type": "string"}}, "required": ["channel"]}}
    name, one = await installation(world, other, configurations=schema)
    space, site = await other.place(PlaceKind.SPACE), await other.place(PlaceKind.SITE)
    await other.client.ok("POST", f"{one}/spaces", {"space": space}, 201)
    await other.client.ok("POST", f"{one}/sites", {"siteId": site}, 201)
    path = f"/orgs/{other.tenant.id}/integrations"

    whole = await other.client.items(f"{path}/installations-status?search=weather")
    spaces = await other.client.items(f"{path}/installations-status?target=space&space={space}")
    sites = await other.client.items(f"{path}/installations-status?target=site")

    organization = {"type": "organization", "organizationId": other.tenant.id}
    assert [(each["status"], each["target"]) for each in whole] == [("active", organization)]
    assert [(each["status"], each["target"]) for each in spaces] == [("active", {"type": "space", "spaceId": space})]
    assert [(each["status"], each["target"]) for each in sites] == [("pending", {"type": "site", "siteId": site})]
    assert whole[0]["integration"]["name"] == name
    assert await other.client.ok("GET", f"{path}/{name}/installation_status") == {"status": "active"}
    assert await other.client.items(f"{path}/installations-status?search=nothing-like-it") == []


async def test_the_status_of_an_app_that_is_not_installed_is_404(world: World, other: World):
    name = (await world.publish())["name"]

    for each in (name, "no-such-app"):
        path = f"/orgs/{other.tenant.id}/integrations/{each}/installation_status"
        refused(await other.client("GET", path), 404)


@pytest.mark.parametrize(
    ("query", "status"),
    [("target=galaxy", 400), ("space=x", 400), ("target=space&site=x", 400), ("target=site&site=x", 404)],
)
async def test_bad_targets_of_statuses_are_refused(world: World, query: str, status: int):
    path = f"/orgs/{world.tenant.id}/integrations/installations-status?{query}"

    refused(await world.client("GET", path), status)


@both
@pytest.mark.parametrize("named", ["a", "é" * 24])
async def test_an_odd_id_of_a_place_does_not_exist(world: World, named: str):
    name = (await world.publish())["name"]
    path = f"/integrations/{name}/installations/{(await world.install(name))['id']}"

    refused(await world.client("POST", f"{path}/spaces", {"space": named}), 404)
    refused(await world.client("POST", f"{path}/sites", {"siteId": named}), 404)
