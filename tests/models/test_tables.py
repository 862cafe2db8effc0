"""What the tables themselves refuse, on both databases: the last word, when two calls pass every check at once."""

import asyncio

import pytest
from sqlalchemy import delete, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from models.row import new_id
from models.tables import Connection, Definition, Integration, Principal, Registration, Token
from models.vocabulary import AuthType, ConnectionMode, IntegrationState, PrincipalKind, TokenKind
from tests.harness.backends import both

pytestmark = both


@pytest.mark.parametrize("column", ["handler", "slug", "uuid"])
async def test_refuses_what_a_living_integration_has(database, tenant, column):
    await _add(database, _integration(tenant, **{column: "taken"}))

    with pytest.raises(IntegrityError):
        await _add(database, _integration(tenant, **{column: "taken"}))

    assert await _count(database, "integration", tenant) == 1


@pytest.mark.parametrize("column", ["handler", "slug", "uuid"])
async def test_a_removed_integration_leaves_its_names_free(database, tenant, column):
    removed = {"removed_at": 1, "state": IntegrationState.DELETED}
    await _add(database, _integration(tenant, **{column: "freed"}, **removed))
    await _add(database, _integration(tenant, **{column: "freed"}, **removed))

    await _add(database, _integration(tenant, **{column: "freed"}))

    assert await _count(database, "integration", tenant) == 3


async def test_integrations_without_a_uuid_do_not_collide(database, tenant):
    await _add(database, _integration(tenant), _integration(tenant))

    assert await _count(database, "integration", tenant) == 2


async def test_refuses_a_second_default_connection_of_an_integration(database, tenant):
    integration, one, other, third = _integration(tenant), *(_connection(tenant) for _ in range(3))
    await _add(database, integration, one, other, third)
    await _add(database, _registration(tenant, integration, one, is_default=True))
    await _add(database, _registration(tenant, integration, other))

    with pytest.raises(IntegrityError):
        await _add(database, _registration(tenant, integration, third, is_default=True))

    assert await _count(database, "registration", tenant) == 2


async def test_refuses_two_definitions_of_a_vendor_in_one_place(database, tenant):
    vendor = f"vendor-{new_id()}"
    await _add(database, _definition(vendor, None), _definition(vendor, tenant))

    for organization in (None, tenant):
        with pytest.raises(IntegrityError):
            await _add(database, _definition(vendor, organization))

    assert await _count(database, "definition", tenant) == 1
    async with database.write() as session:  # a built-in one is every organization's: other tests would see it
        await session.execute(delete(Definition).where(col(Definition.vendor) == vendor))


@pytest.mark.parametrize(("mode", "of_a_person"), [(ConnectionMode.PER_USER, False), (ConnectionMode.SHARED, True)])
async def test_a_connection_has_a_person_exactly_when_it_is_per_user(database, tenant, mode, of_a_person):
    person = _person(tenant)
    await _add(database, person)

    with pytest.raises(IntegrityError):
        await _add(database, _connection(tenant, mode=mode, principal_id=person.id if of_a_person else None))

    assert await _count(database, "connection", tenant) == 0


@pytest.mark.parametrize("owners", [0, 2])
async def test_a_token_speaks_for_exactly_one(database, tenant, owners):
    person, integration = _person(tenant), _integration(tenant)
    await _add(database, person, integration)
    owner = {"principal_id": person.id, "integration_id": integration.id} if owners else {}

    with pytest.raises(IntegrityError):
        await _add(
            database,
            Token(organization_id=tenant, kind=TokenKind.PERSONAL, name="t", digest=new_id(), hint="", **owner),
        )

    assert await _count(database, "token", tenant) == 0


async def test_refuses_a_row_of_an_organization_that_is_not_there(database):
    nowhere = new_id()

    with pytest.raises(IntegrityError):
        await _add(database, _person(nowhere))

    assert await _count(database, "principal", nowhere) == 0


async def test_twenty_writers_at_once_all_write(database, tenant):
    await asyncio.gather(*(_add(database, _person(tenant)) for _ in range(20)))

    assert await _count(database, "principal", tenant) == 20


async def _add(database, *rows):
    async with database.write() as session:
        session.add_all(rows)


async def _count(database, table, tenant):
    query = text(f"SELECT count(*) FROM {table} WHERE organization_id = :tenant")
    async with database.read() as session:
        return (await session.execute(query, {"tenant": tenant})).scalar_one()


def _integration(tenant, **given):
    unique = {"handler": new_id(), "slug": new_id()} | given
    return Integration(
        organization_id=tenant, name="App", name_key="app", search_text="app", vendor="custom", **unique
    )


def _connection(tenant, **given):
    given.setdefault("mode", ConnectionMode.SHARED)
    return Connection(
        organization_id=tenant, name="C", name_key="c", auth_type=AuthType.BEARER, secret=b"sealed", **given
    )


def _registration(tenant, integration, connection, **given):
    return Registration(organization_id=tenant, integration_id=integration.id, connection_id=connection.id, **given)


def _definition(vendor, organization):
    return Definition(
        organization_id=organization,
        vendor=vendor,
        name="V",
        name_key="v",
        category="other",
        auth_type=AuthType.NONE,
        digest="",
    )


def _person(tenant):
    return Principal(
        organization_id=tenant, kind=PrincipalKind.USER, username=new_id(), display_name="P", name_key="p"
    )
