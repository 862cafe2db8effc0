"""Queries in the kit: objects in brackets, lists of words, and pages that belong to one list."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from rest.kit import Asked, Get
from tests.harness.server import PLAIN_HTTP, RunningHub
from tests.harness.tenants import Tenant
from tests.rest.speaking import PREFIX, echo, shown, small, speaking


@pytest.fixture(scope="module")
def spoken(hub: RunningHub) -> Iterator[str]:
    """A dialect that shows what it reads of a query. `/lists/{name}` gives a page, and reads the one it gets."""
    dialect = small(
        Get("/deep", echo, lambda asked: (asked.deep("page"),), shown),
        Get("/words", echo, lambda asked: (asked.words("meta"),), shown),
        Get("/single", echo, lambda asked: (asked.single("meta"),), shown),
        Get("/flag", echo, lambda asked: (asked.flag("meta"),), shown),
        Get("/lists/{name}", echo, lambda asked: (asked.cursor(),), _page),
        Get("/others/{name}", echo, lambda asked: (asked.cursor("from"),), lambda _, asked: asked.next((1,), "from")),
    )
    with speaking(hub.app.state.hub, dialect) as running:
        yield running.url + PREFIX


@pytest.fixture
async def ask(spoken: str, organization: Tenant):
    """Asks by a path and query as they are written: `await ask("/deep?page[size]=1", token)`."""
    async with httpx.AsyncClient(**PLAIN_HTTP) as http:

        async def ask(target: str, token: str = organization.token) -> httpx.Response:
            return await http.get(httpx.URL(spoken + target), headers={"Authorization": f"Bearer {token}"})

        yield ask


def _page(position: object, asked: Asked) -> object:
    return {"position": position, "next": asked.next(("b", 7))}


@pytest.mark.parametrize("written", ["page[size]=2&page[number]=3", "page%5Bsize%5D=2&page%5bnumber%5d=3"])
async def test_reads_objects_with_raw_and_with_encoded_brackets(ask, written: str):
    answer = await ask(f"/deep?{written}&sort=x&pages[a]=1&[page]=2")

    assert answer.json() == {"size": "2", "number": "3"}


async def test_keeps_all_values_of_a_member_that_is_given_twice(ask):
    assert (await ask("/deep?page[a]=1&page[a]=&page[b]=")).json() == {"a": ["1", ""], "b": ""}


@pytest.mark.parametrize(
    "query",
    [
        *(
            "page=1",
            "page=",
            "page",
            "page=1&page[size]=2",
            "page[size]=2&page=1",
            "page[]=1",
            "page[=1",
            "page[a=1",
            "page[a]b=1",
        ),
        *("page[a][b]=1", "page[a]]=1", "page[[a]=1", "page[a][]=1", "page[a]=1&page[b][c]=1"),
    ],
)
async def test_refuses_objects_that_are_not_one_level_of_members(ask, query: str):
    answer = await ask(f"/deep?{query}")

    assert (answer.status_code, answer.json()["places"]) == (400, [["page"]])
    assert "page[member]=value" in answer.json()["sentence"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        *[(query, []) for query in ("", "meta", "meta=", "meta=,", "Meta=a")],
        *[(query, ["a", "b"]) for query in ("meta=a,b", "meta=a%2Cb", "meta=a&meta=b", "meta=a&x=c&meta=b")],
        ("meta=a,b&meta=c,,&meta=", ["a", "b", "c"]),
    ],
)
async def test_reads_words_with_commas_and_repeated(ask, query: str, words: list[str]):
    assert (await ask(f"/words?{query}")).json() == words


@pytest.mark.parametrize("path", ["/words", "/single", "/flag"])
@pytest.mark.parametrize("query", ["meta[]=a", "meta[x]=a", "meta%5Bx%5D=a", "meta[", "meta=a&meta[]=b", "meta[x]"])
async def test_refuses_members_of_a_plain_parameter(ask, path: str, query: str):
    answer = await ask(f"{path}?{query}")

    assert (answer.status_code, answer.json()["places"]) == (400, [["meta"]])
    assert "meta=value" in answer.json()["sentence"]


@pytest.mark.parametrize(
    ("query", "flag"), [("", None), ("meta=true", True), ("meta=false", False), ("metal[]=1", None)]
)
async def test_reads_flags(ask, query: str, flag: bool | None):
    assert (await ask(f"/flag?{query}")).json() is flag


@pytest.mark.parametrize("query", ["meta=", "meta", "meta=TRUE", "meta=1", "meta=true,false", "meta=true&meta=true"])
async def test_refuses_what_is_no_flag(ask, query: str):
    assert (await ask(f"/flag?{query}")).json()["places"] == [["meta"]]


async def test_a_page_leads_on_in_its_own_list(ask):
    first = (await ask("/lists/a?q=x&limit=1")).json()

    second = await ask(f"/lists/a?limit=9&page={first['next']}&q=x")

    assert (first["position"], second.json()["position"]) == (None, ["b", 7])
    assert second.json()["next"] == first["next"]


@pytest.mark.parametrize(
    "target",
    [
        *("/lists/b?q=x&page={}", "/lists/a?q=y&page={}", "/lists/a?page={}", "/lists/a?q=x&q=x&page={}"),
        *(
            "/lists/a?q=x&z=&page={}",
            "/lists/a?q=x&page={}&page={}",
            "/lists/a?q=x&page=",
            "/lists/a?q=x&page=AAAA{}",
        ),
        *("/lists/a?q=x&page=AAAA{}", "/lists/a?q=x&page=%C3%A9", "/lists/a?q=x&page=" + "A" * 5_000),
    ],
)
async def test_a_page_of_another_list_is_refused_at_its_parameter(ask, target: str):
    page = (await ask("/lists/a?q=x")).json()["next"]

    answer = await ask(target.replace("{}", page))

    assert (answer.status_code, answer.json()["places"]) == (400, [["page"]])
    assert page not in answer.text


async def test_a_page_of_another_organization_is_refused(ask, new_organization):
    other = await new_organization()
    page = (await ask("/lists/a")).json()["next"]

    answer = await ask(f"/lists/a?page={page}", other.token)

    assert (answer.status_code, answer.json()["places"]) == (400, [["page"]])


async def test_a_page_may_have_another_parameter(ask):
    page = (await ask("/others/a")).json()

    answer = await ask(f"/others/a?from={page}0")

    assert (await ask(f"/others/a?from={page}")).status_code == 200
    assert (answer.status_code, answer.json()["places"]) == (400, [["from"]])
