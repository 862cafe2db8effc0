"""Estates are lent as they were made, so that a test can count on what it finds."""

from __future__ import annotations

from sqlalchemy import select

from models.tables import metadata
from resolvers.integrations.change import UpdateIntegration
from resolvers.integrations.deletion import delete_integration
from resolvers.integrations.mutations import update_integration
from resolvers.people.mutations import delete_principal
from resolvers.people.token import CreateToken, create_token
from resolvers.uploads.set_icon import SetIntegrationIcon, set_integration_icon
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot

pytestmark = both


async def test_a_lent_estate_is_put_back_as_it_was(estates, database):
    async with estates.lent() as estate:
        before = await snapshot(database, estate.tenant.id)
        app = estate.integration.id
        await estate.run(create_token, CreateToken(name="New", permissions=[], principal_id=estate.member_id))
        await estate.run(update_integration, UpdateIntegration(id=app, name="New"))
        await estate.run(set_integration_icon, SetIntegrationIcon(integration_id=app, upload_id=None))
        await estate.run(delete_principal, estate.member_id)
        changed = changes(before, await snapshot(database, estate.tenant.id))

    async with estates.lent() as again:
        after = await snapshot(database, estate.tenant.id)

    assert again is estate
    assert {"+ audit_entry", "- asset", "- principal", "- share", "~ integration.name"} <= set(changed)
    assert after == before


async def test_an_estate_in_which_the_worker_has_work_is_not_lent_again(estates):
    async with estates.lent() as estate:
        await estate.run(delete_integration, estate.integration.id)

    async with estates.lent() as another:
        assert another is not estate


async def test_a_snapshot_has_all_values_as_the_database_stores_them(victim, database):
    found = await snapshot(database, victim.tenant.id)

    async with database.read() as session:
        for name, rows in found.items():
            table = metadata.tables[name]
            for row in rows.values():
                keys = [column == row[column.name] for column in table.primary_key]
                stored = (await session.execute(select(*table.c).where(*keys))).mappings().one()
                assert {column: stored[column] for column in row} == row
                assert stored.keys() - row.keys() <= {"last_used_at"}
    kinds = {type(value) for rows in found.values() for row in rows.values() for value in row.values()}
    assert {bytes, str, int, dict, list} <= kinds
