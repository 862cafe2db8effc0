"""Installing a published app: who may, its status by the schema, its selections."""

from __future__ import annotations

import pytest

from models.vocabulary import PublicationTarget, PublicationVisibility
from resolvers.installations.schema import satisfies
from tests.harness.acting import act, faults, listed, refusal
from tests.harness.backends import both
from tests.harness.publications import set_columns
from tests.installing.market import SHOWN, TEAM

PROPERTIES = {
    "properties": {
        "team": {"type": "string", "enum": ["A", "B"]},
        "size": {"type": "number"},
        "open": {"type": "boolean"},
        "login": {"type": "button", "callback_url": "/c", "button_text": "Go"},
    },
    "required": ["team", "login"],
}
FULL = {"team": "A", "login": {"token": "t"}}


@both
async def test_an_installation_waits_until_its_configuration_satisfies_the_schema(new_market) -> None:
    market = await new_market(account=TEAM)
    client = market.installer.client

    waiting = await market.install()
    wrong = await market.update(client, waiting["id"], configuration={"team": "C"})
    set_up = await market.update(client, waiting["id"], configuration={"team": "A", "token": "kept"})
    left = await market.update(client, waiting["id"], spaceSelection="SELECTED")
    paused = await market.update(client, waiting["id"], paused=True)
    emptied = await market.update(client, waiting["id"], configuration={})
    resumed = await market.update(client, waiting["id"], paused=False)

    states = [one["status"] for one in (waiting, wrong, set_up, left, paused, emptied, resumed)]
    assert states == ["PENDING", "PENDING", "ACTIVE", "ACTIVE", "PAUSED", "PAUSED", "PENDING"]
    assert left["configuration"] == {"team": "A", "token": "kept"}
    assert (emptied["configuration"], resumed["version"]) == ({}, 7)


@pytest.mark.parametrize(
    ("values", "holds"),
    [
        (FULL, True),
        (FULL | {"size": 1.5, "open": False, "other": [1]}, True),
        (FULL | {"size": "1"}, False),
        (FULL | {"size": True}, False),
        (FULL | {"open": 0}, False),
        (FULL | {"team": "C"}, False),
        (FULL | {"team": 1}, False),
        (FULL | {"size": None}, True),
        ({"team": "A"}, False),
        ({"team": "A", "login": None}, False),
        ({}, False),
    ],
)
def test_a_schema_is_satisfied_by_required_values_of_the_declared_types(values, holds) -> None:
    assert satisfies(values, PROPERTIES) is holds


@pytest.mark.parametrize("schema", [None, {}, {"componentId": "form"}, {"properties": {}}])
def test_other_schemas_are_satisfied_by_any_configuration(schema) -> None:
    assert satisfies({}, schema)
    assert satisfies({"a": 1}, schema)


@both
async def test_a_second_installation_is_refused_with_the_first(market) -> None:
    first = await market.install()

    refused = await refusal(
        market.installer.client, "installIntegration", {"integration": {"publishedName": market.publication.name}}
    )

    assert refused["code"] == "CONFLICT"
    assert refused["existing"] == {"__typename": "Installation", "id": first["id"]}
    assert [one["id"] for one in await listed(market.installer.client, "installations", "id")] == [first["id"]]


@pytest.mark.parametrize(
    ("visibility", "found"),
    [
        (PublicationVisibility.PUBLIC, True),
        (PublicationVisibility.UNLISTED, True),
        (PublicationVisibility.PRIVATE, False),
    ],
)
async def test_private_apps_of_others_do_not_exist(new_market, visibility, found) -> None:
    market = await new_market(visibility=visibility)
    by_name = {"integration": {"publishedName": market.publication.name.upper()}}
    by_id = {"integration": {"id": market.app.id}}

    if visibility is not PublicationVisibility.PUBLIC:  # a public one is listed, with its id
        refused = await refusal(market.installer.client, "installIntegration", by_id)
        assert refused["code"] == "NOT_FOUND"
    own = await listed(market.publisher.client, "installations", "id")
    if found:
        assert (await act(market.installer.client, "installIntegration", by_name, SHOWN))["status"] == "ACTIVE"
    else:
        assert (await refusal(market.installer.client, "installIntegration", by_name))["code"] == "NOT_FOUND"

    assert len(await listed(market.installer.client, "installations", "id")) == int(found)
    assert len(own) == 1


@pytest.mark.parametrize(
    ("target", "refused"),
    [
        (PublicationTarget.ORGANIZATION, ["input.spaceSelection", "input.siteSelection"]),
        (PublicationTarget.SPACE, ["input.siteSelection"]),
        (PublicationTarget.SITE, ["input.spaceSelection"]),
    ],
)
async def test_the_target_limits_the_places(new_market, target, refused) -> None:
    market = await new_market(target=target)
    client, both_all = market.installer.client, {"spaceSelection": "ALL", "siteSelection": "ALL"}
    new = {"integration": {"publishedName": market.publication.name}, **both_all}
    places = {"SPACE": await market.place(), "SITE": await market.place(kind="SITE")}

    at_install = sorted(await faults(client, "installIntegration", new))
    installed = await market.install()
    at_update = sorted(await faults(client, "updateInstallation", {"id": installed["id"], **both_all}))
    given = {"installationId": installed["id"]}
    codes = {}
    for kind, place in places.items():
        wrong = f"input.{kind.lower()}Selection" in refused
        if wrong:
            codes[kind] = await faults(client, "saveInstallationPlace", {**given, "placeId": place})
        else:
            await market.save(client, installed["id"], place)

    assert at_install == at_update == sorted(refused)
    assert set(map(tuple, codes.values())) == {("input.placeId",)}


async def test_refuses_a_configuration_that_is_too_large_and_changes_nothing(market) -> None:
    installed = await market.install(configuration={"kept": 1})

    large = {"id": installed["id"], "configuration": {"a": "x" * 262_144}}
    refused = await faults(market.installer.client, "updateInstallation", large)

    (now,) = await listed(market.installer.client, "installations", SHOWN, "(first: 2)")
    assert refused == ["input.configuration"]
    assert now == installed


async def test_a_later_version_is_refused_as_stale(market) -> None:
    installed = await market.install()
    await market.update(market.installer.client, installed["id"], expectedVersion=1, configuration={"a": 1})

    late = {"id": installed["id"], "expectedVersion": 1, "configuration": {"a": 2}}
    refused = await refusal(market.installer.client, "updateInstallation", late)

    assert (refused["code"], refused["currentVersion"]) == ("STALE", 2)


async def test_withdrawn_between_is_not_installed(market, database) -> None:
    await set_columns(database, type(market.publication), market.publication.id, visibility="PRIVATE")

    new = {"integration": {"publishedName": market.publication.name}}
    assert (await refusal(market.installer.client, "installIntegration", new))["code"] == "NOT_FOUND"
