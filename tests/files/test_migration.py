"""The migration that gives integrations an icon keeps what was there: on SQLite the table is made anew."""

from sqlalchemy import text

from models.migrations import upgrade
from tests.harness.backends import both

ROWS = (
    "INSERT INTO organization (id, created_at, updated_at, name, slug, custom_fields, return_urls, limits,"
    " audit_sequence, audit_hash) VALUES ('{o}', 0, 0, 'O', 'o', '{{}}', '[]', '{{}}', 0, '')",
    "INSERT INTO integration (id, organization_id, created_at, updated_at, handler, slug, name, name_key,"
    " search_text, description, readme, vendor, category, mode, access, state, state_changed_at, version,"
    " auth_type, scopes, token_endpoint_auth, api_key_location, header_hints, parameters)"
    " VALUES ('{i}', '{o}', 0, 0, 'A', 'a', 'A', 'a', 'a', '', '', 'custom', 'other', 'SHARED', 'ORGANIZATION',"
    " 'LIVE', 0, 1, 'NONE', '[]', 'BASIC', 'HEADER', '[]', '{{}}')",
    "INSERT INTO event_type (id, organization_id, created_at, updated_at, integration_id, name, suffix, description)"
    " VALUES ('{e}', '{o}', 0, 0, '{i}', 'A.B', 'B', '')",
)
IDS = {"o": "0" * 24, "i": "1" * 24, "e": "2" * 24}


@both
async def test_an_integration_and_its_children_outlive_the_migration(empty_database):
    await upgrade(empty_database, "0001")
    async with empty_database.write() as session:
        for row in ROWS:
            await session.execute(text(row.format(**IDS)))

    await upgrade(empty_database)

    async with empty_database.read() as session:
        apps = (await session.execute(text("SELECT id, handler, icon_asset_id FROM integration"))).all()
        events = (await session.execute(text("SELECT id, integration_id FROM event_type"))).all()
    assert [tuple(row) for row in apps] == [(IDS["i"], "A", None)]
    assert [tuple(row) for row in events] == [(IDS["e"], IDS["i"])]


@both
async def test_the_bytes_of_an_asset_outlive_the_migration_to_pieces(empty_database):
    await upgrade(empty_database, "0032")
    columns = "id, created_at, organization_id, purpose, size, content"
    asset = f"INSERT INTO asset ({columns}) VALUES (:id, 0, :o, 'ICON', 3, :raw)"
    organization = {"o": IDS["o"]}
    async with empty_database.write() as session:
        await session.execute(text(ROWS[0].format(**IDS)))
        await session.execute(text(asset), {"id": "3" * 24, "raw": b"abc", **organization})
        await session.execute(text(asset), {"id": "4" * 24, "raw": None, **organization})

    await upgrade(empty_database)

    async with empty_database.read() as session:
        pieces = (await session.execute(text("SELECT asset_id, position, content FROM asset_piece"))).all()
        assets = (await session.execute(text("SELECT count(*) FROM asset"))).scalar_one()
    assert [tuple(row) for row in pieces] == [("3" * 24, 0, b"abc")]
    assert assets == 2
