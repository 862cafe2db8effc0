"""Lists: pages, filters and orders, and how many statements they take."""

from __future__ import annotations

import pytest

from tests.cycle.conftest import Cycle, define, refused
from tests.cycle.test_available import bearer
from tests.harness.server import RunningHub
from tests.harness.statements import counted

NAMES = ["Oak", "ash", "Elm"]


@pytest.fixture
async def three(client: Cycle, store, organization) -> list[str]:
    """The ids of three integrations, the last one of another vendor."""
    await define(organization, "till", bearer())
    made = [await client.make(name=name) for name in NAMES[:2]]
    made += [await client.make(vendor="till", name=NAMES[2], auth={"api_key": "k" * 9})]
    return [one["id"] for one in made]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", NAMES),
        ("?sort=id", NAMES),
        ("?sort=-id", NAMES[::-1]),
        ("?sort=name", ["ash", "Elm", "Oak"]),
        ("?sort=-name", ["Oak", "Elm", "ash"]),
        ("?sort=-events.created", NAMES[::-1]),
        ("?page[size]=2", NAMES[:2]),
        ("?page%5Bsize%5D=2&page%5Bnumber%5D=2", NAMES[2:]),
        ("?page[size]=100&page[number]=2", []),
        ("?filter[state]=live", NAMES),
        ("?filter[state]=live%2Cstopped", NAMES),
        ("?filter[state]=new&filter[state]=live", NAMES),
        ("?filter[state]=active", []),
        ("?filter[state]=new,verifying,deleting,deleted", []),
        ("?filter[search]=oak", ["Oak"]),
        ("?filter[search]=store&filter[state]=live", NAMES[:2]),
        ("?filter%5Bcategory%5D=object-storage", NAMES[:2]),
        ("?filter[category]=billing,image-builders", ["Elm"]),
        ("?filter[category]=image-builders", []),
        ("?filter[identifier]=ash,elm", ["ash", "Elm"]),
        ("?filter[identifier]=nothing", []),
    ],
)
async def test_lists_what_is_asked_for(client: Cycle, three, query: str, names: list[str]):
    assert await client.names(query) == names


async def test_orders_by_the_last_change(client: Cycle, three):
    await client.ok("PATCH", f"/{three[0]}", {"extra": {"bucket": "b"}})

    assert await client.names("?sort=events.updated") == ["ash", "Elm", "Oak"]


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("page[size]=0", "/page/size"),
        ("page[size]=101", "/page/size"),
        ("page[size]=1e3", "/page/size"),
        ("page[size]=-1", "/page/size"),
        ("page[size]=2&page[size]=3", "/page/size"),
        ("page[number]=0", "/page/number"),
        ("page[number]=1.5", "/page/number"),
        ("page[number]=102", "/page"),
        ("page[offset]=1", "/page/offset"),
        ("page[size][a]=1", "/page"),
        ("page[]=1", "/page"),
        ("filter[colour]=red", "/filter/colour"),
        ("filter[category]=chat", "/filter/category"),
        ("filter[search]=" + "a" * 1001, "/filter/search"),
        ("sort=colour", "/sort"),
        ("sort=name&sort=id", "/sort"),
        ("sort[]=name", "/sort"),
        ("meta=definition,usage", "/meta"),
        ("meta[]=definition", "/meta"),
        ("meta[x]=1", "/meta"),
        ("filter=1", "/filter"),
        ("filter=", "/filter"),
        ("filter=live&filter[state]=live", "/filter"),
        ("filter[]=live", "/filter"),
        ("filter[state][]=live", "/filter"),
        ("page=1", "/page"),
        ("page", "/page"),
    ],
)
async def test_refuses_a_wrong_query_at_its_place(client: Cycle, query: str, source: str):
    refused(await client("GET", f"?{query}"), 422, "422.invalid-argument", source)


async def test_shows_only_what_the_organization_owns_and_the_caller_sees(
    client: Cycle, stranger: Cycle, three, organization
):
    ids = {row["id"] for row in await client.ok("GET", "")}

    assert ids == set(three)
    assert await stranger.names() == []
    refused(await stranger("GET", f"/{three[0]}"), 404, "404.hub.integration")


async def test_takes_as_many_statements_for_fifty_as_for_one(client: Cycle, store, hub: RunningHub):
    made = await client.make(name="First")
    job = (await client.ok("DELETE", f"/{(await client.make())['id']}", status=202))["job"]["id"]
    await client.ended(job)
    few = {path: await statements(hub, client, path) for path in ("", "?meta=definition")}
    for number in range(49):
        await client.make(name=f"N{number}")

    many = {path: await statements(hub, client, path) for path in few}

    assert len(await client.ok("GET", "")) == 50
    assert many == few
    one = {path: await statements(hub, client, path) for path in ("/available", f"/{made['id']}", f"/v1/jobs/{job}")}
    assert max(*few.values(), *one.values()) <= 5


async def statements(hub: RunningHub, client: Cycle, path: str) -> int:
    """How many reads answer a request, once the caches are warm."""
    await client.ok("GET", path)
    with counted(hub.app.state.hub.database) as sent:
        await client.ok("GET", path)
    return len(sent)
