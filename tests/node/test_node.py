"""What Node's own tools say: the audits of GraphQL over HTTP, and Relay's compiler on the printed schema."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.door.server import Door, serve
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.node.tools import HERE, audit, compile_for_relay, install

#: By folder of screens: the printed schema that they are written for.
SCHEMAS = {"toy": HERE / "toy.graphql", "hub": HERE.parents[1] / "schema" / "schema.graphql"}

pytestmark = [pytest.mark.needs("node"), pytest.mark.long]


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    install()


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    yield from serve("httptools")


def test_passes_every_audit_of_graphql_over_http(door: Door) -> None:
    results = audit(door.url)

    assert [each for each in results if each["status"] != "ok"] == []
    assert Counter(each["status"] for each in results) == {"ok": 61}


async def test_the_hub_passes_every_audit_too(hub: RunningHub, organization: Tenant) -> None:
    results = await asyncio.to_thread(audit, f"{hub.url}/graphql", organization.token)

    assert [each for each in results if each["status"] != "ok"] == []
    assert Counter(each["status"] for each in results) == {"ok": 61}


async def test_the_audits_see_who_is_not_let_in(hub: RunningHub) -> None:
    results = await asyncio.to_thread(audit, f"{hub.url}/graphql")

    assert Counter(each["status"] for each in results)["ok"] < 61


@pytest.mark.parametrize("screens", SCHEMAS)
def test_relay_compiles_the_screens(screens: str, tmp_path: Path) -> None:
    done = compile_for_relay(SCHEMAS[screens].read_text(), HERE / screens, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert list((tmp_path / "artifacts").glob("*.graphql.js"))


def test_relay_refuses_a_screen_that_the_schema_does_not_answer(tmp_path: Path) -> None:
    sdl = SCHEMAS["toy"].read_text().replace("name: String!", "title: String!")

    done = compile_for_relay(sdl, HERE / "toy", tmp_path)

    assert done.returncode != 0
    assert "The type `Thing` has no field `name`" in done.stderr
