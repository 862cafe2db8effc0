"""`keys rotate` as an operator runs it: everything is sealed anew, nothing else changes, old keys can go."""

from __future__ import annotations

import stat

from sqlalchemy import LargeBinary, Table, select, text

from models.database import Database
from models.tables import AuditEntry, metadata
from resolvers.rotation.columns import secret_columns
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.keys.operating import Operated
from tests.keys.sealed import (
    envelopes,
    organization_of,
    readable,
    seal_connections,
    seal_everywhere,
    versions,
)

#: Bytes that are no secrets.
OPEN = {"asset_piece.content"}


def test_every_column_of_bytes_is_marked_as_secret_or_known_to_be_none():
    found = {
        str(column)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }

    assert found == {str(column) for column in secret_columns(metadata)} | OPEN


@both
async def test_seals_every_column_anew_and_changes_nothing_else(operated: Operated, beside: Database) -> None:
    plain = await seal_everywhere(beside, operated.keyring)
    organization_id = await organization_of(beside)
    before = await snapshot(beside, organization_id)

    said = await operated.must("keys", "rotate")

    after = await envelopes(beside)
    newest = operated.keyring
    assert f"Re-sealed {len(plain)} secrets with master key 2" in said
    assert {str(one) for one in secret_columns(metadata)} == {f"{one.table}.{one.column}" for one in plain}
    assert {place: newest.open(sealed, place) for place, sealed in after.items()} == plain
    assert await versions(beside) == {2: len(plain)}
    columns = sorted(f"~ {place.table}.{place.column}" for place in plain)
    assert changes(before, await snapshot(beside, organization_id)) == columns


async def test_names_what_does_not_open_and_goes_on(operated: Operated, beside: Database) -> None:
    await seal_connections(beside, operated.keyring, 20)
    (place, sealed), *_ = sorted((await envelopes(beside)).items(), key=lambda one: one[0].row_id)
    broken = sealed[:-1] + bytes([sealed[-1] ^ 1])
    await _put(beside, place.row_id, broken)

    done = await operated.run("keys", "rotate")

    assert done.code == 1
    assert f"The secret of connection {place.row_id}, organization {place.organization_id}," in done.err
    assert done.err.count("cannot be opened") == 1
    assert (await envelopes(beside))[place] == broken, "it is left as it was"
    assert await versions(beside) == {1: 1, 2: 19}
    async with beside.read() as session:
        (entry,) = (await session.execute(select(AuditEntry))).scalars().all()[-1:]
    assert (entry.action, entry.resource_type, entry.resource_id) == (
        "secret.unreadable",
        "Connection",
        place.row_id,
    )
    assert (entry.organization_id, entry.actor_name) == (place.organization_id, "operator")
    assert [change["path"] for change in entry.changes] == ["secret"]


async def test_finds_what_does_not_open_under_the_newest_key_too(operated: Operated, beside: Database) -> None:
    await operated.must("keys", "add")
    await seal_connections(beside, operated.keyring, 3)
    (place, sealed), *_ = (await envelopes(beside)).items()
    await _put(beside, place.row_id, sealed[:-1] + bytes([sealed[-1] ^ 1]))

    done = [await operated.run("keys", "rotate") for _ in range(2)]

    assert [(one.code, one.err.count(place.row_id)) for one in done] == [(1, 1), (1, 1)]
    assert "Re-sealed 0 secrets with master key 2" in done[1].out, "a rotation with faults is not over"


async def test_removes_a_key_once_nothing_needs_it(operated: Operated, beside: Database) -> None:
    await seal_connections(beside, operated.keyring, 7)
    first = operated.key_file.read_text()
    await operated.must("keys", "add")

    too_early = await operated.run("keys", "remove", "1")
    await operated.must("keys", "rotate")
    sealing = await operated.run("keys", "remove", "2")
    unknown = await operated.run("keys", "remove", "9")
    before = operated.key_file.read_text()
    removed = await operated.must("keys", "remove", "1")

    assert too_early.err == "Master key 1 still seals 7 of connection.secret; run `keys rotate` first.\n"
    assert sealing.err == "Master key 2 still seals 7 of connection.secret; run `keys rotate` first.\n"
    assert unknown.err == "There is no such master key.\n"
    assert [too_early.code, sealing.code, unknown.code] == [1, 1, 1]
    assert before.startswith(first)
    assert operated.key_file.read_text() == before.removeprefix(first)
    assert "is out of" in removed
    assert await readable(beside, operated.keyring) == 7
    assert (await operated.serve()).running, "a removed key is not missed"


async def test_does_not_remove_the_key_that_seals(operated: Operated) -> None:
    await operated.must("keys", "rotate")

    done = await operated.run("keys", "remove", "2")

    sentence = "Master key 2 cannot be removed before a newer one seals; run `keys rotate` first.\n"
    assert (done.code, done.err) == (1, sentence)
    assert operated.keyring.versions == (1, 2)


async def test_lists_keys_and_what_each_has_sealed(operated: Operated, beside: Database) -> None:
    await seal_connections(beside, operated.keyring, 1234)
    ring = operated.keyring

    await operated.must("keys", "add")
    before = (await operated.must("keys", "list")).splitlines()
    await operated.must("keys", "rotate")
    after = (await operated.must("keys", "list")).splitlines()

    marks = [operated.keyring.fingerprint(version)[:8] for version in (1, 2)]
    assert marks[0] == ring.fingerprint(1)[:8]
    assert before == [f"1 {marks[0]} seals: connection.secret 1,234", f"2 {marks[1]} seals nothing yet: no secret"]
    assert after == [f"1 {marks[0]} opens: no secret", f"2 {marks[1]} seals: connection.secret 1,234"]


async def test_a_key_file_stays_closed_and_keeps_its_lines(operated: Operated) -> None:
    first = operated.key_file.read_text()
    operated.key_file.write_text(f"# the first\n{first.rstrip()}")

    await operated.must("keys", "rotate")

    lines = operated.key_file.read_text().splitlines()
    assert lines[:2] == ["# the first", first.rstrip()]
    assert [line.partition(":")[0] for line in lines[1:]] == ["1", "2"]
    assert stat.S_IMODE(operated.key_file.stat().st_mode) == 0o600
    assert [one.name for one in operated.home.iterdir() if "master" in one.name] == ["master.key"]


async def _put(database: Database, row_id: str, sealed: bytes) -> None:
    connection: Table = metadata.tables["connection"]
    async with database.write() as session:
        await session.execute(
            text(f"UPDATE {connection.name} SET secret = :sealed WHERE id = :id"), {"sealed": sealed, "id": row_id}
        )
