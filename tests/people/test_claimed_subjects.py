"""A subject that another organization claims neither locks its user out nor moves the user there."""

from __future__ import annotations

import importlib

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select, update
from sqlmodel import col

from models.row import new_id
from models.tables import Principal
from tests.harness.backends import both
from tests.harness.tenants import Tenant
from tests.people.documents import act, principal
from tests.people.test_jwt import VIEWER, refused


@pytest.fixture
def subject() -> str:
    """Of one person."""
    return f"idp|{new_id()}"


async def _claim(organization: Tenant, subject: str, username: str = "ada") -> str:
    """A user of this subject, made by an administrator; answers the id."""
    return (await principal(organization.client, username, subject=subject))["id"]


async def _place(client) -> str:
    return (await client.query(VIEWER))["viewer"]["organization"]["slug"]


@both
async def test_the_first_membership_decides_until_the_user_names_another(
    new_organization, trusted, ask, subject
) -> None:
    older, home, newer = [await new_organization() for _ in range(3)]  # the claiming ones have lower and higher ids
    for organization in (home, older, newer):
        await _claim(organization, subject)
    token = trusted.token(subject)

    plain = [await _place(ask(token)), await _place(ask(token, X_Hub_Id=home.slug))]
    consented = [await _place(ask(token, X_Hub_Id=one.slug)) for one in (older, newer)]

    assert plain == [home.slug, home.slug]
    assert consented == [older.slug, newer.slug]


async def test_a_user_that_is_disabled_at_home_is_not_moved(organization, new_organization, trusted, ask, subject):
    home = await _claim(organization, subject)
    second = await new_organization()
    await _claim(second, subject)
    token = trusted.token(subject)

    await act(organization.client, "updatePrincipal", home, disabled=True)
    disabled = await refused(ask(token))
    there = await _place(ask(token, X_Hub_Id=second.slug))
    at_home = await ask(token, X_Hub_Id=organization.slug).raw(VIEWER)
    await act(organization.client, "updatePrincipal", home, disabled=False)

    assert (disabled, there, at_home.status_code) == (True, second.slug, 404)
    assert await _place(ask(token)) == organization.slug


@both
async def test_a_membership_by_the_operator_comes_before_an_earlier_claim(
    organization, new_organization, trusted, ask, subject
) -> None:
    await _claim(organization, subject)
    token = trusted.token(subject)
    before = await _place(ask(token))

    made = await new_organization(subject=subject)
    await _claim(await new_organization(), subject)

    assert (before, await _place(ask(token))) == (organization.slug, made.slug)
    assert await _place(ask(token, X_Hub_Id=organization.slug)) == organization.slug


@both
async def test_a_migration_confirms_the_subjects_that_the_operator_entered(
    new_organization, organization, database, subject
) -> None:
    made = await new_organization(subject=subject)
    await _claim(organization, subject)
    mine = col(Principal.subject) == subject
    async with database.write() as session:
        await session.execute(update(Principal).where(mine).values(subject_confirmed=False))
        await (await session.connection()).run_sync(_confirm)

    async with database.read() as session:
        confirmed = {row.organization_id: row.subject_confirmed for row in await _principals(session, mine)}
    assert confirmed == {made.id: True, organization.id: False}


async def _principals(session, condition) -> list[Principal]:
    return list((await session.execute(select(Principal).where(condition))).scalars())


def _confirm(connection: Connection) -> None:
    migration = importlib.import_module("models.migrations.versions.0012_confirmed_subjects")
    with Operations.context(MigrationContext.configure(connection)):
        migration.confirm_those_of_the_operator()
