"""Over a session of a real server: no secret that came in stands in its files, its log, its errors or its answers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import make_url, text

from models.database import Database
from tests.harness.backends import both
from tests.harness.graphql import GraphQL
from tests.harness.matrix import mentioned
from tests.harness.server import PLAIN_HTTP
from tests.harness.walk import walk
from tests.keys.operating import Operated
from tests.keys.planting import PLANTS, Field, new_secret, spellings

_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type NOT IN ('integer', 'bigint', 'boolean')
"""
#: What a capability is broken with, so that a call ends in an exception that nobody foresaw, and its trace.
_BROKEN = "UPDATE capability SET input_schema = '{\"half', digest = 'other' WHERE name = 'GET'"


@both
async def test_no_planted_secret_is_found_anywhere(operated: Operated, beside: Database, upstream) -> None:
    server = await operated.serve(log_level="debug")
    answers: list[str] = []
    async with httpx.AsyncClient(base_url=server.url, timeout=60, **PLAIN_HTTP) as http:
        here = Field(http=http, client=GraphQL(http, operated.token), upstream=upstream.url)
        http.event_hooks["response"] = [lambda answer: _keep(answers, answer)]
        planted = {plant.__name__: new_secret() for plant in PLANTS}
        for plant in PLANTS:
            await plant(here, planted[plant.__name__])
        del http.event_hooks["response"][:]
        seen = await walk(here.client)
        await _fail(here, beside)

    places = {name: content async for name, content in _stored(beside)}
    places |= {"log": server.output.encode(), "audit": _shown(seen, "AuditEntry")}
    secrets = {**planted, "personal": operated.token.removeprefix("pb_"), **{form: form for form in here.forms}}
    told = {name: secret for name, secret in secrets.items() if secret not in _said(here)}
    assert len(planted) > 20
    assert b"Traceback" in places["log"]
    assert b"Planted" in b"".join(places.values())
    assert _found(secrets, places) == []
    assert _found(told, {"answers": "\n".join(answers).encode(), "graph": _shown(seen)}) == []


def _said(here: Field) -> set[str]:
    return {*here.shown, *(one.removeprefix("pb_") for one in here.shown)}


def _found(secrets: dict[str, str], places: dict[str, bytes]) -> list[str]:
    return [
        f"{name} in {place}"
        for place, content in places.items()
        for name, secret in secrets.items()
        if any(form in content for form in spellings(secret))
    ]


async def _keep(answers: list[str], answer: httpx.Response) -> None:
    await answer.aread()
    answers.append(answer.text)


async def _fail(here: Field, database: Database) -> None:
    """A call with a credential that ends in an exception that nobody foresaw."""
    shop = await here.app(auth={"type": "BEARER"}, secret={"bearerToken": new_secret()})
    async with database.write() as session:
        await session.execute(text(_BROKEN))
    document = "mutation($input: DispatchInput!) { dispatch(input: $input) { __typename } }"
    named = {"capability": {"named": {"handler": shop.handler, "name": "GET"}}}
    answer = (await here.client.raw(document, input=named)).json()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INTERNAL_SERVER_ERROR"]


def _shown(seen: dict[str, dict[str, Any]], kind: str | None = None) -> bytes:
    nodes: Iterable[dict[str, Any]] = (node for node in seen.values() if kind in (None, node["__typename"]))
    return "\n".join(sorted(mentioned(list(nodes)))).encode()


async def _stored(database: Database):
    """SQLite's files, the write-ahead log included; PostgreSQL's columns, bytes as hex."""
    if database.is_sqlite:
        file = Path(str(make_url(database.url).database))
        files = {one.name: one.read_bytes() for one in file.parent.glob(f"{file.name}*")}
        assert files[f"{file.name}-wal"], "the server runs, so what it wrote last is in the log"
        for name, content in files.items():
            yield name, content
        return
    async with database.read() as session:
        for table, column in (await session.execute(text(_COLUMNS))).all():
            values = await session.execute(text(f'SELECT "{column}"::text FROM "{table}"'))
            yield f"{table}.{column}", "\n".join(str(value) for value in values.scalars()).encode()
