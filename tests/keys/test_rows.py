"""Envelopes are replaced where they are still what was read, and a row that is being changed is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, text

from models.database import Database
from models.row import SECRET, Changeable, Owned, new_id, secret_field
from models.secret import Keyring
from models.tables import Organization, metadata
from resolvers.rotation import rows as batches
from resolvers.rotation.columns import SecretColumn, secret_columns
from resolvers.rotation.rows import Replacement, secret_rows
from tests.harness.backends import both, on_postgresql
from tests.harness.databases import opened
from tests.keys.sealed import connection_place, envelopes, organization_of, seal_connections

pytestmark = both

SECRET_OF_CONNECTION = SecretColumn(table="connection", key="id", column="secret")
RING = Keyring({1: b"1" * 32})


@pytest.fixture
async def sealed(new_migrated_database) -> AsyncIterator[Database]:
    """A database with connections whose secrets key 1 has sealed."""
    async with new_migrated_database() as url, opened(url) as database:
        async with database.write() as session:
            session.add(Organization(name="Acme", slug="acme"))
        await seal_connections(database, RING, 3)
        yield database


async def test_a_newer_secret_is_not_overwritten(sealed: Database) -> None:
    async with secret_rows(sealed) as rows:
        (batch,) = [found async for found in rows.walk(SECRET_OF_CONNECTION, below=2)]
        meanwhile = await _change(sealed, batch[0].row_id)

        changed = await rows.replace(SECRET_OF_CONNECTION, _replacements(batch))

    found = {place.row_id: envelope for place, envelope in (await envelopes(sealed)).items()}
    assert changed == 2
    assert found == {batch[0].row_id: meanwhile, batch[1].row_id: b"new", batch[2].row_id: b"new"}


@on_postgresql
async def test_waits_for_nobody_who_changes_a_row(sealed: Database) -> None:
    async with secret_rows(sealed) as rows:
        (batch,) = [found async for found in rows.walk(SECRET_OF_CONNECTION, below=2)]
        async with sealed.write() as session:
            await session.execute(text("SELECT 1 FROM connection WHERE id = :id FOR UPDATE"), {"id": batch[1].row_id})

            async with asyncio.timeout(5):
                changed = await rows.replace(SECRET_OF_CONNECTION, _replacements(batch))

    assert changed == 2
    assert (await envelopes(sealed))[_place(batch[1])] == batch[1].sealed


async def test_walks_in_batches_that_fit_into_memory(sealed: Database) -> None:
    organization_id = await organization_of(sealed)
    large = {}
    async with sealed.read() as session:
        ids = [row[0] for row in await session.execute(text("SELECT id FROM connection ORDER BY id"))]
    async with sealed.write() as session:
        for row_id in ids:
            large[row_id] = RING.seal(b"x" * 3_000_000, connection_place(organization_id, row_id))
            await session.execute(
                text("UPDATE connection SET secret = :secret WHERE id = :id"), {"secret": large[row_id], "id": row_id}
            )

    async with secret_rows(sealed) as rows:
        walked = [found async for found in rows.walk(SECRET_OF_CONNECTION, below=2)]

    assert [len(batch) for batch in walked] == [1, 1, 1]
    assert {one.row_id: one.sealed for batch in walked for one in batch} == large


async def test_walks_more_than_one_batch(sealed: Database) -> None:
    await seal_connections(sealed, RING, batches.BATCH)

    async with secret_rows(sealed) as rows:
        walked = [found async for found in rows.walk(SECRET_OF_CONNECTION, below=2)]
        none = [found async for found in rows.walk(SECRET_OF_CONNECTION, below=1)]
        counts = await rows.count(SECRET_OF_CONNECTION)

    assert [len(batch) for batch in walked] == [batches.BATCH, 3]
    assert len({one.row_id for batch in walked for one in batch}) == batches.BATCH + 3
    assert none == []
    assert counts == {1: batches.BATCH + 3}


def test_a_table_that_joins_is_not_forgotten() -> None:
    before, planted = secret_columns(metadata), MetaData()
    for table in metadata.tables.values():
        table.to_metadata(planted)

    class Vault(Changeable, Owned):
        """A table of tomorrow."""

        door: bytes = secret_field()

    marked = Column("door", LargeBinary, info=Vault.model_fields["door"].sa_column_kwargs["info"])
    Table("vault", planted, Column("id", String, primary_key=True), Column("organization_id", String), marked)

    found = set(secret_columns(planted)) - set(before)

    assert found == {SecretColumn(table="vault", key="id", column="door")}


@pytest.mark.parametrize(
    "columns",
    [
        [Column("id", String, primary_key=True)],
        [Column("a", String, primary_key=True), Column("b", String, primary_key=True), Column("organization_id")],
    ],
    ids=["nobody's", "no id"],
)
def test_refuses_a_table_whose_rows_no_envelope_can_be_bound_to(columns: list[Column[str]]) -> None:
    planted = MetaData()
    Table("vault", planted, *columns, Column("door", LargeBinary, info={SECRET: True}))

    with pytest.raises(TypeError, match="vault has secrets"):
        secret_columns(planted)


def _replacements(batch) -> list[Replacement]:
    return [Replacement(row_id=one.row_id, old=one.sealed, new=b"new") for one in batch]


def _place(envelope):
    return SECRET_OF_CONNECTION.place(envelope.row_id, envelope.organization_id)


async def _change(database: Database, row_id: str) -> bytes:
    newer = RING.seal(new_id().encode(), connection_place(await organization_of(database), row_id))
    async with database.write() as session:
        await session.execute(
            text("UPDATE connection SET secret = :secret WHERE id = :id"), {"secret": newer, "id": row_id}
        )
    return newer
