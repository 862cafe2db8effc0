"""Places of installations: enabled one by one or on all, configured, taken off, and their events."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete, func, select, text
from sqlmodel import col

from models.tables import InstallationPlace, Place
from models.vocabulary import PlaceKind
from resolvers.find import IntegrationRef
from resolvers.installations.app_queries import (
    AppInstallations,
    AppPlaces,
    list_app_installations,
    list_app_places,
)
from resolvers.page import SliceRequest
from tests.harness.acting import PROBLEM, act, listed, refusal, remove
from tests.harness.backends import both
from tests.harness.publications import plant, publication_of
from tests.harness.waiting import eventually
from tests.installing.market import SHOWN, TEAM

EVENTS = "type payload"


async def places_of(client, installation):
    document = """query($id: ID!) { node(id: $id) { ... on Installation {
        places(first: 100) { nodes { place { databaseId } } } } } }"""
    nodes = (await client.query(document, id=installation))["node"]["places"]["nodes"]
    return [node["place"]["databaseId"] for node in nodes]


async def told(client, *types):
    found = await listed(client, "events", EVENTS, '(first: 100, filter: {type: ["Hub.place.*"]})')
    return [(one["type"], one["payload"]["placeId"], one["payload"]["status"]) for one in reversed(found)]


async def take_off(client, installation, place):
    document = f"""mutation($i: ID!, $p: ID!) {{ removeInstallationPlace(installationId: $i, placeId: $p) {{
        ... on InstallationPayload {{ installation {{ id }} }} {PROBLEM} }} }}"""
    return (await client.query(document, i=installation, p=place))["removeInstallationPlace"]


@both
async def test_a_place_has_a_configuration_and_a_status_of_its_own(new_market) -> None:
    market = await new_market(space=TEAM)
    client, space = market.installer.client, await market.place()
    installed = await market.install()

    enabled = await market.save(client, installed["id"], space)
    set_up = await market.save(client, installed["id"], space, configuration={"team": "B"})
    left = await market.save(client, installed["id"], space, externalIds=["a"])
    emptied = await market.save(client, installed["id"], space, configuration={})
    await market.save(client, installed["id"], space, configuration={"team": "B"})
    paused = await market.update(client, installed["id"], paused=True)

    (first,), (second,), (third,), (fourth,), (last,) = (
        one["places"]["nodes"] for one in (enabled, set_up, left, emptied, paused)
    )
    states = [one["status"] for one in (first, second, third, fourth, last)]
    assert states == ["PENDING", "ACTIVE", "ACTIVE", "PENDING", "PAUSED"]
    assert (third["configuration"], third["externalIds"], third["version"]) == ({"team": "B"}, ["a"], 3)
    assert (fourth["configuration"], fourth["externalIds"]) == ({}, ["a"])
    assert [one["status"] for one in (enabled, emptied)] == ["ACTIVE", "ACTIVE"]


async def test_a_place_can_be_changed_by_its_version_alone(market) -> None:
    client, space = market.installer.client, await market.place()
    installed = await market.install()
    given = {"installationId": installed["id"], "placeId": space}
    await market.save(client, installed["id"], space, expectedVersion=0)

    again = await refusal(client, "saveInstallationPlace", {**given, "expectedVersion": 0})
    changed = await market.save(client, installed["id"], space, expectedVersion=1, configuration={"a": 1})

    assert (again["code"], again["currentVersion"]) == ("STALE", 1)
    assert changed["places"]["nodes"][0]["version"] == 2


async def test_installed_on_all_it_is_enabled_at_once_on_places_of_that_kind(market) -> None:
    space, site = await market.place(), await market.place("Site", kind="SITE")

    on_spaces = await market.install(spaceSelection="ALL")

    assert await places_of(market.installer.client, on_spaces["id"]) == [space]
    assert await told(market.installer.client) == [("Hub.place.configured", space, "ACTIVE")]
    await market.update(market.installer.client, on_spaces["id"], siteSelection="ALL")
    assert await places_of(market.installer.client, on_spaces["id"]) == [site, space]


async def test_lists_of_an_app_have_nothing_of_another_one(market, database) -> None:
    other, client, space = await market.apps.make("Other"), market.installer.client, await market.place()
    await plant(database, beside := publication_of(other, name=f"other-{other.id}"))
    given = {"integration": {"publishedName": beside.name}}
    installed = [await market.install(), await act(client, "installIntegration", given, SHOWN)]
    for one in installed:
        await market.save(client, one["id"], space)
        await market.update(client, one["id"], externalIds=[one["databaseId"]])

    for name, one in zip((market.publication.name, beside.name), installed, strict=True):
        app, caller = IntegrationRef(published_name=name), market.caller(market.installer)
        mine = list_app_installations(caller, AppInstallations(app=app), SliceRequest())
        there = list_app_places(caller, AppPlaces(app=app, kind=PlaceKind.SPACE), SliceRequest())
        [row] = (await market.hub.run(mine)).rows
        assert (row.installation.id, row.publication.name) == (one["databaseId"], name)
        assert [row.row.installation_id for row in (await market.hub.run(there)).rows] == [one["databaseId"]]
        named = f'(filter: {{externalId: "{one["databaseId"]}"}})'
        assert await listed(client, "installations", "id", named) == [{"id": one["id"]}]


@both
async def test_all_follows_every_place_that_is_made_and_loses_those_that_are_deleted(market) -> None:
    client, old = market.installer.client, await market.place("Old")
    installed = await market.install()
    site = await market.place("Site", kind="SITE")

    before = await places_of(client, installed["id"])
    await market.update(client, installed["id"], spaceSelection="ALL")
    switched = await places_of(client, installed["id"])
    new = await market.place("New")
    followed = await places_of(client, installed["id"])
    refused = await take_off(client, installed["id"], old)
    await remove(client, "deletePlace", old)
    removed = await places_of(client, installed["id"])

    assert (before, switched, followed, removed) == ([], [old], [new, old], [new])
    assert refused["code"] == "CONFLICT"
    assert site not in followed
    assert await told(client) == [
        ("Hub.place.configured", old, "ACTIVE"),
        ("Hub.place.configured", new, "ACTIVE"),
        ("Hub.place.removed", old, "ACTIVE"),
    ]


@both
async def test_very_many_places_are_enabled_in_pieces(market, database) -> None:
    mine = {"organization_id": market.installer.id, "kind": PlaceKind.SITE}
    await plant(database, *(Place(name=f"{n}", name_key=f"{n}", **mine) for n in range(450)))
    installed = await market.install()

    answer = await market.update(market.installer.client, installed["id"], siteSelection="ALL")

    async def enabled():
        own = col(InstallationPlace.installation_id) == installed["databaseId"]
        async with database.read() as session:
            return (
                await session.execute(select(func.count()).select_from(InstallationPlace).where(own))
            ).scalar_one()

    async def all_of_them():
        return await enabled() == 450

    assert len(answer["places"]["nodes"]) == 100
    assert 200 <= await enabled() <= 450
    await eventually(all_of_them)


@both
async def test_no_place_is_missed_that_is_made_during_the_switch_to_all(market) -> None:
    client = market.installer.client
    installed = await market.install()

    for turn in range(5):
        await market.update(client, installed["id"], spaceSelection="SELECTED")
        made = await asyncio.gather(
            market.place(f"a{turn}"),
            market.update(client, installed["id"], spaceSelection="ALL"),
            market.place(f"b{turn}"),
        )
        assert {made[0], made[2]} <= set(await places_of(client, installed["id"]))


async def test_taking_off_a_place_is_told_and_leaves_the_others(market) -> None:
    client, kept, gone = market.installer.client, await market.place("Kept"), await market.place("Gone")
    installed = await market.install()
    await market.save(client, installed["id"], kept)
    await market.save(client, installed["id"], gone)

    await take_off(client, installed["id"], gone)
    again = await take_off(client, installed["id"], gone)

    assert await places_of(client, installed["id"]) == [kept]
    assert (again["code"], again["path"]) == ("NOT_FOUND", ["placeId"])
    assert (await told(client))[-1] == ("Hub.place.removed", gone, "ACTIVE")


async def test_a_place_shows_the_apps_that_are_enabled_there(market) -> None:
    client, space = market.installer.client, await market.place()
    installed = await market.install()
    await market.save(client, installed["id"], space)

    document = "{ places { nodes { databaseId installations { nodes { status installation { id } } } } } }"
    (shown,) = (await client.query(document))["places"]["nodes"]

    assert shown["installations"]["nodes"] == [{"status": "ACTIVE", "installation": {"id": installed["id"]}}]


async def test_refuses_places_that_do_not_exist_here(market) -> None:
    client, installed = market.installer.client, await market.install()
    document = """mutation { createPlace(input: {kind: SPACE, name: "Theirs"}) {
        ... on PlacePayload { place { databaseId } } } }"""
    theirs = (await market.publisher.client.query(document))["createPlace"]["place"]["databaseId"]

    for place in (theirs, "0" * 24, "x"):
        given = {"installationId": installed["id"], "placeId": place}
        refused = await refusal(client, "saveInstallationPlace", given)
        assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "placeId"])

    assert await places_of(client, installed["id"]) == []


@both
async def test_uninstalling_takes_places_external_ids_and_tokens_along(market, database, graphql) -> None:
    client, space = market.installer.client, await market.place()
    installed = await market.install()
    await market.save(client, installed["id"], space, externalIds=["a"])
    await act(client, "updateInstallation", {"id": installed["id"], "externalIds": ["b"]})
    token = await market.token_client(installed["id"])

    await remove(client, "uninstallIntegration", installed["id"])

    answer = await token.raw("{ viewer { permissions } }")
    assert answer.status_code == 401
    document = "{ places { nodes { installations { nodes { id } } } } installations { nodes { id } } }"
    after = await client.query(document)
    assert after == {"places": {"nodes": [{"installations": {"nodes": []}}]}, "installations": {"nodes": []}}


@both
@pytest.mark.parametrize("enabled", [False, True], ids=["being enabled", "being changed"])
async def test_a_place_that_is_deleted_while_it_is_saved_is_a_conflict(market, database, enabled) -> None:
    client, place = market.installer.client, await market.place()
    installed = await market.install()
    if enabled:
        await market.save(client, installed["id"], place)

    async with database.write() as session:
        await session.execute(delete(Place).where(col(Place.id) == place))
        given = {"installationId": installed["id"], "placeId": place, "configuration": {"team": "A"}}
        saving = asyncio.create_task(refusal(client, "saveInstallationPlace", given))
        await _is_waiting(database, saving)
        await session.commit()
    refused = await saving

    assert refused["code"] == ("CONFLICT" if database.engine.dialect.name == "postgresql" else "NOT_FOUND")
    assert await places_of(client, installed["id"]) == []


async def _is_waiting(database, saving) -> None:
    """Wait until the saving waits for the row of the place; on SQLite it waits for its turn from the beginning."""
    waits = text("""SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
        AND query LIKE '%installation_place%'""")

    async def seen():
        async with database.read() as session:
            return saving.done() or (await session.execute(waits)).first() is not None

    if database.engine.dialect.name == "postgresql":
        await eventually(seen)
