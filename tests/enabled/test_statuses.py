"""Statuses of the apps that are installed on an organization, or enabled on its places."""

import pytest

from models.errors import Forbidden, InvalidInput, NotFound
from models.row import new_id
from models.vocabulary import InstallationStatus, Permission, PlaceKind
from resolvers.find import IntegrationRef
from resolvers.page import SliceRequest
from resolvers.publishing.statuses import AppStatuses, list_app_statuses, read_app_status
from tests.enabled.conftest import plain
from tests.harness.backends import both
from tests.harness.estate import caller_of
from tests.harness.statements import counted

ACTIVE, PENDING, PAUSED = InstallationStatus.ACTIVE, InstallationStatus.PENDING, InstallationStatus.PAUSED


@pytest.fixture
def statuses(hub, organization):
    """One page of statuses as (name, status); `page` are SliceRequest's facts."""

    async def listed(caller=None, *, page=None, **of):
        caller = caller or caller_of(hub, organization, [Permission.INSTALLATIONS_READ])
        found = await hub.run(list_app_statuses(caller, AppStatuses(**of), SliceRequest(**page or {})))
        return [(plain(one.published.name), one.status) for one in found.rows]

    return listed


@both
@pytest.mark.parametrize("status", InstallationStatus)
async def test_reads_the_status_of_an_app_by_its_name(enabled, publisher, hub, organization, status):
    app, beside = await publisher.publish("Weather"), await publisher.publish("Beside")
    await enabled.install(beside, status=ACTIVE if status is PAUSED else PAUSED)
    await enabled.install(app, status=status)
    caller = caller_of(hub, organization, [Permission.INSTALLATIONS_READ])

    found = [await hub.run(read_app_status(caller, named(name))) for name in (app.name, app.name.upper())]

    assert found == [status, status]


async def test_an_app_that_is_not_installed_here_has_no_status(
    enabled, publisher, hub, organization, new_organization, statuses
):
    app = await publisher.publish("weather")
    elsewhere = type(enabled)(hub=hub, database=enabled.database, tenant=await new_organization())
    await elsewhere.enable(app, await elsewhere.place())
    own = caller_of(hub, publisher.tenant)
    assert await hub.run(read_app_status(own, named(app.name))) is ACTIVE  # it came with the integration
    await publisher.remove(await publisher.own_installation(app))
    with pytest.raises(NotFound):
        await hub.run(read_app_status(own, named(app.name)))
    assert (await statuses(own), await statuses(own, kind=PlaceKind.SPACE)) == ([], [])

    for name in (app.name, "no-such-app", new_id(), app.integration_id, ""):
        with pytest.raises(NotFound):
            await hub.run(read_app_status(caller_of(hub, organization), named(name)))


async def test_needs_installations_read(hub, organization, statuses):
    caller = caller_of(hub, organization, frozenset(Permission) - {Permission.INSTALLATIONS_READ})

    for refused in (statuses(caller), hub.run(read_app_status(caller, named("app")))):
        with pytest.raises(Forbidden):
            await refused


@both
async def test_lists_the_apps_of_the_organization_newest_first(enabled, publisher, statuses, new_organization, hub):
    for name, status in (("one", ACTIVE), ("two", PENDING), ("three", PAUSED)):
        await enabled.install(await publisher.publish(name), status=status)
    elsewhere = type(enabled)(hub=hub, database=enabled.database, tenant=await new_organization())
    await elsewhere.install(await publisher.publish("elsewhere"))
    mine = await enabled.publish("mine")
    await enabled.remove(mine)  # an integration that nobody can install is no app

    assert await statuses() == [("three", PAUSED), ("two", PENDING), ("one", ACTIVE)]
    assert await statuses(search="TW") == [("two", PENDING)]
    assert await statuses(search="th ree") == [("three", PAUSED)]
    assert await statuses(search="four") == []


@both
async def test_pages_hold_each_status_once(enabled, publisher, hub, organization):
    for number in range(5):
        await enabled.install(await publisher.publish(f"app{number}"))
    caller, after, names = caller_of(hub, organization), None, []

    while True:
        page = SliceRequest(size=2, after=after, count=True)
        found = await hub.run(list_app_statuses(caller, AppStatuses(), page))
        names += [plain(one.published.name) for one in found.rows]
        assert found.total == 5
        if not found.has_next:
            break
        after = (found.rows[-1].id,)

    assert names == ["app4", "app3", "app2", "app1", "app0"]


@both
async def test_lists_the_apps_on_places(enabled, publisher, hub, organization, statuses):
    space, site = await enabled.place(), await enabled.place(PlaceKind.SITE)
    other = await enabled.place()
    app = await publisher.publish("app")
    installation = await enabled.install(app)
    for place, configured in ((space, True), (site, False)):
        await enabled.put(installation, place, configured=configured)
    await enabled.enable(await publisher.publish("paused"), space, configured=False, status=PAUSED)
    await enabled.enable(await publisher.publish("other"), other)

    assert await statuses(kind=PlaceKind.SPACE, place_id=space.id) == [("paused", PAUSED), ("app", ACTIVE)]
    assert await statuses(place_id=site.id) == [("app", PENDING)]
    assert await statuses(kind=PlaceKind.SITE) == [("app", PENDING)]
    assert await statuses(kind=PlaceKind.SPACE) == [("other", ACTIVE), ("paused", PAUSED), ("app", ACTIVE)]
    assert await statuses(place_id=space.id, search="app") == [("app", ACTIVE)]
    caller = caller_of(hub, organization)
    found = await hub.run(list_app_statuses(caller, AppStatuses(place_id=site.id), SliceRequest()))
    assert [(one.kind, one.place_id) for one in found.rows] == [(PlaceKind.SITE, site.id)]


async def test_places_of_others_do_not_exist(enabled, publisher, statuses):
    theirs, space = await publisher.place(), await enabled.place()

    for place_id, kind in ((theirs.id, None), (space.id, PlaceKind.SITE), (new_id(), None), ("x", None)):
        with pytest.raises(NotFound):
            await statuses(place_id=place_id, kind=kind)
    with pytest.raises(InvalidInput):
        await statuses(search="x " * 21)


@both
async def test_costs_as_many_statements_for_50_statuses_as_for_1(enabled, publisher, hub, organization):
    caller, sent, rows = caller_of(hub, organization), {}, {}
    place = await enabled.place()
    for count, added in ((1, 1), (50, 49)):
        for number in range(added):
            await enabled.enable(await publisher.publish(f"{count}-{number}"), place)
        for of in (AppStatuses(), AppStatuses(kind=PlaceKind.SPACE), AppStatuses(search="a")):
            with counted(hub.app.state.hub.database) as statements:
                found = await hub.run(list_app_statuses(caller, of, SliceRequest(size=100, count=True)))
            rows[count, of], sent[count, of] = len(found.rows), len(statements)

    assert [rows[count, AppStatuses()] for count in (1, 50)] == [1, 50]
    for of in (AppStatuses(), AppStatuses(kind=PlaceKind.SPACE), AppStatuses(search="a")):
        assert sent[1, of] == sent[50, of] <= 8


def named(name):
    """An app by its name."""
    return IntegrationRef(published_name=name)
