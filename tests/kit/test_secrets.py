"""Secrets go in and never come out: not over the graph, not in the record, the log or the database's files."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from tests.harness.backends import both
from tests.harness.matrix import mentioned
from tests.harness.rows import snapshot
from tests.harness.walk import walk
from tests.kit.planting import plant_everywhere

_PIECE = 8
_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type NOT IN ('integer', 'bigint', 'boolean')
"""


def leaks(secrets: list[str], places: dict[str, bytes]) -> list[str]:
    """Each place with the beginning or end of a secret, as it is or as hex, and the bytes around it."""
    pieces = {piece for secret in secrets for piece in (secret[:_PIECE], secret[-_PIECE:]) if piece[:3] != "pb_"}
    forms = {form for piece in pieces for form in (piece.encode(), piece.encode().hex().encode())}
    found = ((place, content, content.find(form)) for place, content in places.items() for form in sorted(forms))
    return [f"{place}: {content[max(at - 48, 0) : at + 64]!r}" for place, content, at in found if at >= 0]


@pytest.fixture(scope="module")
async def estate(build_estate):
    return await build_estate()


@pytest.fixture(scope="module")
def log():
    """Every line that is logged, from before the secrets are planted."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture(scope="module")
async def planted(estate, log):
    return await plant_everywhere(estate)


async def test_more_than_20_secrets_are_planted(planted):
    assert len(set(planted.secrets)) == len(planted.secrets) > 20


async def test_the_graph_shows_no_secret(planted, estate):
    seen = await walk(estate.tenant.client)

    own = [secret for secret in planted.secrets if secret not in planted.configured]
    shown = {node_id: "\n".join(sorted(mentioned(node))).encode() for node_id, node in seen.items()}
    assert leaks(own, shown | {"answers": str(planted.answers).encode()}) == []
    assert len([node for node in shown.values() if planted.configured[0].encode() in node]) == 1


async def test_a_hint_holds_at_most_four_characters(planted, estate):
    seen = await walk(estate.tenant.client)
    kept = [node["details"] for node in seen.values() if node["__typename"] == "ConnectedAccount"]
    headers = [node["auth"]["headers"] for node in seen.values() if node.get("auth")]

    hints = [value for details in kept for name, value in details.items() if name not in ("username", "origin")]
    literal = [one["value"] for pairs in headers for one in pairs if one["name"] == "X-Literal"]

    assert len(hints) > 8
    assert len(literal) == 1
    assert {len(hint.replace("…", "")) for hint in [*hints, *literal]} <= {0, 4}


async def test_the_record_and_the_log_hold_no_secret(planted, estate, database, log):
    rows = (await snapshot(database, estate.tenant.id))["audit_entry"].values()
    places = {"audit": "\n".join(sorted(mentioned(list(rows)))).encode(), "log": log.getvalue().encode()}

    assert len(rows) > 20
    assert b"***" in places["audit"]
    assert b'"POST /graphql' in places["log"]
    assert leaks(planted.secrets, places) == []


@both
async def test_the_database_holds_no_secret(planted, database):
    places = await _stored(database)

    assert any(b"Planted" in content for content in places.values())
    assert leaks(planted.secrets, places) == []


async def _stored(database) -> dict[str, bytes]:
    """Everything that the database keeps: SQLite's files, write-ahead log included; PostgreSQL's columns."""
    if database.is_sqlite:
        file = Path(str(make_url(database.url).database))
        return {one.name: one.read_bytes() for one in file.parent.glob(f"{file.name}*")}
    places = {}
    async with database.read() as session:
        for table, column in (await session.execute(text(_COLUMNS))).all():
            values = await session.execute(text(f'SELECT "{column}"::text FROM "{table}"'))
            places[f"{table}.{column}"] = "\n".join(str(value) for value in values.scalars()).encode()
    return places
