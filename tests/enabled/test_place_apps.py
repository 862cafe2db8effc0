"""The apps that are enabled on a space or a site, and their blocks."""

import pytest

from models.errors import Forbidden, InvalidInput, NotFound
from models.row import new_id
from models.vocabulary import InstallationStatus, Permission, PlaceKind, PublicationVisibility
from resolvers.publishing.enabled import PlaceApps, list_place_apps, list_place_blocks
from tests.enabled.conftest import plain
from tests.harness.backends import both
from tests.harness.estate import caller_of
from tests.harness.statements import counted

BLOCK = {"id": "card", "title": "Card"}


@pytest.fixture
def apps_on(hub, organization):
    """The names of the apps on a place, in their order; `facts` are the caller's."""

    async def listed(place, search=None, permissions=(Permission.INSTALLATIONS_READ,), **facts):
        wanted = PlaceApps(kind=place.kind, place_id=place.id, search=search)
        caller = caller_of(hub, organization, permissions, **facts)
        return [plain(one.name) for one in await hub.run(list_place_apps(caller, wanted))]

    return listed


@both
@pytest.mark.parametrize("kind", PlaceKind)
async def test_lists_the_apps_that_are_enabled_on_a_place_by_name(enabled, publisher, apps_on, kind):
    place, other = await enabled.place(kind), await enabled.place(kind)
    for name in ("beta", "Alpha", "gamma"):
        await enabled.enable(await publisher.publish(name), place)
    await enabled.enable(await publisher.publish("elsewhere"), other)
    await enabled.install(await publisher.publish("nowhere"))

    assert await apps_on(place) == ["Alpha", "beta", "gamma"]
    assert await apps_on(other) == ["elsewhere"]


@both
async def test_leaves_out_apps_that_do_nothing_there(enabled, publisher, apps_on):
    place = await enabled.place()
    await enabled.enable(await publisher.publish("active"), place)
    for status in InstallationStatus:
        if status is not InstallationStatus.ACTIVE:
            await enabled.enable(await publisher.publish(status.lower()), place, status=status)
    await enabled.enable(await publisher.publish("unconfigured"), place, configured=False)
    withdrawn = await publisher.publish("withdrawn")
    await enabled.enable(withdrawn, place)
    await enabled.remove(withdrawn)

    assert await apps_on(place) == ["active"]


async def test_searches_words_in_the_name_and_in_the_texts(enabled, publisher, apps_on):
    place = await enabled.place()
    await enabled.enable(await publisher.publish("weather-card", title="Forecast of 50% rain"), place)
    await enabled.enable(await publisher.publish("tide-table", title="Forecast of the sea"), place)

    assert await apps_on(place, "forecast") == ["tide-table", "weather-card"]
    assert await apps_on(place, "WEATHER rain") == ["weather-card"]
    assert await apps_on(place, "50%") == ["weather-card"]
    assert await apps_on(place, "weather sea") == []
    assert await apps_on(place, " ") == ["tide-table", "weather-card"]
    with pytest.raises(InvalidInput):
        await apps_on(place, "x" * 1001)


async def test_private_apps_are_listed_where_they_are_enabled(enabled, publisher, apps_on):
    place = await enabled.place()
    for visibility in PublicationVisibility:
        await enabled.enable(await publisher.publish(visibility.lower(), visibility=visibility), place)

    assert await apps_on(place) == ["private", "public", "unlisted"]


async def test_a_restricted_app_of_ones_own_is_seen_by_those_who_see_it(enabled, organization, apps_on, hub):
    place = await enabled.place()
    mine = await enabled.publish("hidden")
    await enabled.put(await enabled.own_installation(mine), place)
    await enabled.hide(mine)
    stranger_here = await organization.add_user("ann")

    assert await apps_on(place, principal_id=stranger_here) == []
    assert await apps_on(place, permissions=(Permission.INSTALLATIONS_READ, Permission.ORGANIZATION_ADMIN)) == [
        "hidden"
    ]


async def test_a_place_of_another_kind_or_organization_does_not_exist(enabled, publisher, hub, organization):
    caller = caller_of(hub, organization)
    space, theirs = await enabled.place(), await publisher.place()

    wrong = [(PlaceKind.SITE, space.id), (PlaceKind.SPACE, theirs.id), *((PlaceKind.SPACE, one) for one in bad_ids())]
    messages = set()
    for kind, place_id in wrong:
        with pytest.raises(NotFound) as refused:
            await hub.run(list_place_apps(caller, PlaceApps(kind=kind, place_id=place_id)))
        messages.add(refused.value.message)

    assert messages == {"There is no such site.", "There is no such space."}


async def test_needs_installations_read(enabled, apps_on):
    place = await enabled.place()

    with pytest.raises(Forbidden) as refused:
        await apps_on(place, permissions=frozenset(Permission) - {Permission.INSTALLATIONS_READ})

    assert refused.value.permission is Permission.INSTALLATIONS_READ


@both
async def test_lists_blocks_of_the_apps_of_a_space(enabled, publisher, hub, organization):
    space, site = await enabled.place(), await enabled.place(PlaceKind.SITE)
    await enabled.enable(await publisher.publish("cards", blocks=[BLOCK]), space)
    await enabled.enable(await publisher.publish("plain"), space)
    await enabled.enable(await publisher.publish("paused", blocks=[BLOCK]), space, status=InstallationStatus.PAUSED)
    await enabled.enable(await publisher.publish("away", blocks=[BLOCK]), site)
    caller = caller_of(hub, organization, [Permission.INSTALLATIONS_READ])

    found = await hub.run(list_place_blocks(caller, space.id))

    assert [(plain(one.name), list(one.blocks)) for one in found] == [("cards", [BLOCK])]
    with pytest.raises(NotFound):
        await hub.run(list_place_blocks(caller, site.id))


@both
async def test_costs_as_many_statements_for_50_apps_as_for_1(enabled, publisher, hub, organization):
    caller, sent, rows = caller_of(hub, organization), {}, {}
    for count in (1, 50):
        place = await enabled.place()
        for number in range(count):
            await enabled.enable(await publisher.publish(f"{count}-{number}", blocks=[BLOCK]), place)
        wanted = PlaceApps(kind=PlaceKind.SPACE, place_id=place.id)
        with counted(hub.app.state.hub.database) as statements:
            rows[count] = len(await hub.run(list_place_apps(caller, wanted)))
            rows[-count] = len(await hub.run(list_place_blocks(caller, place.id)))
        sent[count] = len(statements)

    assert rows == {1: 1, -1: 1, 50: 50, -50: 50}
    assert sent[1] == sent[50] <= 8


def bad_ids():
    """Texts that are no place's id."""
    return (new_id(), "", "x", "\0", "0" * 23, "ä" * 24)
