"""Straight reads give what the ORM gives, of every type of column."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import bindparam, inspect, select

from models.row import new_id
from models.straight import StraightSelect, columns_of
from models.tables import Definition, Integration, Organization, Principal
from models.vocabulary import AuthType, IntegrationAccess, PrincipalKind
from tests.harness.backends import both

pytestmark = both

ROOT = Path(__file__).parents[2]
FIRST = """
from sqlalchemy.dialects import sqlite
from models.straight import StraightSelect, columns_of
from models.tables import TeamMember
straight = StraightSelect(columns_of(TeamMember), TeamMember, dialect=sqlite.dialect())
print(straight.rows([["o", "t", "u", 5]])[0][0].user_id)
"""


@pytest.fixture
async def integration(database):
    organization = Organization(name="Straight", slug=new_id(), name_key="straight")
    facts = {"organization_id": organization.id, "name": "É", "name_key": "é"}
    owner = Principal(kind=PrincipalKind.USER, username="ada", display_name="Ada", permissions=["A", "B"], **facts)
    row = Integration(
        **{**facts, "handler": "É", "slug": "e", "search_text": "é", "vendor": "custom", "owner_id": owner.id},
        access=IntegrationAccess.RESTRICTED,
        auth_type=AuthType.BASIC,
        headers=b"\x00sealed",
        parameters={"b": [1, None], "a": {"é": 1.5}},
    )
    async with database.write() as session:
        session.add(organization)
        await session.flush()
        session.add(owner)
        await session.flush()
        session.add(row)
    return row


async def read(database, statement, *entities, **values):
    straight = StraightSelect(statement, *entities, dialect=database.engine.dialect)
    return straight.rows(await database.reader.fetch(straight.sql, straight.parameters(values)))


async def test_reads_every_column_as_the_orm_does(database, integration):
    by_id = columns_of(Integration, Principal, Definition).select_from(Integration)
    joined = by_id.join(Principal, Principal.id == Integration.owner_id).outerjoin(
        Definition, Definition.id == Integration.definition_id
    )
    statement = joined.where(Integration.id == bindparam("id"), Integration.access == IntegrationAccess.RESTRICTED)

    ((found, owner, definition),) = await read(
        database, statement, Integration, Principal, Definition, id=integration.id
    )

    async with database.read() as session:
        expected = (await session.execute(select(Integration).where(Integration.id == integration.id))).scalar_one()
    names = [column.key for column in inspect(Integration).column_attrs]
    assert {name: getattr(found, name) for name in names} == {name: getattr(expected, name) for name in names}
    assert (found.headers, found.access, found.auth_type) == (
        b"\x00sealed",
        IntegrationAccess.RESTRICTED,
        AuthType.BASIC,
    )
    assert (owner.id, owner.kind, owner.permissions) == (integration.owner_id, PrincipalKind.USER, ["A", "B"])
    assert definition is None


async def test_reads_what_was_changed_a_moment_ago(database, integration):
    statement = columns_of(Integration).where(Integration.id == bindparam("id"))
    before = await read(database, statement, Integration, id=integration.id)

    async with database.write() as session:
        row = await session.get(Integration, integration.id)
        row.description = "changed"
    after = await read(database, statement, Integration, id=integration.id)

    assert [rows[0][0].description for rows in (before, after)] == ["", "changed"]


def test_reads_before_the_orm_has_read_anything():
    done = subprocess.run([sys.executable, "-c", FIRST], cwd=ROOT, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("u\n", "")
