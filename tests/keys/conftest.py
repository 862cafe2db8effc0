"""Fixtures: a hub with a key file, and its database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from models.database import Database
from tests.conftest import CATALOGUE
from tests.harness.databases import opened
from tests.keys.operating import Operated

#: Of every process and command of these tests, which wait for nothing else.
QUICK: Final = '{"key_look": 0.1, "key_follow": 0.4}'


@pytest.fixture
async def operated(new_migrated_database, start_server, fork, tmp_path: Path) -> AsyncIterator[Operated]:
    """A hub of the test's own, with an organization and no process yet."""
    async with new_migrated_database() as url:
        settings: dict[str, object] = {"database_url": url, "catalogue": CATALOGUE, "pace": QUICK}
        hub = Operated(home=tmp_path / "home", start_server=start_server, fork=fork, settings=settings)
        await hub.found()
        yield hub


@pytest.fixture
async def beside(operated: Operated) -> AsyncIterator[Database]:
    """Its database, beside whatever runs."""
    async with opened(str(operated.settings["database_url"])) as database:
        yield database
