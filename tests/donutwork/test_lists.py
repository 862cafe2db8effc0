"""What is installed: pages of it, and one by its handler."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from models.tables import Installation
from models.vocabulary import HttpMethod, InstallationStatus, IntegrationAccess, Permission
from resolvers.capabilities.declaring import DeclareCapability
from tests.donutwork.conftest import Donut, refused
from tests.harness.apps import Apps
from tests.harness.backends import both

NOT_ADMIN = tuple(word for word in Permission if word is not Permission.ORGANIZATION_ADMIN)


def capability(name: str, method: HttpMethod = HttpMethod.POST) -> DeclareCapability:
    return DeclareCapability(name=name, method=method, endpoint="https://api.example.com/v1")


async def set_status(apps: Apps, status: InstallationStatus) -> None:
    async with apps.database.write() as session:
        own = select(Installation).where(col(Installation.organization_id) == apps.tenant.id)
        (await session.execute(own)).scalars().one().status = status


async def test_an_empty_list_has_one_page(client: Donut):
    assert await client.ok("GET", "/integrations.json") == {
        "entities": "Integration",
        "count": 0,
        "per_page": 100,
        "pages": {"current": 1, "max": 1},
        "elements": [],
    }


@both
async def test_lists_by_handler_in_pages_with_the_grand_total(client: Donut, apps: Apps):
    for name in ("Delta", "Bravo", "Echo", "Alpha", "Charlie"):
        await apps.make(name)

    pages = [await client.ok("GET", f"/integrations.json?size=2&page={number}") for number in (1, 2, 3, 4)]

    assert [page["count"] for page in pages] == [5, 5, 5, 5]
    assert [page["per_page"] for page in pages] == [2, 2, 2, 2]
    assert [page["pages"] for page in pages] == [{"current": number, "max": 3} for number in (1, 2, 3, 4)]
    shown = [[element["handler"] for element in page["elements"]] for page in pages]
    assert shown == [["ALPHA", "BRAVO"], ["CHARLIE", "DELTA"], ["ECHO"], []]


async def test_cuts_a_size_over_100(client: Donut, apps: Apps):
    await apps.make("Alpha")

    page = await client.ok("GET", "/integrations.json?size=5000")

    assert (page["per_page"], page["count"], len(page["elements"])) == (100, 1, 1)


@pytest.mark.parametrize("query", ["size=0", "size=-1", "size=ten", "size=", "page=0", "page=1.5", "page=1&page=2"])
async def test_refuses_what_is_no_positive_integer(query: str, client: Donut):
    name = query.partition("=")[0]

    assert (
        refused(await client("GET", f"/integrations.json?{query}"), 400) == f"{name}: It must be a positive integer."
    )


async def test_refuses_a_page_beyond_10000_rows(client: Donut):
    await client.ok("GET", "/integrations.json?size=100&page=101")

    sentence = refused(await client("GET", "/integrations.json?size=100&page=102"), 400)

    assert sentence == "page: Lists are paged to 10000 rows; use a filter for later rows."


@both
async def test_shows_one_with_its_actions_in_the_order_of_declaration(client: Donut, apps: Apps):
    actions = (capability("SEND"), capability("ASK", HttpMethod.GET), capability("FIX", HttpMethod.PATCH))
    app = await apps.make("Slack Ent", *actions, parameters={"workspace": "Acme"}, app_token="token-4711-abc")

    shown = await client.ok("GET", "/integrations/SLACK_ENT.json")
    listed = await client.ok("GET", "/integrations.json")

    assert shown == {
        "id": app.id,
        "handler": "SLACK_ENT",
        "status": "connected",
        "actions": [
            {"name": "SEND", "method": "POST"},
            {"name": "ASK", "method": "GET"},
            {"name": "FIX", "method": "PATCH"},
        ],
        "metadata": {"workspace": "Acme"},
    }
    assert listed["elements"] == [{"id": app.id, "handler": "SLACK_ENT", "name": "Slack Ent", "status": "connected"}]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (InstallationStatus.ACTIVE, "connected"),
        (InstallationStatus.PENDING, "pending"),
        (InstallationStatus.PAUSED, "paused"),
        (InstallationStatus.UNINSTALLING, "paused"),
    ],
)
async def test_words_the_status(status: InstallationStatus, word: str, client: Donut, apps: Apps):
    await apps.make("Slack")
    await set_status(apps, status)

    shown = await client.ok("GET", "/integrations/SLACK.json")
    listed = await client.ok("GET", "/integrations.json")

    assert (shown["status"], listed["elements"][0]["status"]) == (word, word)


@both
async def test_hides_what_is_restricted_to_others(donut, client: Donut, apps: Apps):
    await apps.make("Open")
    await apps.make("Secret", capability("RUN"), access=IntegrationAccess.RESTRICTED)
    await apps.tenant.add_user("guest", *NOT_ADMIN)
    guest = donut(await apps.tenant.issue(*NOT_ADMIN, username="guest"))

    listed = await guest.ok("GET", "/integrations.json")
    one = await guest("GET", "/integrations/SECRET.json")
    run = await guest("POST", "/integrations/SECRET/RUN.json", {})

    assert (listed["count"], [element["handler"] for element in listed["elements"]]) == (1, ["OPEN"])
    assert one.content == (await guest("GET", "/integrations/NOWHERE.json")).content
    assert run.content == (await guest("POST", "/integrations/NOWHERE/RUN.json", {})).content
    assert (one.status_code, run.status_code) == (404, 404)
    assert (await client.ok("GET", "/integrations.json"))["count"] == 2
