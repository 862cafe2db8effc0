"""An envelope with nothing in it is found like any other that no key opens."""

from __future__ import annotations

from models.tables import Connection
from models.vocabulary import AuthType, ConnectionMode
from resolvers.rotation.columns import SecretColumn
from resolvers.rotation.rows import secret_rows
from tests.harness.backends import both

SECRET_OF_CONNECTION = SecretColumn(table="connection", key="id", column="secret")


@both
async def test_counts_and_walks_an_empty_envelope(organization, database):
    kind = {"mode": ConnectionMode.SHARED, "auth_type": AuthType.BEARER}
    empty = Connection(organization_id=organization.id, name="Empty", name_key="empty", secret=b"", **kind)
    async with database.write() as session:
        session.add(empty)

    async with secret_rows(database) as rows:
        counts = await rows.count(SECRET_OF_CONNECTION)
        walked = [envelope async for batch in rows.walk(SECRET_OF_CONNECTION, below=1) for envelope in batch]

    assert counts[0] >= 1
    assert b"" in [envelope.sealed for envelope in walked if envelope.row_id == empty.id]
