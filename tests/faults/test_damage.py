"""A database with wrong bytes in it: no call is an internal error, and the operator is told."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from models.database import Database
from models.errors import Unavailable
from models.reach import reaching
from models.secret import Keyring
from models.writer import SqliteWriter
from resolvers.authenticate import new_token_text
from server import create_app
from settings import Settings
from tests.conftest import CATALOGUE
from tests.faults.conftest import PATIENCE
from tests.harness.backends import on_sqlite
from tests.harness.server import PLAIN_HTTP, served

SENTENCE = "The database is damaged; the hub's operator must restore a backup and start the hub again."
FACES = [
    ("GET", "/informer/api/integrations-list"),
    ("GET", "/donutwork/2026-02-01/integrations/LOST.json"),
    ("GET", f"/connect/{'a' * 43}"),
    ("GET", f"/oauth2/callback?code=c&state={'a' * 43}"),
    ("PUT", f"/uploads/{'0' * 24}"),
]


def damage(database: Database, *, since: int) -> None:
    """Overwrite the file from this page on, as a failing disk does."""
    path = database.url.database or ""
    with sqlite3.connect(path) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    with Path(path).open("r+b") as file:
        length = file.seek(0, 2)
        file.seek(since * size)
        file.write(b"\xa5" * (length - since * size))


@on_sqlite
@pytest.mark.parametrize(("since", "name"), [(0, "SQLITE_NOTADB"), (1, "SQLITE_CORRUPT")])
async def test_every_way_to_a_damaged_file_is_unavailable(empty_database, caplog, since, name):
    async with empty_database.write() as session:
        await session.execute(text("CREATE TABLE filled (bytes)"))
        await session.execute(text("INSERT INTO filled VALUES (zeroblob(1000000))"))
    await empty_database.engine.dispose()
    damage(empty_database, since=since)
    writer, found = SqliteWriter(empty_database, "writer"), []

    for _ in range(2):
        with pytest.raises(Unavailable) as read:
            async with empty_database.read() as session:
                await session.execute(text("SELECT count(bytes) FROM filled"))
        with pytest.raises(Unavailable) as written:
            async with empty_database.write() as session:
                await session.execute(text("DELETE FROM filled"))
        with pytest.raises(Unavailable) as fetched:
            await empty_database.reader.fetch("SELECT count(bytes) FROM filled", [])
        with pytest.raises(Unavailable) as recorded:
            await writer.write(lambda connection: connection.execute("DELETE FROM filled"))
        found += [read.value, written.value, fetched.value, recorded.value]
    await writer.close()

    assert {one.message for one in found} == {SENTENCE}
    assert name in str({getattr(one.__cause__, "orig", one.__cause__).sqlite_errorname for one in found})
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert len(told) == 1
    assert "is damaged: " in told[0]
    assert empty_database.damaged is True


@pytest.mark.parametrize("error", [asyncpg.DataCorruptedError("bad page"), asyncpg.IndexCorruptedError("bad index")])
def test_damage_that_postgresql_finds_is_unavailable(error):
    with pytest.raises(Unavailable, match="is damaged"), reaching():
        raise error


@on_sqlite
async def test_a_hub_over_a_damaged_file_is_not_ready_and_says_so(new_migrated_database, tmp_path):
    given = {"home": tmp_path, "master_keys": Keyring.generate(), "catalogue": CATALOGUE, "worker": False}
    async with new_migrated_database() as url:
        with served(create_app(Settings(database_url=url, **given))) as hub:
            async with httpx.AsyncClient(base_url=hub.url, timeout=PATIENCE, **PLAIN_HTTP) as http:
                before = (await http.get("/readyz")).status_code
                damage(hub.app.state.hub.database, since=1)
                token = {"Authorization": f"Bearer {new_token_text()}"}

                query = {"query": "{ viewer { __typename } }"}
                faces = [await http.request(*face, headers=token) for face in FACES]
                asked = await http.post("/graphql", json=query, headers=token)
                ready = await http.get("/readyz")

    assert before == 200
    assert [answer.status_code for answer in (asked, *faces)] == [503] * 6
    assert SENTENCE in asked.text
    assert (ready.status_code, ready.json()) == (503, {"status": "the database is damaged"})
