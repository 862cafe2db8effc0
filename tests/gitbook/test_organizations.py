"""Users, organizations, spaces and sites: each field follows what the hub knows."""

from __future__ import annotations

from typing import Any

import pytest

from models.row import new_id
from models.vocabulary import Permission, PlaceKind
from resolvers.people.organization import UpdateOrganization, update_organization
from resolvers.people.place import UpdatePlace, update_place
from tests.gitbook.conftest import World, refused
from tests.harness.estate import caller_of

SPACE = {
    "emoji": "📖",
    "visibility": "unlisted",
    "revision": "r-7",
    "defaultLevel": "review",
    "editMode": "locked",
    "comments": 1,
    "changeRequests": 3,
    "changeRequestsOpen": 2,
    "changeRequestsDraft": 4,
    "urls": {
        "published": "https://docs.example.com/a",
        "public": "https://docs.example.com/b",
        "icon": "https://x.example/i",
    },
}
SITE = {
    "type": "premium",
    "appliedType": "ultimate",
    "visibility": "share-link",
    "defaultLevel": "admin",
    "published": True,
    "siteSpaces": 5,
    "urls": {"published": "https://docs.example.com", "preview": "https://preview.example.com"},
}


async def test_the_user_is_that_of_the_token(world: World):
    shown = await world.client.ok("GET", "/user")

    assert shown["id"] == world.tenant.admin_id
    assert shown["displayName"] == "Administrator"
    assert "email" not in shown
    assert shown["urls"]["location"].endswith("/gitbook/v1/user")


async def test_a_token_of_an_app_has_no_user(world: World):
    app = await world.as_app((await world.publish())["name"])

    said = refused(await app("GET", "/user"), 403)

    assert said == "This token belongs to an app and has no user; use a personal token."


async def test_an_organization_follows_its_facts(world: World):
    path = f"/orgs/{world.tenant.id}"
    before = await world.client.ok("GET", path)
    facts = {"emailDomains": ["example.com"], "type": "community", "inviteLinks": True}
    admin = caller_of(world.hub, world.tenant)

    await world.hub.run(update_organization(admin, UpdateOrganization(name="Weather Co", custom_fields=facts)))

    after = await world.client.ok("GET", path)
    assert {name: before[name] for name in facts} == {"emailDomains": [], "type": "business", "inviteLinks": False}
    assert {name: after[name] for name in facts} == facts
    assert after["title"] == "Weather Co"
    assert after["id"] == world.tenant.id
    assert after["urls"]["location"].endswith(f"/gitbook/v1{path}")
    assert all(after["permissions"].values())


@pytest.mark.parametrize(("length", "fits"), [(2, False), (3, True), (32, True), (33, False)])
async def test_a_hostname_is_the_slug_if_it_fits(new_world: Any, length: int, fits: bool):
    world = await new_world(slug=new_id()[::-1].ljust(33, "z")[:length])

    shown = await world.client.ok("GET", "/orgs/" + world.tenant.slug)

    assert shown.get("hostname") == (world.tenant.slug if fits else None)


@pytest.mark.parametrize(("name", "shown"), [("A", "A."), ("é" * 255, "é" * 255)])
async def test_titles_of_organizations_fit(world: World, name: str, shown: str):
    await world.hub.run(update_organization(caller_of(world.hub, world.tenant), UpdateOrganization(name=name)))

    assert (await world.client.ok("GET", f"/orgs/{world.tenant.id}"))["title"] == shown


async def test_permissions_are_those_of_the_token(world: World):
    reader = await world.signed_in(Permission.ORGANIZATION_READ, Permission.INSTALLATIONS_READ)

    shown = (await reader.ok("GET", f"/orgs/{world.tenant.slug}"))["permissions"]

    assert {name for name, may in shown.items() if may} == {
        *("view", "access", "listMembers", "listTeams", "listInstallations")
    }


@pytest.mark.parametrize(
    ("kind", "details", "path"),
    [(PlaceKind.SPACE, SPACE, "/spaces/{id}"), (PlaceKind.SITE, SITE, "/orgs/{organization}/sites/{id}")],
)
async def test_a_place_follows_its_details(world: World, kind: PlaceKind, details: dict[str, Any], path: str):
    place_id = await world.place(kind, "Handbook")
    path = path.format(id=place_id, organization=world.tenant.id)
    before = await world.client.ok("GET", path)

    change = UpdatePlace(id=place_id, name="Manual", details=details)
    await world.hub.run(update_place(caller_of(world.hub, world.tenant), change))

    after = await world.client.ok("GET", path)
    assert (before["title"], after["title"]) == ("Handbook", "Manual")
    for name, value in details.items():
        expected = {**after["urls"], **value} if name == "urls" else "1f4d6" if name == "emoji" else value
        assert after[name] == expected, name
        assert before.get(name) != expected, name
    assert after["urls"]["location"].endswith(f"/gitbook/v1{path}")
    assert all(after["permissions"].values())


async def test_the_revision_of_a_space_grows_with_its_changes(world: World):
    place_id = await world.place(PlaceKind.SPACE)
    before = await world.client.ok("GET", f"/spaces/{place_id}")

    await world.hub.run(update_place(caller_of(world.hub, world.tenant), UpdatePlace(id=place_id, name="Manual")))

    after = await world.client.ok("GET", f"/spaces/{place_id}")
    assert after["revision"] > before["revision"]
    assert after["updatedAt"] > before["updatedAt"]
    assert (after["createdAt"], after["organization"]) == (before["createdAt"], world.tenant.id)


@pytest.mark.parametrize("kind", PlaceKind)
async def test_details_of_a_wrong_kind_count_as_absent(world: World, kind: PlaceKind):
    names = {*SPACE, *SITE}
    wrong: list[Any] = [7, "no such word", [], {"a": 1}, True, None]
    ids = [await world.place(kind, "A" * 255, **dict.fromkeys(names, value)) for value in wrong]

    path = "/spaces/" if kind is PlaceKind.SPACE else f"/orgs/{world.tenant.id}/sites/"
    shown = [
        await world.client.ok("GET", f"{path}{place_id}") for place_id in ids
    ]  # judged by the vendor's documents

    assert {one["visibility"] for one in shown} == {"private" if kind is PlaceKind.SPACE else "public"}


async def test_what_others_have_does_not_exist(world: World, other: World):
    space, site = await other.place(PlaceKind.SPACE), await other.place(PlaceKind.SITE)
    nobody = "0" * 24
    pairs = [
        (f"/spaces/{space}", f"/spaces/{nobody}"),
        (f"/orgs/{other.tenant.id}", f"/orgs/{nobody}"),
        (f"/orgs/{other.tenant.slug}", "/orgs/no-such"),
        (f"/orgs/{world.tenant.id}/sites/{site}", f"/orgs/{world.tenant.id}/sites/{nobody}"),
        (f"/orgs/{other.tenant.id}/sites/{site}", f"/orgs/{nobody}/sites/{nobody}"),
    ]

    for theirs, unknown in pairs:
        answers = [await world.client("GET", path) for path in (theirs, unknown)]
        assert refused(answers[0], 404) == refused(answers[1], 404)


async def test_a_site_is_no_space(world: World):
    site = await world.place(PlaceKind.SITE)

    refused(await world.client("GET", f"/spaces/{site}"), 404)
