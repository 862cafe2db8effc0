"""Installations: made, configured, found by external ids, given tokens, removed."""

from __future__ import annotations

from typing import Any

import pytest

from models.database import Database
from models.vocabulary import Permission
from tests.gitbook.conftest import GitBook, World, refused
from tests.harness.rows import changes, snapshot

CITY = {"account": {"properties": {"city": {"type": "string"}}, "required": ["city"]}}


async def installed(world: World, other: World, **members: Any) -> tuple[str, str]:
    """The paths of a new app and of its installation on the other organization."""
    name = (await world.publish(**members))["name"]
    made = await other.install(name)
    return f"/integrations/{name}", f"/integrations/{name}/installations/{made['id']}"


async def test_installing_answers_the_installation_and_its_address(world: World, other: World):
    name = (await world.publish())["name"]
    path = f"/integrations/{name}/installations"

    answer = await other.client("POST", path, {"organization": other.tenant.slug})

    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == made["urls"]["location"]
    assert made["urls"]["location"] == f"{world.hub.url}/gitbook/v1{path}/{made['id']}"
    assert made["urls"]["publicEndpoint"] == f"{world.hub.url}/apps/{name}/{made['id']}"
    assert made["target"] == {"organization": other.tenant.id}
    assert (made["status"], made["spaces"], made["configuration"], made["externalIds"]) == ("active", 0, {}, [])
    assert (made["space_selection"], made["site_selection"]) == ("selected", "selected")
    assert await other.client.ok("GET", f"{path}/{made['id']}") == made


async def test_it_is_pending_until_its_configuration_satisfies_the_published_schema(world: World, other: World):
    _, one = await installed(world, other, configurations=CITY)
    before = await other.client.ok("GET", one)

    after = await other.client.ok("PATCH", one, {"configuration": {"city": "Rome"}})

    assert (before["status"], after["status"]) == ("pending", "active")
    assert after["configuration"] == {"city": "Rome"}
    assert after["updatedAt"] > before["updatedAt"]
    assert after["createdAt"] == before["createdAt"]


async def test_a_paused_one_is_shown_as_paused(world: World, other: World):
    _, one = await installed(world, other)
    pause = "mutation($id: ID!) { updateInstallation(input: {id: $id, paused: true}) { __typename } }"
    node = await other.tenant.client.query("{ installations(first: 1) { nodes { id } } }")

    await other.tenant.client.query(pause, id=node["installations"]["nodes"][0]["id"])

    assert (await other.client.ok("GET", one))["status"] == "paused"


async def test_a_patch_changes_what_it_names_and_leaves_the_rest(world: World, other: World):
    _, one = await installed(world, other)
    await other.client.ok("PATCH", one, {"configuration": {"a": 1, "b": 2}, "externalIds": ["team-1"]})

    await other.client.ok("PATCH", one, {"space_selection": "all"})
    await other.client.ok("PATCH", one, {"site_selection": "all", "configuration": None})
    replaced = await other.client.ok("PATCH", one, {"configuration": {"c": 3}})
    cleared = await other.client.ok("PATCH", one, {"configuration": {}, "externalIds": []})

    assert (replaced["configuration"], replaced["externalIds"]) == ({"c": 3}, ["team-1"])
    assert (replaced["space_selection"], replaced["site_selection"]) == ("all", "all")
    assert (cleared["configuration"], cleared["externalIds"]) == ({}, [])
    assert cleared["space_selection"] == "all"


async def test_external_ids_are_kept_once_in_order_and_found_by_the_app_at_once(world: World, other: World):
    app, one = await installed(world, other)
    client = await world.as_app(app.removeprefix("/integrations/"))

    for number in range(5):
        shown = await client.ok("PATCH", one, {"externalIds": [f"b{number}", "a", f"b{number}"]})
        found = await client.items(f"{app}/installations?externalId=b{number}")
        missing = await client.items(f"{app}/installations?externalId=b{number - 1}")

        assert shown["externalIds"] == [f"b{number}", "a"]
        assert [each["id"] for each in found] == [shown["id"]]
        assert missing == []


async def test_the_same_external_id_on_two_is_found_twice_newest_first(world: World, other: World, new_world: Any):
    app, one = await installed(world, other)
    third = await new_world()
    second = await third.install(app.removeprefix("/integrations/"))
    client = await world.as_app(app.removeprefix("/integrations/"))
    for path in (one, f"{app}/installations/{second['id']}"):
        await client.ok("PATCH", path, {"externalIds": ["team"]})

    found = await client.items(f"{app}/installations?externalId=team")

    assert [each["target"]["organization"] for each in found] == [third.tenant.id, other.tenant.id]


async def test_more_than_five_external_ids_are_refused_and_nothing_is_written(
    world: World, other: World, database: Database
):
    _, one = await installed(world, other)
    await other.client.ok("PATCH", one, {"externalIds": ["1", "2", "3", "4", "5"]})
    before = await snapshot(database, other.tenant.id)

    body = {"externalIds": ["1", "2", "3", "4", "5", "6"], "configuration": {"a": 1}}
    said = refused(await other.client("PATCH", one, body), 400)

    assert said.startswith("externalIds: ")
    assert changes(before, await snapshot(database, other.tenant.id)) == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ([], "The body must be a JSON object."),
        ({"externalIds": "a"}, "externalIds: It must be a list of texts."),
        ({"externalIds": [7]}, "externalIds.0: It must be text."),
        ({"externalIds": ["a" * 256]}, "externalIds.0: "),
        ({"externalIds": [""]}, "externalIds.0: "),
        ({"configuration": []}, "configuration: It must be a JSON object."),
        ({"configuration": "a"}, "configuration: It must be a JSON object."),
        ({"space_selection": "some"}, "space_selection: It must be one of all, selected."),
        ({"site_selection": 7}, "site_selection: It must be text."),
    ],
)
async def test_a_bad_change_is_refused_and_nothing_is_written(
    world: World, other: World, database: Database, body: Any, sentence: str
):
    _, one = await installed(world, other)
    before = await snapshot(database, other.tenant.id)

    said = refused(await other.client("PATCH", one, body), 400)

    assert said.startswith(sentence)
    assert changes(before, await snapshot(database, other.tenant.id)) == []


async def test_of_two_changes_with_the_same_tag_the_second_is_refused(world: World, other: World):
    _, one = await installed(world, other)
    tag = (await other.client("GET", one)).headers["etag"]
    weak = {"headers": {"If-Match": f"W/{tag}"}}

    first = await other.client("PATCH", one, {"configuration": {"a": 1}}, **weak)
    second = await other.client("PATCH", one, {"configuration": {"b": 2}}, **weak)

    assert first.status_code == 200
    assert first.headers["etag"] != tag
    assert refused(second, 412)
    assert (await other.client.ok("GET", one))["configuration"] == {"a": 1}
    await other.client.ok("PATCH", one, {"configuration": {"c": 3}}, headers={"If-Match": "*"})


@pytest.mark.parametrize("tag", ["7", '"a"', '"1", "2"', "", '"99999999999"'])
async def test_a_tag_that_is_none_of_ours_is_refused(world: World, other: World, tag: str):
    _, one = await installed(world, other)

    answer = await other.client("PATCH", one, {"configuration": {"a": 1}}, headers={"If-Match": tag})

    assert refused(answer, 400) == "If-Match: It must be the one ETag of the installation as it was read."


async def test_installing_twice_is_refused(world: World, other: World, database: Database):
    app, _ = await installed(world, other)
    before = await snapshot(database, other.tenant.id)

    refused(await other.client("POST", f"{app}/installations", {"organization": other.tenant.id}), 409)

    assert changes(before, await snapshot(database, other.tenant.id)) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(None, 400), ({}, 400), ({"organization": 7}, 400), ([], 400), ({"organization": "no-such"}, 404)],
)
async def test_a_bad_installing_is_refused_and_leaves_no_row(
    world: World, other: World, database: Database, body: Any, status: int
):
    name = (await world.publish())["name"]
    before = await snapshot(database, other.tenant.id)

    refused(await other.client("POST", f"/integrations/{name}/installations", body), status)

    assert changes(before, await snapshot(database, other.tenant.id)) == []


async def test_an_installer_cannot_install_elsewhere(world: World, other: World):
    name = (await world.publish())["name"]

    answer = await other.client("POST", f"/integrations/{name}/installations", {"organization": world.tenant.id})

    refused(answer, 404)


async def test_private_and_unknown_apps_cannot_be_installed(world: World, other: World):
    name = (await world.publish(visibility="private"))["name"]
    body = {"organization": other.tenant.id}

    private = await other.client("POST", f"/integrations/{name}/installations", body)
    unknown = await other.client("POST", "/integrations/no-such-app/installations", body)

    assert refused(private, 404) == refused(unknown, 404)


async def test_uninstalling_is_205_and_204_when_it_was_not_there(world: World, other: World):
    app, one = await installed(world, other)

    first, second = await other.client("DELETE", one), await other.client("DELETE", one)

    assert (first.status_code, first.content, first.headers["content-length"]) == (205, b"", "0")
    assert (second.status_code, second.content) == (204, b"")
    refused(await other.client("GET", one), 404)
    assert await other.client.items(f"{app}/installations") == []


async def test_an_installation_is_addressed_by_its_own_app_alone(world: World, other: World):
    _, one = await installed(world, other)
    another = (await world.publish())["name"]
    path = f"/integrations/{another}/installations/{one.rpartition('/')[2]}"

    refused(await other.client("GET", path), 404)
    refused(await other.client("PATCH", path, {"externalIds": ["a"]}), 404)
    assert (await other.client("DELETE", path)).status_code == 204
    await other.client.ok("GET", one)


async def test_the_app_gets_a_token_of_the_installation_that_reaches_it_alone(
    world: World, other: World, new_world: Any
):
    app, one = await installed(world, other)
    third = await new_world()
    elsewhere = await third.install(app.removeprefix("/integrations/"))
    client = await world.as_app(app.removeprefix("/integrations/"))

    made = await client.ok("POST", f"{one}/tokens")

    token = GitBook(world.client.http, made["token"])
    assert list(made) == ["token"]
    assert (await token.ok("GET", one))["target"]["organization"] == other.tenant.id
    assert (await token.ok("PATCH", one, {"configuration": {"a": 1}}))["configuration"] == {"a": 1}
    refused(await token("GET", f"{app}/installations/{elsewhere['id']}"), 404)
    refused(await token("DELETE", one), 403)


async def test_an_installer_cannot_make_a_token_of_its_installation(world: World, other: World):
    _, one = await installed(world, other)

    assert (await other.client("POST", f"{one}/tokens")).status_code in (403, 404)


async def test_the_publisher_sees_every_installation_and_an_installer_its_own(
    world: World, other: World, new_world: Any
):
    app, one = await installed(world, other)
    third = await new_world()
    await third.install(app.removeprefix("/integrations/"))
    stranger = await new_world()

    lists = [await each.client.ok("GET", f"{app}/installations") for each in (world, other, stranger)]

    assert [found["count"] for found in lists] == [2, 1, 0]
    assert [each["id"] for each in lists[1]["items"]] == [one.rpartition("/")[2]]
    assert [each["target"]["organization"] for each in lists[0]["items"]] == [third.tenant.id, other.tenant.id]


async def test_others_installations_do_not_exist(world: World, other: World, new_world: Any):
    app, one = await installed(world, other)
    stranger = await new_world()

    for method, body in (("GET", None), ("PATCH", {"externalIds": ["a"]})):
        theirs = await stranger.client(method, one, body)
        unknown = await stranger.client(method, f"{app}/installations/{'0' * 24}", body)
        assert refused(theirs, 404) == refused(unknown, 404)
    assert (await stranger.client("DELETE", one)).status_code == 204
    await other.client.ok("GET", one)


async def test_reading_needs_the_permission(world: World, other: World):
    _, one = await installed(world, other)
    reader = await other.signed_in(Permission.INTEGRATIONS_READ)

    assert refused(await reader("GET", one), 403) == "This needs the permission INSTALLATIONS_READ."
