"""Names of apps: unique on the server, checked, and kept."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import col, select

from models.database import Database
from models.errors import Conflict, DomainError, InvalidInput, NotFound
from models.tables import Publication
from models.vocabulary import IntegrationAccess, PublicationVisibility
from resolvers.find import IntegrationRef
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.mutations import create_integration
from resolvers.publishing.queries import read_published
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.publishing.conftest import Publisher, app_name

ODD = ("installations-status", "dev", "events", "tasks", "a", "X" * 100, "a.b-c_d", "-", "...")
NO_NAMES = ("", " ", "a b", "a/b", "ä", "X" * 101, ".", "..", "a\0", "a\n", "0" * 24, "A" * 24, "\u0661")


async def test_a_name_is_needed_once_and_stays(publisher: Publisher):
    own = await publisher.run(create_integration, CreateIntegration(name="Shop"))

    with pytest.raises(InvalidInput, match="give the name under which others find it"):
        await publisher.publish(integration_id=own.id)
    with pytest.raises(InvalidInput, match="Give a name, or the id of an integration"):
        await publisher.publish()
    name = app_name()
    await publisher.publish(name, integration_id=own.id)
    again = await publisher.publish(integration_id=own.id)
    with pytest.raises(InvalidInput, match=f"It is published as {name}"):
        await publisher.publish(app_name(), integration_id=own.id)

    assert again.publication.version == 2


@both
@pytest.mark.parametrize("visibility", PublicationVisibility)
async def test_the_name_of_anothers_app_is_a_conflict_that_shows_nothing(publisher, other, database, visibility):
    name = app_name()
    theirs = await other.publish(name, visibility=visibility)
    before = await snapshot(database, publisher.tenant.id)

    for taken in (name, name.upper()):
        with pytest.raises(Conflict) as refused:
            await publisher.publish(taken)
        assert refused.value.existing is None
        assert refused.value.message == f"The name {taken} is taken; choose another one."
        assert refused.value.path == ("name",)

    assert theirs.integration.id not in repr(vars(refused.value))
    assert changes(before, await snapshot(database, publisher.tenant.id)) == []


async def test_a_name_that_an_own_integration_has_is_a_conflict_for_another_one(publisher: Publisher):
    name = app_name()
    await publisher.publish(name)
    own = await publisher.run(create_integration, CreateIntegration(name="Shop"))

    with pytest.raises(Conflict):
        await publisher.publish(name, integration_id=own.id)


@both
async def test_two_publishings_of_a_new_name_at_once_make_one_app(publisher: Publisher, other: Publisher, database):
    names = [app_name() for _ in range(4)]

    async def attempt(by: Publisher, name: str) -> str:
        try:
            return f"version {(await by.publish(name)).publication.version}"
        except Conflict:
            return "conflict"

    ours = await asyncio.gather(*(attempt(publisher, names[0]) for _ in range(4)))
    both_of_them = [
        sorted(await asyncio.gather(attempt(publisher, name), attempt(other, name))) for name in names[1:]
    ]

    assert sorted(ours) == ["version 1", "version 2", "version 3", "version 4"]
    assert both_of_them == [["conflict", "version 1"]] * 3
    async with database.read() as session:
        found = (await session.execute(select(Publication).where(col(Publication.name_key).in_(names)))).scalars()
        assert sorted(row.version for row in found) == [1, 1, 1, 4]


@pytest.mark.parametrize(
    "name", ["installations-status", "dev", "events", "tasks", "a", "X" * 100, "a.b-c_d", "-", "..."]
)
async def test_takes_long_and_odd_names(publisher: Publisher, name: str, database: Database):
    made = await publisher.publish(name)
    found = await publisher.run(read_published, IntegrationRef(published_name=name.swapcase()))
    await _forget(database, name)  # other tests use such names too

    assert found.publication.id == made.publication.id
    assert made.integration.handler.isascii()


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a/b", "ä", "X" * 101, ".", "..", "a\0", "a\n", "0" * 24, "A" * 24, "١"]
)
async def test_refuses_a_name_that_is_no_segment_of_an_address(publisher: Publisher, name: str):
    with pytest.raises(InvalidInput) as refused:
        await publisher.publish(name)

    assert refused.value.path == ("name",)


async def test_a_restricted_app_is_published_by_those_who_manage_it(publisher: Publisher, hub, database: Database):
    restricted = CreateIntegration(name="Shop", access=IntegrationAccess.RESTRICTED)
    own = await publisher.run(create_integration, restricted)
    name = app_name()
    await publisher.publish(name, integration_id=own.id)
    stranger = await publisher.tenant.add_user("stranger")
    before = await snapshot(database, publisher.tenant.id)

    async def attempt(**given: str) -> type[DomainError]:
        with pytest.raises(DomainError) as refused:
            await publisher.publish_as(stranger, **given)
        return type(refused.value)

    assert await attempt(integration_id=own.id) is NotFound
    assert await attempt(name=name) is Conflict
    assert changes(before, await snapshot(database, publisher.tenant.id)) == []


async def _forget(database: Database, name: str) -> None:
    """Names are unique on the server, whose database tests share."""
    async with database.write() as session:
        found = await session.execute(select(Publication).where(col(Publication.name_key) == name.casefold()))
        for row in found.scalars():
            await session.delete(row)
