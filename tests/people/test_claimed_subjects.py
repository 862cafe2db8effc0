"""A subject that another organization claims neither locks its user out nor moves the user there."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import httpx
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select, update
from sqlmodel import col

from models.row import new_id
from models.tables import Principal
from models.vocabulary import Permission, Source
from resolvers.caller import Caller
from resolvers.people.subjects import enter_subject
from resolvers.work import Work
from tests.harness.acting import row_id
from tests.harness.backends import both
from tests.harness.graphql import GraphQL
from tests.harness.server import PLAIN_HTTP
from tests.harness.tenants import Tenant
from tests.people.conftest import trust
from tests.people.documents import act, audit, principal
from tests.people.test_jwt import VIEWER, refused

CLAIMED = {"status": 403, "code": "FORBIDDEN", "inputPath": ["X-Hub-Id"]}


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
async def test_a_claim_does_not_decide_once_the_first_membership_is_removed(
    organization, new_organization, trusted, ask, subject
) -> None:
    home = await _claim(organization, subject)
    thief = await new_organization()
    await _claim(thief, subject)
    token = trusted.token(subject)

    await act(organization.client, "deletePrincipal", home)
    left = [await _refusal(ask(token)), await _refusal(ask(token, X_Hub_Id=""))]
    again = await _claim(organization, subject)
    both_claim = await _refusal(ask(token))
    await act(organization.client, "deletePrincipal", again)

    assert left == [CLAIMED, CLAIMED]
    assert both_claim == CLAIMED, "whoever enters it again does not win it back"
    assert await _refusal(ask(token)) == CLAIMED
    assert await _place(ask(token, X_Hub_Id=thief.slug)) == thief.slug


@both
async def test_nor_does_one_that_was_entered_before_the_operators(
    organization, new_organization, trusted, ask, subject
) -> None:
    await _claim(organization, subject)
    made = await new_organization(subject=subject)
    token = trusted.token(subject)
    at_first = await _place(ask(token))

    await _remove_founder(made)

    assert at_first == made.slug
    assert await _refusal(ask(token)) == CLAIMED


@both
async def test_of_two_by_the_operator_the_second_decides_once_the_first_is_removed(
    new_organization, trusted, ask, subject
) -> None:
    first, second = await new_organization(subject=subject), await new_organization(subject=subject)
    token = trusted.token(subject)
    at_first = await _place(ask(token))

    await _remove_founder(first)

    assert (at_first, await _place(ask(token))) == (first.slug, second.slug)


async def test_a_subject_that_nobody_has_any_more_is_entered_anew(
    organization, new_organization, trusted, ask, subject
) -> None:
    await act(organization.client, "deletePrincipal", await _claim(organization, subject))
    second = await new_organization()
    await _claim(second, subject)

    assert await _place(ask(trusted.token(subject))) == second.slug


async def test_the_issuers_claim_decides_among_claims(
    organization, new_organization, trusted, start_hub, subject
) -> None:
    home, second = await _claim(organization, subject), await new_organization()
    await _claim(second, subject)
    await act(organization.client, "deletePrincipal", home)
    hub = start_hub(**trust(trusted, jwt_organization_claim="org"))

    async with httpx.AsyncClient(base_url=hub.url, **PLAIN_HTTP) as client:
        sworn = await _place(GraphQL(client, trusted.token(subject, org=second.slug)))
        unsworn = await _refusal(GraphQL(client, trusted.token(subject)))

    assert (sworn, unsworn) == (second.slug, CLAIMED)


async def test_a_subject_is_entered_in_one_organization_at_a_time(
    hub, organization, new_organization, database, subject
) -> None:
    second = await new_organization()
    facts = {"kind": "USER", "username": "ada", "display_name": "Ada", "name_key": "ada"}
    first = Principal(organization_id=organization.id, subject=subject, **facts)
    caller = Caller(hub=hub.app.state.hub, source=Source.GRAPHQL, organization_id=organization.id)

    async with database.write() as session:
        work = Work(caller, lambda: session)
        await enter_subject(work, first)
        work.add(first)
        await work.flush()
        later = asyncio.create_task(_claim(second, subject))
        await asyncio.wait([later], timeout=0.3)
    await later

    async with database.read() as session:
        rows = await _principals(session, col(Principal.subject) == subject)
    assert {row.organization_id: row.subject_claimed for row in rows} == {organization.id: False, second.id: True}


async def test_no_administrator_sees_that_another_organization_has_the_subject(
    organization, new_organization, subject
) -> None:
    await _claim(organization, subject)
    second = await new_organization()
    await _claim(second, subject)

    (first, *_), (claim, *_) = [await audit(one.client, "principal.created") for one in (organization, second)]

    assert [one["path"] for one in first["changes"]] == [one["path"] for one in claim["changes"]]


@both
async def test_a_migration_marks_all_but_the_first_and_the_operators(
    new_organization, organization, database, subject
) -> None:
    alone = f"{subject}|alone"
    first, second = await _claim(organization, subject), await _claim(await new_organization(), subject)
    only = await _claim(organization, alone, "eve")
    before = await _marked(database, subject, alone)
    await new_organization(subject=subject)
    after = await _marked(database, subject, alone)

    assert before == {row_id(first): False, row_id(second): True, row_id(only): False}
    assert [after[row_id(one)] for one in (first, second, only)] == [True, True, False]
    assert sorted(after.values()) == [False, False, True, True]


async def _marked(database, *subjects: str) -> dict[str, bool]:
    """The marks that the migration makes, by the id of the user."""
    mine = col(Principal.subject).in_(subjects)
    async with database.write() as session:
        await session.execute(update(Principal).where(mine).values(subject_claimed=False))
        await (await session.connection()).run_sync(_mark)
    async with database.read() as session:
        return {row.id: row.subject_claimed for row in await _principals(session, mine)}


async def _remove_founder(organization: Tenant) -> None:
    await organization.add_user("boss")
    boss = await organization.signed_in(Permission.ORGANIZATION_ADMIN, username="boss")
    assert "deletedId" in await act(boss, "deletePrincipal", organization.admin_id)


async def _refusal(client) -> dict[str, Any]:
    answer = await client.raw(VIEWER)
    return {"status": answer.status_code, **answer.json()["errors"][0]["extensions"]}


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


def _mark(connection: Connection) -> None:
    migration = importlib.import_module("models.migrations.versions.0015_claimed_subjects")
    with Operations.context(MigrationContext.configure(connection)):
        migration.mark_all_but_the_first()
