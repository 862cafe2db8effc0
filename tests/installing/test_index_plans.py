"""Lists of published apps and look-ups by external ids are served by an index, on both databases."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
from sqlalchemy import event, text

from models.database import Database
from models.vocabulary import PlaceKind
from resolvers.find import IntegrationRef
from resolvers.installations.app_queries import (
    AppInstallations,
    AppPlaces,
    list_app_installations,
    list_app_places,
)
from resolvers.installations.queries import InstallationFilter, list_installations
from resolvers.page import SliceRequest
from resolvers.publishing.queries import PublicationFilter, list_published
from tests.harness.backends import both

pytestmark = both
_GIVEN = "ix_external_id_integration_id_value_installation_id"


@pytest.mark.parametrize(
    ("index", "table", "filter"),
    [
        ("ix_publication_visibility_name_key_id", "publication", {}),
        ("ix_publication_facet_kind_value_publication_id", "publication_facet", {"category": "content"}),
        ("ix_publication_facet_kind_value_publication_id", "publication_facet", {"scope": "space:content:read"}),
    ],
)
async def test_public_apps_are_listed_along_an_index(market, database, index, table, filter) -> None:
    caller = market.caller(market.installer)

    lines = await _plans(database, market, list_published(caller, PublicationFilter(**filter), SliceRequest()))

    _assert_served(lines, index, table)


@pytest.mark.parametrize("by", ["app", "app's places", "installer"])
async def test_an_external_id_is_found_along_an_index(market, database, by) -> None:
    app, publisher, installer = _ref(market), market.caller(market.publisher), market.caller(market.installer)
    installed = await market.install()
    await market.update(market.installer.client, installed["id"], externalIds=["T1"])
    wanted = AppPlaces(app=app, kind=PlaceKind.SPACE, external_id="T1")
    calls = {
        "app": lambda: list_app_installations(publisher, AppInstallations(app=app, external_id="T1"), SliceRequest()),
        "app's places": lambda: list_app_places(publisher, wanted, SliceRequest()),
        "installer": lambda: list_installations(installer, InstallationFilter(external_id="T1"), SliceRequest()),
    }

    lines = await _plans(database, market, calls[by]())

    _assert_served(lines, "ix_external_id_" if by == "installer" else _GIVEN, "external_id")


def _ref(market) -> IntegrationRef:
    return IntegrationRef(published_name=market.publication.name)


def _assert_served(lines: list[str], index: str, table: str) -> None:
    assert any(index in line for line in lines), lines
    assert not any(line.split("(")[0].strip(" '\"").endswith(f"SCAN {table}") for line in lines), lines
    assert not any(f"Seq Scan on {table} " in line for line in lines), lines


async def _plans(database: Database, market, call: Awaitable[Any]) -> list[str]:
    """The plans of all SELECTs of a call, where the planner takes an index if there is one."""
    engine = market.hub.app.state.hub.database.engine.sync_engine
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        await market.hub.run(call)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    explain, lines = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN", list[str]()
    async with database.read() as session:
        if not database.is_sqlite:
            for way in ("seqscan", "bitmapscan"):
                await session.execute(text(f"SET LOCAL enable_{way} = off"))
        connection = await session.connection()
        for statement, parameters in sent:
            plan = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
            lines += [str(line) for line in plan.all()]
    return lines
