"""Installations: once for each organization, under a handler, paused and resumed, removed and made again."""

from __future__ import annotations

import pytest

from models.tables import Installation
from tests.harness.acting import act, integration_of, listed, refusal, remove
from tests.harness.backends import both
from tests.harness.calling import app, capability

GET = capability("GET", "GET", "/ok")
SHOWN = "id handler status configuration spaceSelection siteSelection version"


@both
async def test_refuses_a_second_installation_and_shows_the_first(organization, upstream) -> None:
    shop = await app(organization.client, upstream.url, GET)
    (own,) = await listed(organization.client, "installations", "id")

    refused = await refusal(organization.client, "installIntegration", {"integration": {"id": shop.id}})

    assert refused["code"] == "CONFLICT"
    assert refused["existing"] == {"__typename": "Installation", "id": own["id"]}
    assert await listed(organization.client, "installations", "id") == [own]


@both
async def test_refuses_a_handler_that_another_installation_has(organization, upstream) -> None:
    await app(organization.client, upstream.url, GET, name="Shop")
    other = await app(organization.client, upstream.url, GET, name="Other")
    own = {one["handler"]: one["id"] for one in await listed(organization.client, "installations", "handler id")}
    await remove(organization.client, "uninstallIntegration", own["OTHER"])
    again = {"integration": {"id": other.id}}

    taken = await refusal(organization.client, "installIntegration", again | {"handler": "SHOP"})
    reserved = await refusal(organization.client, "installIntegration", again | {"handler": "HUB"})

    assert (taken["code"], taken["path"]) == ("CONFLICT", ["input", "handler"])
    assert taken["existing"] == {"__typename": "Installation", "id": own["SHOP"]}
    assert (reserved["code"], reserved["path"]) == ("INVALID_INPUT", ["input", "handler"])
    assert [one["handler"] for one in await listed(organization.client, "installations", "handler")] == ["SHOP"]


async def test_a_paused_installation_lets_nothing_through(organization, upstream) -> None:
    shop = await app(organization.client, upstream.url, GET)
    (own,) = await listed(organization.client, "installations", SHOWN)

    paused = await act(organization.client, "updateInstallation", {"id": own["id"], "paused": True}, SHOWN)
    refused = await shop.refused("GET")
    plan = await shop.plan("GET")
    resumed = await act(organization.client, "updateInstallation", {"id": own["id"], "paused": False}, SHOWN)

    assert paused == own | {"status": "PAUSED", "version": 2}
    assert (refused["code"], refused["reason"]) == ("NOT_READY", "INSTALLATION_PAUSED")
    assert (plan["allowed"], plan["reason"]) == (False, "INSTALLATION_PAUSED")
    assert upstream.connections == 0
    assert await listed(organization.client, "dispatches", "id") == []
    assert resumed == own | {"version": 3}
    assert (await shop.run("GET"))["dispatch"]["outcome"] == "SUCCEEDED"


async def test_what_is_uninstalled_is_not_ready_until_it_is_installed_again(organization, upstream) -> None:
    shop = await app(organization.client, upstream.url, GET)
    (own,) = await listed(organization.client, "installations", "id")

    gone = await remove(organization.client, "uninstallIntegration", own["id"])
    refused = await shop.refused("GET")
    again = {"integration": {"slug": "app"}, "handler": "AGAIN", "configuration": {"k": [1]}, "spaceSelection": "ALL"}
    back = await act(organization.client, "installIntegration", again, SHOWN)

    assert gone == {"deletedId": own["id"]}
    assert (refused["code"], refused["reason"]) == ("NOT_READY", "NOT_INSTALLED")
    assert (await remove(organization.client, "uninstallIntegration", own["id"]))["code"] == "NOT_FOUND"
    assert back == back | {
        "handler": "AGAIN",
        "configuration": {"k": [1]},
        "status": "ACTIVE",
        "spaceSelection": "ALL",
    }
    assert await integration_of(organization.client, "id", handler="AGAIN") == {"id": shop.id}
    assert await integration_of(organization.client, "id", handler="APP") is None


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"configuration": {"a": None}}, {"configuration": {"a": None}}),
        ({"configuration": None}, {"configuration": {}}),
        ({"spaceSelection": "ALL"}, {"spaceSelection": "ALL"}),
        ({"siteSelection": "ALL", "spaceSelection": None}, {"siteSelection": "ALL"}),
        ({"paused": None}, {}),
    ],
)
async def test_changes_what_is_given_and_nothing_else(organization, change, shown) -> None:
    await act(organization.client, "createIntegration", {"name": "A"})
    (own,) = await listed(organization.client, "installations", "id")
    with_values = {"id": own["id"], "configuration": {"k": 1}}
    before = await act(organization.client, "updateInstallation", with_values, SHOWN)

    after = await act(organization.client, "updateInstallation", {"id": own["id"], **change}, SHOWN)

    assert after == before | shown | {"version": 3}


async def test_keeps_the_configuration_encrypted(organization, database) -> None:
    await act(organization.client, "createIntegration", {"name": "A"})
    (own,) = await listed(organization.client, "installations", "id databaseId")
    await act(organization.client, "updateInstallation", {"id": own["id"], "configuration": {"k": "plain-secret"}})

    async with database.read() as session:
        row = await session.get(Installation, own["databaseId"])

    assert b"plain-secret" not in row.configuration


@both
@pytest.mark.parametrize(("search", "handlers"), [("sho", ["SHOP"]), ("zürich", ["OTHER"]), ("shop other", [])])
async def test_finds_installations_by_words(organization, search, handlers) -> None:
    await act(organization.client, "createIntegration", {"name": "Shop"})
    await act(organization.client, "createIntegration", {"name": "Zürich", "handler": "OTHER"})

    found = await listed(organization.client, "installations", "handler", f'(filter: {{ search: "{search}" }})')

    assert [one["handler"] for one in found] == handlers
