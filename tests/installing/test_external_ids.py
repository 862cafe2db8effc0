"""External ids of installations and places: at most five, kept once, found newest first."""

from __future__ import annotations

import pytest

from models.vocabulary import PlaceKind
from resolvers.find import IntegrationRef
from resolvers.installations.app_queries import (
    AppInstallations,
    AppPlaces,
    list_app_installations,
    list_app_places,
)
from resolvers.page import SliceRequest
from tests.harness.acting import faults, listed
from tests.harness.backends import both
from tests.installing.market import SHOWN

_PAGE = SliceRequest(size=100)


async def found(market, external_id, *, tenant=None):
    wanted = AppInstallations(app=IntegrationRef(published_name=market.publication.name), external_id=external_id)
    caller = market.caller(tenant or market.publisher)
    rows = (await market.hub.run(list_app_installations(caller, wanted, _PAGE))).rows
    return [row.installation.id for row in rows]


@both
async def test_keeps_each_once_in_the_order_given(market) -> None:
    installed = await market.install()

    given = ["b", "a", "b", "É", "a", "c", "d"]
    answer = await market.update(market.installer.client, installed["id"], externalIds=given)
    left = await market.update(market.installer.client, installed["id"], configuration={"a": 1})
    emptied = await market.update(market.installer.client, installed["id"], externalIds=[])

    assert answer["externalIds"] == left["externalIds"] == ["b", "a", "É", "c", "d"]
    assert emptied["externalIds"] == []


@pytest.mark.parametrize(
    ("ids", "places"),
    [
        (["1", "2", "3", "4", "5", "6"], ["input.externalIds"]),
        (["x" * 256], ["input.externalIds.0"]),
        (["ok", " "], ["input.externalIds.1"]),
    ],
)
async def test_refuses_too_many_and_unfit_ones_and_keeps_those_before(market, ids, places) -> None:
    client, space = market.installer.client, await market.place()
    installed = await market.install()
    before = await market.update(client, installed["id"], externalIds=["kept"])

    refused = await faults(client, "updateInstallation", {"id": installed["id"], "externalIds": ids})
    given = {"installationId": installed["id"], "placeId": space, "externalIds": ids}
    there = await faults(client, "saveInstallationPlace", given)

    assert refused == there == places
    assert await listed(client, "installations", SHOWN, "(first: 2)") == [before]


@both
async def test_an_id_is_found_at_once_newest_first_and_apart_from_those_of_places(market, new_organization) -> None:
    other = await new_organization()
    first = await market.install()
    new = {"integration": {"publishedName": market.publication.name}}
    document = """mutation($input: InstallIntegrationInput!) { installIntegration(input: $input) {
        ... on InstallationPayload { installation { id databaseId } } } }"""
    second = (await other.client.query(document, input=new))["installIntegration"]["installation"]
    space = await market.place()
    await market.save(market.installer.client, first["id"], space, externalIds=["here"])

    for client, one in ((market.installer.client, first), (other.client, second)):
        await market.update(client, one["id"], externalIds=["team"])

    assert await found(market, "team") == [second["databaseId"], first["databaseId"]]
    assert await found(market, "team", tenant=market.installer) == [first["databaseId"]]
    assert await found(market, "here") == []
    app = IntegrationRef(published_name=market.publication.name)
    for external_id, count in (("here", 1), ("team", 0)):
        wanted = AppPlaces(app=app, kind=PlaceKind.SPACE, external_id=external_id)
        rows = (await market.hub.run(list_app_places(market.caller(market.publisher), wanted, _PAGE))).rows
        assert [row.place.id for row in rows] == [space] * count
    own = await listed(market.installer.client, "installations", "id", '(filter: {externalId: "team"})')
    assert own == [{"id": first["id"]}]
    assert await listed(market.installer.client, "installations", "id", '(filter: {externalId: "here"})') == []
