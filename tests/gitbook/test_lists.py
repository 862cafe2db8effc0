"""Lists: pages, their limits, their filters, and the statements that they cost."""

from __future__ import annotations

from typing import Any

import pytest

from models.row import new_id
from models.vocabulary import PlaceKind
from tests.gitbook.conftest import World, refused
from tests.gitbook.test_publishing import BLOCK, SOURCE
from tests.harness.statements import counted


async def everything(world: World, path: str, limit: int) -> tuple[list[Any], list[int]]:
    """All items of a list, page by page, and the count that each page told."""
    items, counts, address = [], [], f"{path}{'&' if '?' in path else '?'}limit={limit}"
    page = await world.client.ok("GET", address)
    while True:
        items += page["items"]
        counts.append(page["count"])
        assert len(page["items"]) <= limit
        if "next" not in page:
            return items, counts
        page = await world.client.ok("GET", f"{address}&page={page['next']['page']}")


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 1000])
async def test_public_apps_are_paged_by_name_to_the_end(world: World, other: World, limit: int):
    word = f"w{new_id()}"
    names = [(await world.publish(f"{letter}-{word}"))["name"] for letter in "cba"]
    await world.publish(f"hidden-{word}", visibility="unlisted")
    await world.publish(f"own-{word}", visibility="private")

    items, counts = await everything(other, f"/integrations?search={word}", limit)

    assert [each["name"] for each in items] == names[::-1]
    assert set(counts) == {3}


async def test_a_limit_of_zero_asks_for_the_count(world: World):
    word = f"w{new_id()}"
    await world.publish(f"a-{word}")

    assert await world.client.ok("GET", f"/integrations?search={word}&limit=0") == {"items": [], "count": 1}


@pytest.mark.parametrize("search", ["x" * 1001, "+".join("abcdefghijklmnopqrstu")])
async def test_a_bad_search_is_refused_at_its_parameter(world: World, search: str):
    site, space = await world.place(PlaceKind.SITE), await world.place(PlaceKind.SPACE)
    home = f"/orgs/{world.tenant.id}"
    lists = (
        "/integrations",
        f"{home}/integrations/installations-status",
        f"{home}/sites/{site}/integrations",
        f"/spaces/{space}/integrations",
    )

    for path in lists:
        said = refused(await world.client("GET", f"{path}?search={search}"), 400)

        assert said.startswith("search: At most ")


@pytest.mark.parametrize(
    "path", ["/integrations", "{app}/installations", "{app}/events", "{app}/spaces", "{statuses}"]
)
async def test_bad_pages_are_refused(world: World, path: str):
    app = f"/integrations/{(await world.publish())['name']}"
    statuses = f"/orgs/{world.tenant.id}/integrations/installations-status"
    path = path.format(app=app, statuses=statuses)

    for limit in ("-1", "1001", "1.5", "ten", "", "0x1", "99999"):
        said = refused(await world.client("GET", f"{path}?limit={limit}"), 400)
        assert said == "limit: It must be a whole number from 0 to 1000."
    refused(await world.client("GET", f"{path}?limit=1&limit=2"), 400)
    for page in ("x", "", "Z" * 900):
        assert refused(await world.client("GET", f"{path}?page={page}"), 400).startswith("page: ")


async def test_a_page_is_good_for_its_own_list_alone(world: World):
    word = f"w{new_id()}"
    for letter in "ab":
        await world.publish(f"{letter}-{word}")
    page = (await world.client.ok("GET", f"/integrations?search={word}&limit=1"))["next"]["page"]

    refused(await world.client("GET", f"/integrations?search=other&page={page}"), 400)
    refused(await world.client("GET", f"/integrations/a-{word}/installations?page={page}"), 400)


async def test_pages_of_installations_are_stable_while_new_ones_come(world: World, new_world: Any):
    name = (await world.publish())["name"]
    first = [await (await new_world()).install(name) for _ in range(3)]
    path = f"/integrations/{name}/installations?limit=2"

    page = await world.client.ok("GET", path)
    await (await new_world()).install(name)
    following = await world.client.ok("GET", f"{path}&page={page['next']['page']}")

    assert [each["id"] for each in page["items"] + following["items"]] == [each["id"] for each in first[::-1]]
    assert "next" not in following


@pytest.mark.parametrize(
    ("members", "matching", "other"),
    [
        ({"categories": ["marketing"]}, "category=marketing", "category=content"),
        ({"blocks": [BLOCK]}, "blocks=true", "blocks=false"),
        ({}, "blocks=false", "blocks=true"),
        ({"blocks": [BLOCK]}, "blockDomain=weather.example.com", "blockDomain=news.example.com"),
        ({"contentSources": [SOURCE]}, "contentSources=true", "contentSources=false"),
        ({"target": "site"}, "target=site", "target=space"),
        ({"scopes": ["space:content:read"]}, "scope=space:content:read", "scope=openapi:read"),
    ],
)
async def test_filters(world: World, members: dict[str, Any], matching: str, other: str):
    word = f"w{new_id()}"
    await world.publish(f"a-{word}", **members)

    found = [await world.client.items(f"/integrations?search={word}&{query}") for query in (matching, other)]

    assert [len(each) for each in found] == [1, 0]


async def test_apps_of_one_owner(world: World, other: World):
    word = f"w{new_id()}"
    for one in (world, other):
        await one.publish(f"{one.tenant.slug}-{word}"[-90:])

    found = await world.client.items(f"/integrations?search={word}&owner={other.tenant.id}")

    assert [each["owner"]["id"] for each in found] == [other.tenant.id]


@pytest.mark.parametrize(
    "query",
    [
        "category=gadgets",
        "blocks=yes",
        "blocks=1",
        "blockDomain=a%20b",
        "blockDomain=" + "a" * 101,
        "blockDomain=",
        "contentSources=x",
        "target=galaxy",
        "scope=no:such",
        "search=a&search=b",
        "search=%00",
    ],
)
async def test_bad_filters_are_refused(world: World, query: str):
    refused(await world.client("GET", f"/integrations?{query}"), 400)


#: The SELECTs of each list and read, beside those of authentication, which go past what is counted.
STATEMENTS = {
    "/integrations?search={word}": 6,
    "/integrations/{name}": 5,
    "/integrations/{name}/installations": 7,
    "/integrations/{name}/spaces?extended=true": 8,
    "/integrations/{name}/events": 6,
    "/integrations/{name}/installations/{id}": 7,
    "/integrations/{name}/installations/{id}/spaces?extended=true": 8,
    "/spaces/{space}/integrations": 6,
    "/spaces/{space}/integration-blocks": 2,
    "/orgs/{organization}/integrations/installations-status": 7,
    "/orgs/{organization}/integrations/installations-status?target=space": 8,
}


async def test_no_list_costs_a_statement_for_each_row(world: World):
    word = f"w{new_id()}"
    hub = world.hub.app.state.hub
    name = (await world.publish(f"app-{word}", blocks=[BLOCK]))["name"]
    made = await world.install(name)
    one = f"/integrations/{name}/installations/{made['id']}"
    space = await world.place(PlaceKind.SPACE)
    await world.client.ok("POST", f"{one}/spaces", {"space": space, "externalIds": ["a", "b"]}, 201)
    ids = {"word": word, "name": name, "id": made["id"], "space": space, "organization": world.tenant.id}

    async def cost() -> dict[str, int]:
        costs = {}
        for path in STATEMENTS:
            with counted(hub.database) as sent:
                await world.client.ok("GET", path.format(**ids))
            costs[path] = len(sent)
        return costs

    few = await cost()
    for number in range(50):
        another = (await world.publish(f"app-{number}-{word}", blocks=[BLOCK]))["name"]
        installation = await world.install(another)
        below = f"/integrations/{another}/installations/{installation['id']}/spaces"
        await world.client.ok("POST", below, {"space": space, "externalIds": ["a"]}, 201)
        more = await world.place(PlaceKind.SPACE, f"Space {number}")
        await world.client.ok("POST", f"{one}/spaces", {"space": more, "externalIds": ["c"]}, 201)

    many = await cost()
    assert many == few
    assert {path: most for path, most in few.items() if most > STATEMENTS[path]} == {}
