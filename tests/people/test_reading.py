"""One place and the own organization, read by people and by apps."""

import pytest

from models.errors import Forbidden, NotFound
from models.row import new_id
from models.tables import InstallationPlace
from models.vocabulary import Permission, PlaceKind
from resolvers.people.reading import read_own_organization, read_place
from resolvers.publishing.places import PlaceRef
from tests.enabled.conftest import Enabled
from tests.harness.backends import both
from tests.harness.estate import caller_of

READS = (Permission.INSTALLATIONS_READ,)


@pytest.fixture
def mine(hub, database, organization):
    """The places of the test's organization."""
    return Enabled(hub=hub, database=database, tenant=organization)


@pytest.fixture
async def theirs(hub, database, new_organization):
    """Another organization, which publishes apps."""
    return Enabled(hub=hub, database=database, tenant=await new_organization())


@pytest.fixture
def read(hub, organization):
    """Reads a place with some permissions; `facts` are the caller's."""

    async def read(place_id, kind=None, permissions=(Permission.ORGANIZATION_READ,), tenant=organization, **facts):
        return await hub.run(
            read_place(caller_of(hub, tenant, permissions, **facts), PlaceRef(id=place_id, kind=kind))
        )

    return read


async def test_reads_a_place_by_its_id_and_kind(mine, read):
    site = await mine.place(PlaceKind.SITE, "Docs")

    assert (await read(site.id)).name == (await read(site.id, PlaceKind.SITE)).name == "Docs"
    with pytest.raises(NotFound, match="There is no such space"):
        await read(site.id, PlaceKind.SPACE)


async def test_places_of_others_do_not_exist(theirs, read):
    place = await theirs.place()

    for place_id in (place.id, new_id(), "", "x", "\0"):
        with pytest.raises(NotFound, match="There is no such space"):
            await read(place_id, PlaceKind.SPACE)


async def test_people_need_organization_read(mine, read):
    place = await mine.place()

    with pytest.raises(Forbidden) as refused:
        await read(place.id, permissions=frozenset(Permission) - {Permission.ORGANIZATION_READ})

    assert refused.value.permission is Permission.ORGANIZATION_READ


@both
async def test_an_installations_token_reads_the_places_on_which_it_is_enabled(mine, theirs, read):
    on, off = await mine.place(), await mine.place()
    row = await mine.enable(await theirs.publish("app"), on)
    await mine.enable(await theirs.publish("other"), off)
    token = {"principal_id": None, "installation_id": row.installation_id}

    for permissions in (READS, (*READS, Permission.ORGANIZATION_READ)):
        assert (await read(on.id, permissions=permissions, **token)).id == on.id
        with pytest.raises(NotFound):
            await read(off.id, permissions=permissions, **token)


@both
async def test_an_apps_token_reads_places_of_its_own_organization(mine, theirs, read):
    own, elsewhere, off = await theirs.place(), await mine.place(), await theirs.place()
    app = await theirs.publish("app")
    await theirs.put(await theirs.own_installation(app), own)
    await mine.enable(app, elsewhere)
    await theirs.put(await theirs.own_installation(await theirs.publish("beside")), off)
    token = {"tenant": theirs.tenant, "principal_id": None, "integration_id": app.integration_id}

    assert (await read(own.id, permissions=READS, **token)).id == own.id
    for place in (off, elsewhere):
        with pytest.raises(NotFound):
            await read(place.id, permissions=READS, **token)
    assert (await read(off.id, permissions=(*READS, Permission.ORGANIZATION_READ), **token)).id == off.id


async def test_a_place_ends_for_an_installation_that_is_taken_off_it(mine, theirs, read, database):
    place = await mine.place()
    row = await mine.enable(await theirs.publish("app"), place)
    token = {"permissions": READS, "principal_id": None, "installation_id": row.installation_id}
    assert (await read(place.id, **token)).id == place.id

    async with database.write() as session:
        await session.delete(await session.get_one(InstallationPlace, row.id))

    with pytest.raises(NotFound):
        await read(place.id, **token)


async def test_any_token_reads_its_own_organization(hub, organization, mine, theirs):
    row = await mine.enable(await theirs.publish("app"), await mine.place())

    for facts in ({}, {"principal_id": None, "installation_id": row.installation_id}):
        found = await hub.run(read_own_organization(caller_of(hub, organization, (), **facts)))
        assert (found.id, found.slug) == (organization.id, organization.slug)
